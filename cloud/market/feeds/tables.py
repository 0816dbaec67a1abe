"""How far the past is filled in: a row for each thing asked for, changed as it goes."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from cloud.kernel.database import metadata

fill_table = Table(
    "market_fill",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("area", String(20), primary_key=True),
    Column("detail", String(40), primary_key=True),
    Column("first_day", String(10), nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("begun_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("error", String(200), nullable=False),
)
"""done, total: days. new: values kept. error: "" while nothing went wrong."""
