"""What stands before the next forecast of an area: its feeds, their past, the timetable.

For whoever sees that there is no forecast yet and asks why, and until when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud.forecast.service import schedule
from cloud.forecast.service.model import Kind
from cloud.kernel.context import Hub
from cloud.market.areas.model import Area
from cloud.market.feeds.fills import fills
from cloud.market.feeds.states import FeedStates, State
from cloud.market.series import model as series
from cloud.market.series.opened import archive_of

READ = (
    series.Kind.PRICE_DAY_AHEAD,
    series.Kind.LOAD_FORECAST,
    series.Kind.GENERATION_FORECAST,
)
"""What a day-ahead forecast is made of, and waits for after the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed that brings something to a forecast."""

    source: str
    kind: str
    detail: str
    answered_us: int | None
    """None: it has not answered since the start."""
    error: str
    next_us: int | None
    done: int | None = None
    """Days of its past that were asked for, while it is fetched; None: it is not."""
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Of one area."""

    area: str
    scheduled: bool
    """Whether a feed of the operator brings its prices: then it is forecast by itself."""
    prices: bool
    """Whether a price of the area is in the store."""
    next_us: Mapping[str, int]
    """By kind of forecast, when the timetable asks for the next one."""
    sources: tuple[Source, ...]


async def outlooks(hub: Hub, scheduled: Sequence[Area]) -> list[Outlook]:
    """Return the outlook of each area of the timetable, and of each with prices in the store.

    Raises:
        Unavailable: the database does not answer.
    """
    states = [state for state in hub.service(FeedStates) if state.asked.kind in READ]
    archive = archive_of(hub)
    priced = {
        extent.series.area
        for extent in await archive.extents()
        if extent.series.kind is series.Kind.PRICE_DAY_AHEAD
    }
    codes = {area.code for area in scheduled}
    filling = await _filling(hub) if states else {}
    now_us, areas = hub.clock.now_us(), archive.areas
    return [
        Outlook(
            area=code,
            scheduled=code in codes,
            prices=code in priced,
            next_us={
                kind.value: schedule.next_us(areas[code], now_us, kind)
                for kind in Kind
                if code in codes
            },
            sources=tuple(_source(one, filling) for one in states if one.asked.area == code),
        )
        for code in sorted(codes | (priced & areas.keys()))
    ]


def is_settled(hub: Hub, area: Area) -> bool:
    """Tell whether every feed of an area has answered, or failed, since the start."""
    states = [
        state
        for state in hub.service(FeedStates)
        if state.asked.area == area.code and state.asked.kind in READ
    ]
    return bool(states) and all(one.answered_us is not None or one.failures for one in states)


async def _filling(hub: Hub) -> Mapping[object, tuple[int, int]]:
    now_us = hub.clock.now_us()
    return {
        fill.asked: (fill.done, fill.total)
        for fill in await fills(hub.database)
        if fill.standing(now_us) == "running"
    }


def _source(state: State, filling: Mapping[object, tuple[int, int]]) -> Source:
    done, total = filling.get(state.asked, (None, None))
    return Source(
        source=state.asked.source,
        kind=state.asked.kind.value,
        detail=state.asked.detail,
        answered_us=state.answered_us,
        error=state.error,
        next_us=state.next_us,
        done=done,
        total=total,
    )
