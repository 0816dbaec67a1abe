"""The portfolio's table."""

from sqlalchemy import BigInteger, Column, Index, String, Table

from cloud.kernel.database import metadata

position = Table(
    "portfolio_position",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("site", String(40), primary_key=True),
    Column("market", String(40), primary_key=True),
    Column("start_us", BigInteger, primary_key=True, autoincrement=False),
    Column("net_kw", BigInteger, nullable=False),
    Column("sold_wh", BigInteger, nullable=False),
    Column("bought_wh", BigInteger, nullable=False),
    Column("cash", BigInteger, nullable=False),
    Index(None, "site", "start_us"),
)
"""A site of '' is none: the account trades without a battery behind it."""
