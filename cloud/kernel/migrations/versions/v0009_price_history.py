"""A minute of each market: mark, EMA and VWAP at its end, prices and sums of its trades."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_minute",
        sa.Column("market", sa.String(40), nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("mark", sa.BigInteger),
        sa.Column("ema", sa.BigInteger),
        sa.Column("vwap", sa.BigInteger),
        sa.Column("open_ticks", sa.BigInteger),
        sa.Column("high_ticks", sa.BigInteger),
        sa.Column("low_ticks", sa.BigInteger),
        sa.Column("close_ticks", sa.BigInteger),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("volume_wh", sa.BigInteger, nullable=False),
        sa.Column("trades", sa.Integer, nullable=False),
        sa.Column("amended", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("market", "start_us", name="pk_price_minute"),
    )
    op.create_index("ix_price_minute_start_us", "price_minute", ["start_us"])


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""
