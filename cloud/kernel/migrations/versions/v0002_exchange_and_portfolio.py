"""Orders, trades and the journal's cursor; positions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _orders()
    _trades()
    op.create_table(
        "exchange_cursor",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_exchange_cursor"),
    )
    op.create_table(
        "portfolio_position",
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("market", sa.String(40), nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("net_kw", sa.BigInteger, nullable=False),
        sa.Column("sold_wh", sa.BigInteger, nullable=False),
        sa.Column("bought_wh", sa.BigInteger, nullable=False),
        sa.Column("cash", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "account", "site", "market", "start_us", name="pk_portfolio_position"
        ),
    )
    op.create_index(
        "ix_portfolio_position_site_start_us", "portfolio_position", ["site", "start_us"]
    )


def _orders() -> None:
    op.create_table(
        "exchange_order",
        sa.Column("order_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("client_order_id", sa.String(64)),
        sa.Column("site", sa.String(40)),
        sa.Column("market", sa.String(40), nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("side", sa.SmallInteger, nullable=False),
        sa.Column("price_ticks", sa.BigInteger, nullable=False),
        sa.Column("quantity_steps", sa.BigInteger, nullable=False),
        sa.Column("step_kw", sa.Integer, nullable=False),
        sa.Column("wh_per_step", sa.BigInteger, nullable=False),
        sa.Column("execution", sa.String(3), nullable=False),
        sa.Column("filled_steps", sa.BigInteger, nullable=False),
        sa.Column("ending", sa.String(12)),
        sa.Column("ended_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("order_id", name="pk_exchange_order"),
    )
    op.create_index("ix_exchange_order_account_order_id", "exchange_order", ["account", "order_id"])


def _trades() -> None:
    op.create_table(
        "exchange_trade",
        sa.Column("trade_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("market", sa.String(40), nullable=False),
        sa.Column("start_us", sa.BigInteger, nullable=False),
        sa.Column("price_ticks", sa.BigInteger, nullable=False),
        sa.Column("quantity_steps", sa.BigInteger, nullable=False),
        sa.Column("step_kw", sa.Integer, nullable=False),
        sa.Column("wh_per_step", sa.BigInteger, nullable=False),
        sa.Column("aggressor", sa.SmallInteger, nullable=False),
        sa.Column("buy_order", sa.BigInteger, nullable=False),
        sa.Column("buy_account", sa.String(40), nullable=False),
        sa.Column("buy_site", sa.String(40)),
        sa.Column("sell_order", sa.BigInteger, nullable=False),
        sa.Column("sell_account", sa.String(40), nullable=False),
        sa.Column("sell_site", sa.String(40)),
        sa.PrimaryKeyConstraint("trade_id", name="pk_exchange_trade"),
    )
    for side in ("buy", "sell"):
        op.create_index(
            f"ix_exchange_trade_{side}_account_trade_id",
            "exchange_trade",
            [f"{side}_account", "trade_id"],
        )
