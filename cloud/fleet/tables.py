"""The fleet's tables: sites, gateways, schedules."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, String, Table, Text

from cloud.kernel.database import metadata

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
schedule = Table(
    "schedule",
    metadata,
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("issued_us", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
