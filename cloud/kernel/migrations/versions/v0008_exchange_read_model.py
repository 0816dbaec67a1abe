"""The read model of the exchange: orders and what happened to them, trades, halts, surveillance."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger()
_TEXT = sa.String()


def upgrade() -> None:
    _names()
    _orders()
    _trades()
    _records()


def downgrade() -> None:
    """The columns of before know nothing of this: a backup is the way back."""


def _table(
    name: str, keys: str, *columns: sa.Column[Any], indexes: tuple[str, ...] = (), **options: bool
) -> None:
    """Make a table; `keys` and each index are names of columns with blanks between them."""
    key = sa.PrimaryKeyConstraint(*keys.split(), name=f"pk_{name}")
    op.create_table(name, *columns, key, **options)
    for index in indexes:
        op.create_index(f"ix_{name}_{index.replace(' ', '_')}", name, index.split())


def _of(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names.split()]


def _names() -> None:
    _table(
        "venue_cursor",
        "name",
        *_of(_TEXT, "name"),
        *_of(_BIG, "sequence fence"),
    )
    _table(
        "venue_contract",
        "contract",
        *_of(_BIG, "contract at_us"),
        *_of(_TEXT, "market area product"),
        *_of(_BIG, "start_us end_us opens_us closes_us"),
        *_of(sa.Integer(), "step_kw"),
        *_of(_BIG, "wh_per_step"),
        *_of(_TEXT, "parts"),
        *_of(_BIG, "day"),
        sa.Column("closed_us", _BIG),
        indexes=("market start_us",),
    )
    _table(
        "venue_owner",
        "owner",
        *_of(_BIG, "owner at_us"),
        *_of(_TEXT, "account member site portfolio strategy user_name self_trade stp_scope"),
        indexes=("account",),
    )


def _orders() -> None:
    _table(
        "venue_order",
        "order_id",
        *_of(_BIG, "order_id sequence at_us contract owner"),
        *_of(_TEXT, "account"),
        *_of(sa.SmallInteger(), "side"),
        *_of(_TEXT, "kind execution validity state"),
        *_of(_BIG, "price_ticks quantity_steps filled_steps open_steps visible_steps"),
        *_of(_BIG, "reduced_steps display_steps delta_ticks valid_until_us"),
        *_of(_TEXT, "client_order_id text"),
        *_of(_BIG, "initial_id parent_id basket revision"),
        *_of(_TEXT, "action reason"),
        *_of(_BIG, "changed_us"),
        sa.Column("ending", _TEXT),
        sa.Column("ended_us", _BIG),
        indexes=("account order_id",),
    )
    live = sa.text("ended_us IS NULL")
    op.create_index(
        "ix_venue_order_live",
        "venue_order",
        ["account", "order_id"],
        sqlite_where=live,
        postgresql_where=live,
    )
    _table(
        "venue_action",
        "initial_id sequence order_id",
        *_of(_BIG, "initial_id sequence order_id at_us"),
        *_of(_TEXT, "action who"),
        *_of(_BIG, "revision price_ticks quantity_steps filled_steps open_steps steps"),
        *_of(_BIG, "trade_id"),
        *_of(_TEXT, "code text"),
        sqlite_with_rowid=False,
    )


def _trades() -> None:
    _table(
        "venue_trade",
        "trade_id",
        *_of(_BIG, "trade_id sequence at_us contract price_ticks quantity_steps"),
        *_of(sa.SmallInteger(), "aggressor"),
        *_of(_BIG, "buy_order buy_owner"),
        *_of(_TEXT, "buy_account"),
        *_of(_BIG, "sell_order sell_owner"),
        *_of(_TEXT, "sell_account"),
        *_of(sa.Boolean(), "self_trade"),
        *_of(_TEXT, "state"),
        *_of(_BIG, "moved_us"),
        indexes=(
            "buy_account trade_id",
            "contract trade_id",
            "sell_account trade_id",
        ),
    )
    _table(
        "venue_move",
        "sequence",
        *_of(_BIG, "sequence trade_id at_us"),
        *_of(_TEXT, "state who reason"),
        indexes=("trade_id sequence",),
    )


def _records() -> None:
    _table(
        "venue_surveillance",
        "sequence",
        *_of(_BIG, "sequence at_us owner"),
        *_of(_TEXT, "account"),
        *_of(_BIG, "contract order_id"),
        *_of(_TEXT, "client_order_id action code text"),
        *_of(_BIG, "steps basket"),
        *_of(_TEXT, "who"),
        indexes=("account sequence",),
    )
    _table(
        "venue_activity",
        "account day_us",
        *_of(_TEXT, "account"),
        *_of(_BIG, "day_us entered changed withdrawn refused trades traded_wh"),
        indexes=("day_us",),
    )
    _table(
        "venue_halt",
        "sequence",
        *_of(_BIG, "sequence"),
        *_of(_TEXT, "scope value"),
        *_of(_BIG, "at_us"),
        *_of(_TEXT, "who reason"),
        sa.Column("resumed_us", _BIG),
        sa.Column("resumed_by", _TEXT),
        sa.Column("resumed_reason", _TEXT),
    )
    _table(
        "venue_policy",
        "sequence",
        *_of(_BIG, "sequence at_us"),
        *_of(_TEXT, "what"),
        *_of(_BIG, "version"),
        *_of(_TEXT, "who content"),
        indexes=("what sequence",),
    )
