"""The fleet's tables."""

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
    Text,
)

from cloud.fleet.frames import REASON_MAX
from cloud.kernel.database import metadata
from wire.fields import TEXT_MAX
from wire.points import NAME_MAX

IDENTIFIER_MAX = 40
EPOCH_MAX = 64

site = Table(
    "site",
    metadata,
    Column("id", String(IDENTIFIER_MAX), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("account", String(40), ForeignKey("account.id"), nullable=False, index=True),
    Column("power_kw", Float, nullable=False),
    Column("energy_kwh", Float, nullable=False),
    Column("fcr_kw", Float, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)
gateway = Table(
    "gateway",
    metadata,
    Column("id", String(IDENTIFIER_MAX), primary_key=True),
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), nullable=False, index=True),
    Column("key_id", String(64), nullable=False, unique=True),
    Column("secret", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
)
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
schedule = Table(
    "schedule",
    metadata,
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("issued_us", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
