"""The auctions' tables: what was ordered, sealed at the gate, and what came of it."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from cloud.kernel.database import metadata

session = Table(
    "auction_session",
    metadata,
    Column("auction", String(40), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
    Column("result", String, nullable=False),
    Column("published_us", BigInteger),
)
"""`day` as `date.toordinal`. States: see `store.State`. The result is JSON, '' before there is one;
it counts when it is published, and is never worked out twice."""
submission = Table(
    "auction_submission",
    metadata,
    Column("auction", String(40), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("account", String(40), primary_key=True),
    Column("site", String(40), primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("content", String, nullable=False),
)
"""The newest of each member and site ('': none), as JSON in ticks and steps."""
