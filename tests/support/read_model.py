"""Commits in memory, told in a few words, and what the read model makes of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from cloud.exchange.facts import Entered, Fact, Joined, Listed, Traded, Withdrawn
from cloud.exchange.journal.frame import Frame
from cloud.exchange.matching.codes import Action, Execution, Kind, Side, State, Validity
from cloud.exchange.read import tables
from cloud.exchange.read.projection import Projection
from cloud.kernel.bus import Bus
from cloud.kernel.database import Database, metadata
from tests.support.hub import NOON_US
from wire.clock import QUARTER_HOUR_US

BUY, SELL = Side.BUY, Side.SELL
WERK, HANDEL = 1, 2
"""Owners, and the orders' numbers below are given by the tests."""
QUARTER, HOUR, RANGE = 1, 2, 3
"""Contracts."""
AT_US = NOON_US - 3_600_000_000


class Chronicle:
    """A journal that is only in memory; `read` as that of a follower."""

    def __init__(self, *commits: Sequence[Fact]) -> None:
        self.frames: list[Frame] = []
        for facts in commits:
            self.commit(*facts)

    @property
    def last(self) -> int:
        """Return the sequence of the last fact."""
        return self.frames[-1].last if self.frames else 0

    def commit(self, *facts: Fact) -> None:
        if facts:
            self.frames.append(Frame(self.last + 1, facts, 0))

    def read(self, after: int, until: int, frames_max: int) -> list[Frame]:
        found = [frame for frame in self.frames if after < frame.first and frame.last <= until]
        return found[:frames_max]

    def projection(self, database: Database, fence: int = 1, bus: Bus | None = None) -> Projection:
        return Projection(self, lambda: self.last, database, bus or Bus(), fence)


async def projected(database: Database, chronicle: Chronicle, fence: int = 1) -> None:
    """Open the read model and write all that is missing, as a start of the hub does."""
    projection = chronicle.projection(database, fence)
    await projection.open()
    await projection.catch_up()


async def picture(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row that the journal makes, positions with them."""
    names = [name for name in metadata.tables if name.startswith("venue_")]
    names.remove(tables.cursor.name)
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with database.reading() as connection:
        for name in sorted([*names, "portfolio_position"]):
            table = metadata.tables[name]
            rows = await connection.execute(select(table).order_by(*table.primary_key))
            found[name] = [tuple(row) for row in rows]
    return found


def names() -> list[Fact]:
    """Return what names two owners, a quarter-hour, the hour and the block that begin with it."""
    hour_us = 4 * QUARTER_HOUR_US
    return [
        Joined(AT_US, WERK, "werk", "werk", "werk-sued", "", "", "", "cancel_newest", "werk"),
        Joined(AT_US, HANDEL, "handel", "bank", "", "p1", "s1", "anna", "allow", "bank"),
        listed(QUARTER, "PT15M", QUARTER_HOUR_US, 25_000),
        listed(HOUR, "PT60M", hour_us, 100_000, market="AT60"),
        listed(RANGE, "BLOCK", 2 * QUARTER_HOUR_US, 50_000, parts=(QUARTER, 4)),
        listed(4, "PT15M", QUARTER_HOUR_US, 25_000, start_us=NOON_US + QUARTER_HOUR_US),
    ]


def listed(
    contract: int,
    product: str,
    length_us: int,
    wh_per_step: int,
    *,
    market: str = "AT",
    start_us: int = NOON_US,
    parts: tuple[int, ...] = (),
) -> Listed:
    return Listed(
        at_us=AT_US,
        contract=contract,
        market=market,
        area="AT",
        product=product,
        start_us=start_us,
        end_us=start_us + length_us,
        opens_us=start_us - 86_400_000_000,
        closes_us=start_us - 300_000_000,
        step_kw=100,
        wh_per_step=wh_per_step,
        parts=parts,
        day=739_576,
    )


def entered(
    order_id: int,
    owner: int,
    side: Side,
    price_ticks: int,
    steps: int,
    *,
    contract: int = QUARTER,
    at_us: int = AT_US,
    display: int = 0,
    delta: int = 0,
    kind: Kind | None = None,
    execution: Execution = Execution.NON,
    state: State = State.ACTIVE,
    text: str = "",
    by: str = "",
) -> Entered:
    return Entered(
        at_us=at_us,
        order_id=order_id,
        contract=contract,
        owner=owner,
        side=side,
        kind=kind or (Kind.ICEBERG if display else Kind.LIMIT),
        execution=execution,
        validity=Validity.GFS,
        state=state,
        price_ticks=price_ticks,
        quantity_steps=steps,
        display_steps=display,
        delta_ticks=delta,
        valid_until_us=0,
        client_order_id=f"c{order_id}",
        text=text,
        action=Action.ADDED_BY_ADMIN if by else Action.ADDED,
        basket=0,
        by=by,
    )


def traded(
    trade_id: int,
    maker: Entered,
    taker: Entered,
    steps: int,
    *,
    price_ticks: int | None = None,
    contract: int | None = None,
    at_us: int = AT_US,
) -> Traded:
    return Traded(
        at_us=at_us,
        trade_id=trade_id,
        contract=contract or maker.contract,
        price_ticks=maker.price_ticks if price_ticks is None else price_ticks,
        quantity_steps=steps,
        maker_id=maker.order_id,
        taker_id=taker.order_id,
        maker_owner=maker.owner,
        taker_owner=taker.owner,
        side=taker.side,
        self_trade=maker.owner == taker.owner,
    )


def withdrawn(order_id: int, steps: int, *, by: str = "", at_us: int = AT_US) -> Withdrawn:
    action = Action.DELETED_BY_ADMIN if by else Action.DELETED
    return Withdrawn(at_us, order_id, steps, action, "no longer wanted" if by else "", by)
