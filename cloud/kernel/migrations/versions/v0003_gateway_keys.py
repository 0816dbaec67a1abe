"""Several keys a gateway, one after the other, and one-time codes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_KEYS = """
INSERT INTO gateway_key (id, gateway, secret, created_us, asked_us, used_us)
SELECT key_id, id, secret, created_us, 0, created_us FROM {gateways}
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _make_gateways_anew()
        _make_tables()
        op.execute(_KEYS.format(gateways="gateway_before"))
        op.drop_table("gateway_before")
    else:
        _make_tables()
        op.execute(_KEYS.format(gateways="gateway"))
        op.drop_column("gateway", "key_id")
        op.drop_column("gateway", "secret")


def _make_tables() -> None:
    op.create_table(
        "gateway_key",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("secret", sa.String(128), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("asked_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger),
        sa.Column("ends_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_key"),
        sa.ForeignKeyConstraint(["gateway"], ["gateway.id"], name="fk_gateway_key_gateway"),
    )
    op.create_index("ix_gateway_key_gateway", "gateway_key", ["gateway"])
    op.create_table(
        "enrolment",
        sa.Column("code_mac", sa.String(64), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("box_mac", sa.String(64)),
        sa.Column("key", sa.String(64)),
        sa.PrimaryKeyConstraint("code_mac", name="pk_enrolment"),
        sa.ForeignKeyConstraint(["gateway"], ["gateway.id"], name="fk_enrolment_gateway"),
    )
    op.create_index("ix_enrolment_gateway", "enrolment", ["gateway"])


def _make_gateways_anew() -> None:
    """SQLite drops no unique column, and no table that others refer to.

    Renaming a table takes the references of others along, so the lines are made anew too.
    """
    op.drop_index("ix_gateway_site", "gateway")
    op.rename_table("gateway", "gateway_before")
    op.create_table(
        "gateway",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("revoked_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_gateway"),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name="fk_gateway_site"),
    )
    op.create_index("ix_gateway_site", "gateway", ["site"])
    op.execute(
        "INSERT INTO gateway (id, site, created_us, revoked_us)"
        " SELECT id, site, created_us, revoked_us FROM gateway_before"
    )
    op.rename_table("line", "line_before")
    op.create_table(
        "line",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("acked", sa.BigInteger, nullable=False),
        sa.Column("uploaded_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("gateway", "epoch", name="pk_line"),
        sa.ForeignKeyConstraint(["gateway"], ["gateway.id"], name="fk_line_gateway"),
    )
    op.execute(
        "INSERT INTO line (gateway, epoch, acked, uploaded_us)"
        " SELECT gateway, epoch, acked, uploaded_us FROM line_before"
    )
    op.drop_table("line_before")
