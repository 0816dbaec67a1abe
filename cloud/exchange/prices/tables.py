"""A minute of each market, kept for years: averages and trades; and prices from outside."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table

from cloud.kernel.database import metadata

CENTITICKS = 100
"""Averages are kept as whole hundredths of a tick, 0.0001 EUR/MWh."""

price_minute = Table(
    "price_minute",
    metadata,
    Column("market", String(40), primary_key=True),
    Column("start_us", BigInteger, primary_key=True, autoincrement=False),
    Column("mark", BigInteger),
    Column("ema", BigInteger),
    Column("vwap", BigInteger),
    Column("open_ticks", BigInteger),
    Column("high_ticks", BigInteger),
    Column("low_ticks", BigInteger),
    Column("close_ticks", BigInteger),
    Column("value", BigInteger, nullable=False),
    Column("volume_wh", BigInteger, nullable=False),
    Column("trades", Integer, nullable=False),
    Column("amended", Boolean, nullable=False),
    Index(None, "start_us"),
)
"""mark, ema, vwap: in 0.0001 EUR/MWh, as they were when the minute ended. value: ticks times Wh."""

outside_price = Table(
    "outside_price",
    metadata,
    Column("market", String(40), primary_key=True),
    Column("eur_mwh", Float, nullable=False),
    Column("mwh", Float, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
"""The newest price of each market that a service fed in."""
