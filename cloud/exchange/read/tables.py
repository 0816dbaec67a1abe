"""The read model's tables: made from the journal's facts alone, and can be made again.

`sequence` is that of the fact which a row was made from. Numbers of contracts and owners are those
of their facts; 0 and '' mean none, as there. Texts have no length here: what was accepted once
must always fit, and the limits stand at the entry.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, SmallInteger, String, Table

from cloud.kernel.database import metadata

CLIENT_ORDER_ID_MAX = 64
"""At the entry."""
_TEXT = String()


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _key(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _text(name: str) -> Column[str]:
    return Column(name, _TEXT, nullable=False)


cursor = Table(
    "venue_cursor",
    metadata,
    Column("name", _TEXT, primary_key=True),
    _number("sequence"),
    _number("fence"),
)
"""How far each reader of the journal is, and the newest fencing number that it has seen."""
contract = Table(
    "venue_contract",
    metadata,
    _key("contract"),
    _number("at_us"),
    _text("market"),
    _text("area"),
    _text("product"),
    _number("start_us"),
    _number("end_us"),
    _number("opens_us"),
    _number("closes_us"),
    Column("step_kw", Integer, nullable=False),
    _number("wh_per_step"),
    _text("parts"),
    _number("day"),
    Column("closed_us", BigInteger),
    Index(None, "market", "start_us"),
)
"""`parts`: the numbers of a range's contracts with commas between them; '' for a single one."""
owner = Table(
    "venue_owner",
    metadata,
    _key("owner"),
    _number("at_us"),
    _text("account"),
    _text("member"),
    _text("site"),
    _text("portfolio"),
    _text("strategy"),
    _text("user_name"),
    _text("self_trade"),
    _text("stp_scope"),
    Index(None, "account"),
)
order = Table(
    "venue_order",
    metadata,
    _key("order_id"),
    _number("sequence"),
    _number("at_us"),
    _number("contract"),
    _number("owner"),
    _text("account"),
    Column("side", SmallInteger, nullable=False),
    _text("kind"),
    _text("execution"),
    _text("validity"),
    _text("state"),
    _number("price_ticks"),
    _number("quantity_steps"),
    _number("filled_steps"),
    _number("open_steps"),
    _number("visible_steps"),
    _number("reduced_steps"),
    _number("display_steps"),
    _number("delta_ticks"),
    _number("valid_until_us"),
    _text("client_order_id"),
    _text("text"),
    _number("initial_id"),
    _number("parent_id"),
    _number("basket"),
    _number("revision"),
    _text("action"),
    _text("reason"),
    _number("changed_us"),
    Column("ending", _TEXT),
    Column("ended_us", BigInteger),
    Index(None, "account", "order_id"),
)
"""`open_steps` is what can still trade, hidden quantity with it: 0 once it has ended.
`visible_steps` is what the book shows of it. While it lives, quantity = filled + reduced + open."""
Index(
    "ix_venue_order_live",
    order.c.account,
    order.c.order_id,
    sqlite_where=order.c.ended_us.is_(None),
    postgresql_where=order.c.ended_us.is_(None),
)
action = Table(
    "venue_action",
    metadata,
    _key("initial_id"),
    _key("sequence"),
    _key("order_id"),
    _number("at_us"),
    _text("action"),
    _text("who"),
    _number("revision"),
    _number("price_ticks"),
    _number("quantity_steps"),
    _number("filled_steps"),
    _number("open_steps"),
    _number("steps"),
    _number("trade_id"),
    _text("code"),
    _text("text"),
    sqlite_with_rowid=False,
)
"""What happened to each order, how it stood afterwards, and to how many `steps` of it.

The key begins with the first order of its chain, so that a history reads through replacements."""
trade = Table(
    "venue_trade",
    metadata,
    _key("trade_id"),
    _number("sequence"),
    _number("at_us"),
    _number("contract"),
    _number("price_ticks"),
    _number("quantity_steps"),
    Column("aggressor", SmallInteger, nullable=False),
    _number("buy_order"),
    _number("buy_owner"),
    _text("buy_account"),
    _number("sell_order"),
    _number("sell_owner"),
    _text("sell_account"),
    Column("self_trade", Boolean, nullable=False),
    _text("state"),
    _number("moved_us"),
    Index(None, "buy_account", "trade_id"),
    Index(None, "sell_account", "trade_id"),
    Index(None, "contract", "trade_id"),
)
move = Table(
    "venue_move",
    metadata,
    _key("sequence"),
    _number("trade_id"),
    _number("at_us"),
    _text("state"),
    _text("who"),
    _text("reason"),
    Index(None, "trade_id", "sequence"),
)
"""Each step of the recall or cancellation of a trade."""
surveillance = Table(
    "venue_surveillance",
    metadata,
    _key("sequence"),
    _number("at_us"),
    _number("owner"),
    _text("account"),
    _number("contract"),
    _number("order_id"),
    _text("client_order_id"),
    _text("action"),
    _text("code"),
    _text("text"),
    _number("steps"),
    _number("basket"),
    _text("who"),
    Index(None, "account", "sequence"),
)
"""Refusals with their codes, and each self-trade that was prevented or let happen (REMIT)."""
activity = Table(
    "venue_activity",
    metadata,
    Column("account", _TEXT, primary_key=True),
    _key("day_us"),
    _number("entered"),
    _number("changed"),
    _number("withdrawn"),
    _number("refused"),
    _number("trades"),
    _number("traded_wh"),
    Index(None, "day_us"),
)
"""Orders and trades of an account in a UTC day: the order-to-trade ratio of each day."""
halt = Table(
    "venue_halt",
    metadata,
    _key("sequence"),
    _text("scope"),
    _text("value"),
    _number("at_us"),
    _text("who"),
    _text("reason"),
    Column("resumed_us", BigInteger),
    Column("resumed_by", _TEXT),
    Column("resumed_reason", _TEXT),
)
"""Halts by scope, and the kill switches of accounts as scope ``stop``."""
policy = Table(
    "venue_policy",
    metadata,
    _key("sequence"),
    _number("at_us"),
    _text("what"),
    Column("version", BigInteger, nullable=False),
    _text("who"),
    _text("content"),
    Index(None, "what", "sequence"),
)
