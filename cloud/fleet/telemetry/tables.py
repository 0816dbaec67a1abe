"""The tables of what gateways upload."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from cloud.fleet.tables import EPOCH_MAX, IDENTIFIER_MAX
from cloud.fleet.telemetry.frames import REASON_MAX
from cloud.kernel.database import metadata
from wire.fields import TEXT_MAX
from wire.points import NAME_MAX

SERIAL = BigInteger().with_variant(Integer(), "sqlite")

line = Table(
    "line",
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), ForeignKey("gateway.id"), primary_key=True),
    Column("epoch", String(EPOCH_MAX), primary_key=True),
    Column("acked", BigInteger, nullable=False),
    Column("uploaded_us", BigInteger, nullable=False),
)
ahead = Table(
    "ahead",  # numbers of a line that are stored, beyond one that is still missing
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), primary_key=True),
    Column("epoch", String(EPOCH_MAX), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
)
chunk = Table(
    "chunk",  # on PostgreSQL in partitions: see telemetry.partitions
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), primary_key=True),
    Column("epoch", String(EPOCH_MAX), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("t0_us", BigInteger, primary_key=True, autoincrement=False),
    Column("t1_us", BigInteger, nullable=False),
    Column("site", String(IDENTIFIER_MAX), nullable=False),
    Column("device", String(TEXT_MAX), nullable=False),
    Column("boot", String(TEXT_MAX), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("n", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("step_us", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Index(None, "site", "t0_us", "t1_us"),
    Index(
        "ix_chunk_thinned",
        *("site", "t1_us"),
        sqlite_where=text("step_us > 0"),
        postgresql_where=text("step_us > 0"),
    ),
    postgresql_partition_by="RANGE (kind, t0_us)",
)
unrolled = Table(
    "unrolled",  # chunks that the roll-ups do not hold yet
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), primary_key=True),
    Column("epoch", String(EPOCH_MAX), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("t0_us", BigInteger, nullable=False),
    Column("t1_us", BigInteger, nullable=False),
    Column("site", String(IDENTIFIER_MAX), nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Index(None, "site"),
    Index(None, "received_us"),
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), primary_key=True),
    Column("epoch", String(EPOCH_MAX), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("site", String(IDENTIFIER_MAX), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("reason", String(REASON_MAX), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_us", BigInteger, nullable=False),
)
newest = Table(
    "newest",  # all points of a device in one row: see telemetry.newest
    metadata,
    Column("site", String(IDENTIFIER_MAX), primary_key=True),
    Column("device", String(TEXT_MAX), primary_key=True),
    Column("epoch", String(EPOCH_MAX), nullable=False),
    Column("names", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)
series = Table(
    "series",
    metadata,
    Column("id", SERIAL, primary_key=True),
    Column("site", String(IDENTIFIER_MAX), nullable=False),
    Column("device", String(TEXT_MAX), nullable=False),
    Column("point", String(NAME_MAX), nullable=False),
    UniqueConstraint("site", "device", "point"),
)


def _rollup(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("series", BigInteger, primary_key=True, autoincrement=False),
        Column("start_us", BigInteger, primary_key=True, autoincrement=False),
        Column("n", Integer, nullable=False),
        Column("good", Integer, nullable=False),
        Column("total", Float, nullable=False),
        Column("low", Float),
        Column("high", Float),
        Column("last", Float),
        Column("last_us", BigInteger, nullable=False),
        Column("quality", SmallInteger, nullable=False),
        sqlite_with_rowid=False,
    )


minute = _rollup("rollup_1m")
quarter = _rollup("rollup_15m")
lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until_us", BigInteger, nullable=False),
)
