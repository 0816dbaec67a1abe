"""Auctions: their sessions with what came of them, and what members ordered."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auction_session",
        sa.Column("auction", sa.String(40), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("result", sa.String, nullable=False),
        sa.Column("published_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("auction", "day", name="pk_auction_session"),
    )
    op.create_table(
        "auction_submission",
        sa.Column("auction", sa.String(40), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("content", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("auction", "day", "account", "site", name="pk_auction_submission"),
    )


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
