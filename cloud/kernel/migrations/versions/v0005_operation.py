"""Commands, alarms, the gap ledger, reports, tags and groups, the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _commands()
    _alarms_and_gaps()
    _sites()
    _audit()


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""


def _commands() -> None:
    op.create_table(
        "command",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("issued_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("standing", sa.String(10), nullable=False),
        sa.Column("changed_us", sa.BigInteger, nullable=False),
        sa.Column("by_box", sa.Boolean, nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("read_back_kw", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_command"),
        *_of_a_box("command"),
    )
    op.create_index("ix_command_gateway_standing", "command", ["gateway", "standing"])
    op.create_index("ix_command_site_issued_us", "command", ["site", "issued_us"])
    op.create_table(
        "bundle",
        sa.Column("command", sa.String(40), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("command", name="pk_bundle"),
        sa.ForeignKeyConstraint(["command"], ["command.id"], name="fk_bundle_command"),
    )


def _alarms_and_gaps() -> None:
    op.create_table(
        "alarm",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(500), nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("raised_us", sa.BigInteger, nullable=False),
        sa.Column("cleared_us", sa.BigInteger),
        sa.Column("acked_us", sa.BigInteger),
        sa.Column("acked_by", sa.String(500), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "id", name="pk_alarm"),
        *_of_a_box("alarm"),
    )
    op.create_index("ix_alarm_site_raised_us", "alarm", ["site", "raised_us"])
    op.create_index("ix_alarm_cleared_us", "alarm", ["cleared_us"])
    op.create_table(
        "gap",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("id", sa.String(500), nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("class", sa.SmallInteger, nullable=False),
        sa.Column("device", sa.String(500), nullable=False),
        sa.Column("from_us", sa.BigInteger, nullable=False),
        sa.Column("to_us", sa.BigInteger, nullable=False),
        sa.Column("n", sa.BigInteger),
        sa.Column("first_seq", sa.BigInteger),
        sa.Column("last_seq", sa.BigInteger),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("known", sa.BigInteger, nullable=False),
        sa.Column("told_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("gateway", "id", name="pk_gap"),
        *_of_a_box("gap"),
    )
    op.create_index("ix_gap_site_from_us", "gap", ["site", "from_us"])


def _sites() -> None:
    op.create_table(
        "report",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("received_us", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("gateway", name="pk_report"),
        *_of_a_box("report"),
    )
    op.create_table(
        "site_tag",
        sa.Column("site", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("site", "name", name="pk_site_tag"),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name="fk_site_tag_site"),
    )
    op.create_table(
        "site_group",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_site_group"),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_site_group_account"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("site", sa.String(40)),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("result", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.create_index("ix_audit_site", "audit", ["site"])
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def _of_a_box(table: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    return tuple(
        sa.ForeignKeyConstraint([other], [f"{other}.id"], name=f"fk_{table}_{other}")
        for other in ("site", "gateway")
    )


_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit"
        " BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        for what in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ],
}
