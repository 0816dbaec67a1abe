"""Scores the forecasts whose prices are known, and tells when they go wrong."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from cloud.forecast.pins import service as pins
from cloud.forecast.service import gauges
from cloud.forecast.service.ladder import TooShort
from cloud.forecast.watch import looking, scoring, store, verdicts
from cloud.forecast.watch.intraday import scoring as intraday
from cloud.forecast.watch.intraday.scores import figures as intraday_figures
from cloud.forecast.watch.looking import Found
from cloud.forecast.watch.store import Alarm
from cloud.forecast.watch.verdicts import Code, Score
from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.kernel.events import NewEvent
from cloud.market.areas.model import Area
from cloud.market.feeds.running import TOPIC as NEW_PRICES
from cloud.market.series.archive import Archive
from cloud.market.series.opened import archive_of
from wire.sync import Severity

LOOK_S = 60.0
BACK_DAYS = 7
"""Older days that are not scored yet stay so."""
TEXT_MAX = 200

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Watcher:
    """Looks when there are new prices, and each minute."""

    hub: Hub
    areas: list[Area]
    stand_in: Callable[[Area], Awaitable[None]]
    """Issues the similar day where no forecast has come in time."""

    async def run(self) -> None:
        """Watch until cancelled, or until the hub stops."""
        bus = self.hub.bus
        while self.areas and not bus.closed:
            seen = bus.version(NEW_PRICES)
            for area in self.areas:
                try:
                    await self.look(area)
                except Unavailable:  # the database has said so
                    break
                except TooShort:  # no price yet
                    continue
            await bus.wait(NEW_PRICES, seen, LOOK_S)

    async def look(self, area: Area) -> None:
        """Score what can be scored, and bring the alarms up to date.

        Raises:
            TooShort: there is no price of the area.
            Unavailable: the database does not answer.
        """
        now_us, database = self.hub.clock.now_us(), self.hub.database
        archive = archive_of(self.hub)
        await pins.run_out(self.hub, area)
        scores = await self._scored(archive, area, area.day_of(now_us))
        last = verdicts.figures(scores)
        gauges.scored(area.code, last.mae14, last.coverage80)
        soon = await intraday.scored(database, archive, area, now_us)
        told = intraday_figures(soon)
        gauges.scored_soon(area.code, told.mae14, told.last_mae14, told.coverage80)
        found = await looking.found(database, archive, area, scores, now_us, soon)
        if Code.JOBS in found.wrong:
            with suppress(TooShort):
                await self.stand_in(area)
        await self._alarm(area, found, scores[-1].forecast if scores else "")

    async def _scored(self, archive: Archive, area: Area, today: date) -> list[Score]:
        """Return the scores of the last days, those that are possible now with them."""
        since = today - timedelta(days=verdicts.LONG_DAYS + 1)
        async with self.hub.database.reading() as connection:
            scores = await store.scores(connection, area.code, since)
        there = {one.day for one in scores}
        for back in range(BACK_DAYS, -2, -1):
            day = today - timedelta(days=back)
            if day in there:
                continue
            found = await scoring.score(self.hub.database, archive, area, day)
            if found is not None:
                async with self.hub.database.transaction() as connection:
                    await store.add(connection, found)
                scores.append(found)
        return sorted(scores, key=lambda one: one.day)

    async def _alarm(self, area: Area, found: Found, forecast: str) -> None:
        now_us, wrong = self.hub.clock.now_us(), found.wrong
        async with self.hub.database.reading() as connection:
            standing = {one.code: one for one in await store.standing(connection, area.code)}
        for code, text in wrong.items():
            if code not in standing:
                of = found.forecasts.get(code, forecast)
                alarm = Alarm(area.code, code.value, now_us, None, text[:TEXT_MAX], of)
                async with self.hub.database.transaction() as connection:
                    await store.raise_(connection, alarm)
                    await events.append(connection, _event(alarm, now_us, raised=True))
                _logger.warning("forecast of %s: %s", area.code, text)
        for alarm in standing.values():
            if alarm.code not in wrong:
                async with self.hub.database.transaction() as connection:
                    await store.end(connection, alarm, now_us)
                    await events.append(connection, _event(alarm, now_us, raised=False))
        for code in Code:
            gauges.alarmed(area.code, code.value, stands=code in wrong)


def _event(alarm: Alarm, now_us: int, *, raised: bool) -> NewEvent:
    which = f" (forecast {alarm.forecast})" if alarm.forecast else ""
    return NewEvent(
        at_us=now_us,
        code="FORECAST_ALARM" if raised else "FORECAST_ALARM_ENDED",
        severity=Severity.WARNING if raised else Severity.INFO,
        source="forecast",
        text=f"{alarm.area} {alarm.code}: {alarm.text}{which}",
        origin=f"forecast-alarm/{alarm.area}/{alarm.code}/{alarm.since_us}/{raised}",
    )
