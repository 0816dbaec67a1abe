"""The exchange's read model in SQL: made from the journal alone, and can be made again."""

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, String, Table

from cloud.exchange.prices.tables import price_minute as price_minute  # the hub's schema has it
from cloud.exchange.read.tables import CLIENT_ORDER_ID_MAX
from cloud.kernel.database import metadata

order = Table(
    "exchange_order",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("account", String(40), nullable=False),
    Column("client_order_id", String(CLIENT_ORDER_ID_MAX)),
    Column("site", String(40)),
    Column("market", String(40), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("side", SmallInteger, nullable=False),
    Column("price_ticks", BigInteger, nullable=False),
    Column("quantity_steps", BigInteger, nullable=False),
    Column("step_kw", Integer, nullable=False),
    Column("wh_per_step", BigInteger, nullable=False),
    Column("execution", String(3), nullable=False),
    Column("filled_steps", BigInteger, nullable=False),
    Column("ending", String(12)),
    Column("ended_us", BigInteger),
    Index(None, "account", "order_id"),
)
trade = Table(
    "exchange_trade",
    metadata,
    Column("trade_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),
    Column("market", String(40), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("price_ticks", BigInteger, nullable=False),
    Column("quantity_steps", BigInteger, nullable=False),
    Column("step_kw", Integer, nullable=False),
    Column("wh_per_step", BigInteger, nullable=False),
    Column("aggressor", SmallInteger, nullable=False),
    Column("buy_order", BigInteger, nullable=False),
    Column("buy_account", String(40), nullable=False),
    Column("buy_site", String(40)),
    Column("sell_order", BigInteger, nullable=False),
    Column("sell_account", String(40), nullable=False),
    Column("sell_site", String(40)),
    Index(None, "buy_account", "trade_id"),
    Index(None, "sell_account", "trade_id"),
)
cursor = Table(
    "exchange_cursor",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
)
