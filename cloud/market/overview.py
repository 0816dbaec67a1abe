"""All that a person wants to know of the market data at one glance: made once for all who look.

Each thing that is asked for with its state, each series with its newest value and how whole its
days are, comparisons of sources, back-fills. Outages are counted, not listed: each is a series.
"""

import asyncio
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta

from cloud.kernel.context import Hub
from cloud.market.feeds.comparisons import Comparison, Comparisons
from cloud.market.feeds.fill import Fill
from cloud.market.feeds.fills import fills
from cloud.market.feeds.states import FeedStates, State
from cloud.market.series.archive import Archive
from cloud.market.series.days import Completeness, by_day
from cloud.market.series.merge import Statement, merge
from cloud.market.series.model import Extent, Kind, Series
from cloud.market.series.opened import archive_of

SERIES_MAX = 300
"""Of all but outages; those that moved last. What is left out is counted."""
_REACH_US = 4 * 86_400_000_000
"""From now: yesterday and tomorrow of every clock lie within."""
AGE_S_MAX = 2.0
"""An older overview is made anew for who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """A series as it is now."""

    extent: Extent
    at_us: int | None = None
    """Start of the newest interval of which there is a value up to tomorrow."""
    value: float | None = None
    days: tuple[Completeness, ...] = ()
    """Yesterday, today and tomorrow by the area's clock."""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything at `at_us`."""

    at_us: int
    feeds: tuple[State, ...] = ()
    series: tuple[Newest, ...] = ()
    left_out: int = 0
    """Series beyond `SERIES_MAX`."""
    outages: int = 0
    """Series of outages."""
    comparisons: tuple[Comparison, ...] = ()
    fills: tuple[Fill, ...] = ()
    waiting: int = 0
    """Statements set apart that nobody has decided on."""


@dataclass(slots=True)
class Glance:
    """The overview of a hub; made again when it is too old."""

    _made: Overview | None = None
    _made_s: float = float("-inf")
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def overview(self, hub: Hub) -> Overview:
        """Return an overview that is no older than `AGE_S_MAX`."""
        async with self._turn:
            now_s = asyncio.get_running_loop().time()
            if self._made is None or now_s - self._made_s > AGE_S_MAX:
                self._made = await made(hub)
                self._made_s = asyncio.get_running_loop().time()
            return self._made


async def made(hub: Hub) -> Overview:
    """Return the overview of a hub as it is now."""
    archive, now_us = archive_of(hub), hub.clock.now_us()
    feeds = tuple(copy(state) for state in hub.service(FeedStates))  # no younger than the series
    extents = await archive.extents()
    shown = [one for one in extents if one.series.kind is not Kind.UNAVAILABLE]
    newest = sorted(shown, key=_received_us, reverse=True)[:SERIES_MAX]
    said = await archive.around(now_us - _REACH_US, now_us + _REACH_US, Kind.UNAVAILABLE)
    series = [
        await _newest(archive, one, said.get(one.series, []), now_us)
        for one in sorted(newest, key=_series)
    ]
    return Overview(
        at_us=now_us,
        feeds=feeds,
        series=tuple(series),
        left_out=len(shown) - len(newest),
        outages=len(extents) - len(shown),
        comparisons=tuple(hub.service(Comparisons)),
        fills=tuple(await fills(hub.database)),
        waiting=await archive.waiting(),
    )


async def _newest(
    archive: Archive, extent: Extent, said: Sequence[Statement], now_us: int
) -> Newest:
    series = extent.series
    area = archive.areas.get(series.area)
    if area is None:
        return Newest(extent=extent)
    today = area.day_of(now_us)
    start_us = area.day_us(today - timedelta(days=1))[0]
    end_us = area.day_us(today + timedelta(days=1))[1]
    if extent.last_us < start_us:  # nothing of these days: its last day tells the rest
        day = area.day_of(extent.last_us)
        values = await archive.as_of(series, *area.day_us(day))
        days: tuple[Completeness, ...] = ()
    else:
        values = merge(series, said, start_us, end_us)
        days = tuple(by_day(values, area, start_us, end_us).values())
    return Newest(
        extent=extent,
        at_us=values.starts_us[-1] if values.starts_us else None,
        value=values.values[-1] if values.values else None,
        days=days,
        licence=values.licences[-1] if values.licences else "",
    )


def _received_us(extent: Extent) -> int:
    return extent.received_us


def _series(extent: Extent) -> Series:
    return extent.series
