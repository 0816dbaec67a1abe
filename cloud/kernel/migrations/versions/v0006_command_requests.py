"""What was answered to requests for commands, under the ids of their senders."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "command_request",
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key_id", "id", name="pk_command_request"),
    )
    op.create_index("ix_command_request_at_us", "command_request", ["at_us"])


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
