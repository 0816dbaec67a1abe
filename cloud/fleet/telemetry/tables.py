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
)

from cloud.fleet.tables import EPOCH_MAX, IDENTIFIER_MAX
from cloud.fleet.telemetry.frames import REASON_MAX
from cloud.kernel.database import metadata
from wire.fields import TEXT_MAX
from wire.points import NAME_MAX

line = Table(
    "line",
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), ForeignKey("gateway.id"), primary_key=True),
    Column("epoch", String(EPOCH_MAX), primary_key=True),
    Column("acked", BigInteger, nullable=False),
    Column("uploaded_us", BigInteger, nullable=False),
)
chunk = Table(
    "chunk",
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), primary_key=True),
    Column("epoch", String(EPOCH_MAX), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("site", String(IDENTIFIER_MAX), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("device", String(TEXT_MAX), nullable=False),
    Column("boot", String(TEXT_MAX), nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("n", Integer, nullable=False),
    Column("t0_us", BigInteger, nullable=False),
    Column("t1_us", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Index(None, "site", "t0_us", "t1_us"),
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
    "newest",
    metadata,
    Column("site", String(IDENTIFIER_MAX), primary_key=True),
    Column("device", String(TEXT_MAX), primary_key=True),
    Column("point", String(NAME_MAX), primary_key=True),
    Column("value", Float),
    Column("at_us", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
    Column("sampled_us", BigInteger, nullable=False),
    Column("epoch", String(EPOCH_MAX), nullable=False),
    Column("seq", BigInteger, nullable=False),
)
