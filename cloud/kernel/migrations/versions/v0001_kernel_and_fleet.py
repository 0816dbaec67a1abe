"""Accounts, keys, events; sites, gateways, telemetry, schedules."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _kernel()
    _fleet()
    _telemetry()


def _kernel() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("revoked_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_api_key_account"),
    )
    op.create_index("ix_api_key_account", "api_key", ["account"])
    op.create_table(
        "event",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("account", sa.String(40)),
        sa.Column("site", sa.String(40)),
        sa.Column("code", sa.String(500), nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("origin", sa.String(200)),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.UniqueConstraint("origin", name="uq_event_origin"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_account", "event", ["account"])
    op.create_index("ix_event_site", "event", ["site"])


def _fleet() -> None:
    op.create_table(
        "site",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("power_kw", sa.Float, nullable=False),
        sa.Column("energy_kwh", sa.Float, nullable=False),
        sa.Column("fcr_kw", sa.Float, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_site_account"),
    )
    op.create_index("ix_site_account", "site", ["account"])
    op.create_table(
        "gateway",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("revoked_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_gateway"),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name="fk_gateway_site"),
        sa.UniqueConstraint("key_id", name="uq_gateway_key_id"),
    )
    op.create_index("ix_gateway_site", "gateway", ["site"])
    op.create_table(
        "schedule",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("issued_us", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("site", "version", name="pk_schedule"),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name="fk_schedule_site"),
    )


def _telemetry() -> None:
    op.create_table(
        "line",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("acked", sa.BigInteger, nullable=False),
        sa.Column("uploaded_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("gateway", "epoch", name="pk_line"),
        sa.ForeignKeyConstraint(["gateway"], ["gateway.id"], name="fk_line_gateway"),
    )
    op.create_table(
        "chunk",
        *_frame_columns(),
        sa.Column("device", sa.String(500), nullable=False),
        sa.Column("boot", sa.String(500), nullable=False),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("t0_us", sa.BigInteger, nullable=False),
        sa.Column("t1_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("gateway", "epoch", "seq", name="pk_chunk"),
    )
    op.create_index("ix_chunk_site_t0_us_t1_us", "chunk", ["site", "t0_us", "t1_us"])
    op.create_table(
        "quarantine",
        *_frame_columns(),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "epoch", "seq", name="pk_quarantine"),
    )
    op.create_table(
        "newest",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("device", sa.String(500), nullable=False),
        sa.Column("point", sa.String(64), nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("quality", sa.SmallInteger, nullable=False),
        sa.Column("sampled_us", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("site", "device", "point", name="pk_newest"),
    )


def _frame_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
    )
