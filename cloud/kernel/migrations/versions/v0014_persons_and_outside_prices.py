"""Who uses a key, and the newest price of each market that a service fed in."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("person", sa.String(80)))
    op.create_table(
        "outside_price",
        sa.Column("market", sa.String(40), nullable=False),
        sa.Column("eur_mwh", sa.Float, nullable=False),
        sa.Column("mwh", sa.Float, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("market", name="pk_outside_price"),
    )


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
