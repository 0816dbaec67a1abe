"""What a key may at most be used for, until when, what it stands in for, and its last use."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("scopes", sa.String(200)))
    op.add_column("api_key", sa.Column("expires_us", sa.BigInteger))
    op.add_column("api_key", sa.Column("replaces", sa.String(12)))
    op.add_column("api_key", sa.Column("used_us", sa.BigInteger))


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
