"""The tables of running the fleet."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
)

from cloud.fleet.tables import EPOCH_MAX, IDENTIFIER_MAX
from cloud.kernel.database import metadata
from wire.alarm import ID_MAX as ALARM_ID_MAX
from wire.command import ID_MAX as COMMAND_ID_MAX
from wire.fields import TEXT_MAX

TAG_KEY_MAX = 40
TAG_VALUE_MAX = 60
CLIENT_ID_MAX = 64

command = Table(
    "command",
    metadata,
    Column("id", String(COMMAND_ID_MAX), primary_key=True),
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), nullable=False),
    Column("gateway", String(IDENTIFIER_MAX), ForeignKey("gateway.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("payload", Text, nullable=False),
    Column("issued_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("account", String(40), nullable=False),
    Column("reason", String(TEXT_MAX), nullable=False),
    Column("standing", String(10), nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("by_box", Boolean, nullable=False),
    Column("text", String(TEXT_MAX), nullable=False),
    Column("read_back_kw", Float),
    Index(None, "gateway", "standing"),
    Index(None, "site", "issued_us"),
)
command_request = Table(
    "command_request",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("id", String(CLIENT_ID_MAX), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("at_us", BigInteger, nullable=False, index=True),
    Column("answer", Text, nullable=False),
)
alarm = Table(
    "alarm",
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), ForeignKey("gateway.id"), primary_key=True),
    Column("id", String(ALARM_ID_MAX), primary_key=True),
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), nullable=False),
    Column("change", BigInteger, nullable=False),
    Column("code", String(TEXT_MAX), nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("source", String(TEXT_MAX), nullable=False),
    Column("text", String(TEXT_MAX), nullable=False),
    Column("raised_us", BigInteger, nullable=False),
    Column("cleared_us", BigInteger),
    Column("acked_us", BigInteger),
    Column("acked_by", String(TEXT_MAX), nullable=False),
    Column("note", String(TEXT_MAX), nullable=False),
    Index(None, "site", "raised_us"),
    Index(None, "cleared_us"),
)
gap = Table(
    "gap",
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), ForeignKey("gateway.id"), primary_key=True),
    Column("id", String(TEXT_MAX), primary_key=True),
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), nullable=False),
    Column("epoch", String(EPOCH_MAX), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("cause", String(20), nullable=False),
    Column("class", SmallInteger, nullable=False),
    Column("device", String(TEXT_MAX), nullable=False),
    Column("from_us", BigInteger, nullable=False),
    Column("to_us", BigInteger, nullable=False),
    Column("n", BigInteger),
    Column("first_seq", BigInteger),
    Column("last_seq", BigInteger),
    Column("text", String(TEXT_MAX), nullable=False),
    Column("known", BigInteger, nullable=False),
    Column("told_us", BigInteger, nullable=False),
    Index(None, "site", "from_us"),
)
report = Table(
    "report",
    metadata,
    Column("gateway", String(IDENTIFIER_MAX), ForeignKey("gateway.id"), primary_key=True),
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
)
site_tag = Table(
    "site_tag",
    metadata,
    Column("site", String(IDENTIFIER_MAX), ForeignKey("site.id"), primary_key=True),
    Column("name", String(TAG_KEY_MAX), primary_key=True),
    Column("value", String(TAG_VALUE_MAX), nullable=False),
)
site_group = Table(
    "site_group",
    metadata,
    Column("id", String(IDENTIFIER_MAX), primary_key=True),
    Column("account", String(40), ForeignKey("account.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("tags", Text, nullable=False),
)
bundle = Table(
    "bundle",
    metadata,
    Column("command", String(COMMAND_ID_MAX), ForeignKey("command.id"), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("received_us", BigInteger, nullable=False),
)
