"""The fleet's tables: sites, gateways with their keys and one-time codes, schedules."""

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
    Column("created_us", BigInteger, nullable=False),
    Column("revoked_us", BigInteger),
)
gateway_key = Table(
    "gateway_key",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("gateway", String(IDENTIFIER_MAX), ForeignKey("gateway.id"), nullable=False, index=True),
    Column("secret", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
    Column("ends_us", BigInteger),
)
enrolment = Table(
    "enrolment",
    metadata,
    Column("code_mac", String(64), primary_key=True),
    Column("gateway", String(IDENTIFIER_MAX), ForeignKey("gateway.id"), nullable=False, index=True),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("box_mac", String(64)),
    Column("key", String(64)),
)
schedule = Table(
    "schedule",
    metadata,
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("issued_us", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
