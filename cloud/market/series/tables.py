"""Series and what was said of them: rows are only ever added."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from cloud.kernel.database import metadata

_BIG = BigInteger().with_variant(Integer(), "sqlite")

series_table = Table(
    "market_series",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("area", String(20), nullable=False),
    Column("resolution_s", Integer, nullable=False),
    Column("detail", String(40), nullable=False),
    UniqueConstraint("source", "kind", "area", "resolution_s", "detail"),
)

statement_table = Table(
    "market_statement",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("series_id", Integer, ForeignKey("market_series.id"), nullable=False),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("known_us", BigInteger, nullable=False),
    Column("assumed", Boolean, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("quality", String(12), nullable=False),
    Column("document", String(200), nullable=False),
    Column("licence", String(400), nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("chunk", LargeBinary, nullable=False),
    UniqueConstraint("series_id", "first_us", "digest"),
    Index(None, "quality", "received_us"),
)
"""What one document says of one local day. first_us, last_us: starts of intervals. chunk: see
`chunk`. digest: of document, ranks and values, so that the same statement is kept once."""

decision_table = Table(
    "market_decision",
    metadata,
    Column(
        "statement_id",
        _BIG,
        ForeignKey("market_statement.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("at_us", BigInteger, nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("account", String(40), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("reason", String(200), nullable=False),
)
"""What somebody decided on a statement that was set apart; once, for good."""
