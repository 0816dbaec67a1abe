"""Asks for the forecasts of the timetable, for every area whose prices a feed brings."""

import logging
from dataclasses import dataclass, field

from cloud.forecast.service import outlook, schedule, service, store
from cloud.forecast.service.model import Kind, Request
from cloud.forecast.service.schedule import Due
from cloud.kernel.context import Hub
from cloud.kernel.errors import HubError, Unavailable
from cloud.market.areas import catalogue
from cloud.market.areas.model import Area
from cloud.market.feeds import feeds_file
from cloud.market.series import model as series

LOOK_S = 20.0
TOPIC = "forecast schedule"
"""Woken by nobody yet but the end of the hub."""
EAGER_S = 2.0
"""After the start, until each area has its first forecast."""
SETTLED_LOOKS = 30
"""Feeds that still fetch what is missing are waited for so many eager looks, and no longer."""
_GRANULARITY_MIN = 15

_logger = logging.getLogger(__name__)


def areas_of(hub: Hub) -> list[Area]:
    """Return the areas whose day-ahead prices the operator's feeds bring, by their codes."""
    file = feeds_file.load(hub.settings.market_feeds_file)
    found = {
        code for row in file.feed if series.Kind.PRICE_DAY_AHEAD in row.kinds for code in row.areas
    }
    known = catalogue.load(hub.settings.areas_file)
    return [known[code] for code in sorted(found)]


@dataclass(slots=True)
class Scheduler:
    """Remembers what it has asked for; after a start it asks for the last row once more."""

    hub: Hub
    areas: list[Area]
    _asked: dict[tuple[str, Kind], int] = field(default_factory=dict)
    _looks: int = 0
    _welcomed: set[str] = field(default_factory=set)
    """Areas that have a forecast of tomorrow, or were asked for one after the start."""
    _hasty: set[str] = field(default_factory=set)
    """Of them, those whose feeds had not told everything yet."""

    async def run(self) -> None:
        """Look at the clock until cancelled, or until the hub stops."""
        bus = self.hub.bus
        while self.areas and not bus.closed:
            seen = bus.version(TOPIC)
            await self.look()
            waiting = any(area.code not in self._welcomed for area in self.areas)
            eager = waiting and self._looks <= SETTLED_LOOKS
            await bus.wait(TOPIC, seen, EAGER_S if eager else LOOK_S)

    async def look(self) -> None:
        """Ask for what is due."""
        now_us = self.hub.clock.now_us()
        self._looks += 1
        for area in self.areas:
            await self._begin(area, now_us)
            for row in schedule.due(area, now_us):
                key = area.code, row.issue.kind
                if self._asked.get(key, 0) >= row.at_us:
                    continue
                try:
                    await service.ask(self.hub, _request(area, row, now_us))
                except Unavailable:  # the database has said so; the next look tries again
                    return
                except HubError as error:
                    _logger.warning("no %s forecast of %s: %s", key[1].value, area.code, error)
                self._asked[key] = row.at_us

    async def _begin(self, area: Area, now_us: int) -> None:
        """Ask for the first forecast after the start; once more where feeds had told but a part."""
        settled = outlook.is_settled(self.hub, area)
        if area.code in self._hasty and settled:
            self._hasty.discard(area.code)
            self._welcomed.discard(area.code)
            await self._welcome(area, now_us, again=True)
        elif area.code not in self._welcomed and (settled or self._looks > SETTLED_LOOKS):
            await self._welcome(area, now_us)
            if area.code in self._welcomed and not settled:
                self._hasty.add(area.code)

    async def _welcome(self, area: Area, now_us: int, *, again: bool = False) -> None:
        """Ask for tomorrow if nobody has yet: a new hub shows something before its first 10:30.

        Behind the auction tomorrow is known, and the day after it is what is left to be forecast.
        """
        request = service.day_ahead(
            area, now_us, schedule.horizon_h(area, now_us), _GRANULARITY_MIN
        )
        try:
            async with self.hub.database.reading() as connection:
                there = await store.newest_job(
                    connection, area.code, Kind.DAYAHEAD, request.start_us, 0
                )
            if there is None or again:
                await service.ask(self.hub, request)
        except HubError:  # no price yet, or no database: the next look tries again
            return
        self._welcomed.add(area.code)


def _request(area: Area, row: Due, now_us: int) -> Request:
    if row.issue.kind is Kind.INTRADAY:
        return service.intraday(area, now_us, row.issue.horizon_h, _GRANULARITY_MIN)
    return service.day_ahead(area, now_us, row.issue.horizon_h, _GRANULARITY_MIN)
