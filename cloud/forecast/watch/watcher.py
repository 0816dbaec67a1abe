"""Scores the forecasts whose prices are known, and tells when they go wrong."""

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service import gauges, hours, inputs, schedule
from cloud.forecast.service import store as forecasts
from cloud.forecast.service.ladder import TooShort
from cloud.forecast.service.model import LEVELS
from cloud.forecast.service.sources import PRICE
from cloud.forecast.watch import sequence, store, verdicts
from cloud.forecast.watch.store import Alarm
from cloud.forecast.watch.verdicts import Code, Score, Slots
from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.kernel.events import NewEvent
from cloud.market.areas import catalogue
from cloud.market.areas.model import Area
from cloud.market.feeds.running import TOPIC as NEW_PRICES
from cloud.market.series.archive import Archive
from wire import clock
from wire.sync import Severity

LOOK_S = 60.0
BACK_DAYS = 7
"""Older days that are not scored yet stay so."""
GATE = time(12, 0)
"""Of the coupled auction, the day before delivery: a later forecast is none."""

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
        today = area.day_of(self.hub.clock.now_us())
        since = today - timedelta(days=verdicts.LONG_DAYS + 1)
        async with self.hub.database.reading() as connection:
            scores = await store.scores(connection, area.code, since)
        there = {one.day for one in scores}
        for back in range(BACK_DAYS, -2, -1):
            day = today - timedelta(days=back)
            if day not in there and (found := await self._score(area, day)) is not None:
                async with self.hub.database.transaction() as connection:
                    await store.add(connection, found)
                scores.append(found)
        last = verdicts.figures(scores)
        gauges.scored(area.code, last.mae14, last.coverage80)
        found_wrong: dict[str, str] = {
            code.value: text for code, text in verdicts.verdicts(scores).items()
        }
        if scores and (mixed := await self._mixed_up(area, scores)) is not None:
            found_wrong[Code.SEQUENCE.value] = mixed
        if await self._is_missing(area, today + timedelta(days=1)):
            found_wrong[Code.JOBS.value] = (
                "no forecast of tomorrow in time: the similar day stands in"
            )
            with suppress(TooShort):
                await self.stand_in(area)
        await self._alarm(area, found_wrong, scores[-1].forecast if scores else "")

    async def _score(self, area: Area, day: date) -> Score | None:
        span = area.day_us(day)
        gate_us = area.at_us(day - timedelta(days=1), GATE)
        async with self.hub.database.reading() as connection:
            name = await store.forecast_before(connection, area.code, span, gate_us)
            forecast = None if name is None else await forecasts.forecast_of(connection, name)
        if forecast is None:
            return None
        archive = Archive(self.hub.database, catalogue.load())
        chosen = await inputs.chosen(archive, area)
        step_s = forecast.request.granularity_min * 60
        week = area.day_us(day - timedelta(days=7))
        true = hours.on_slots(
            [await archive.as_of(one, *span) for one in chosen.of(PRICE)], *span, step_s
        )
        before = hours.on_slots(
            [await archive.as_of(one, *week) for one in chosen.of(PRICE)], *week, step_s
        )
        rows = [row for row in json.loads(forecast.series) if span[0] <= _us(row) < span[1]]
        naive = before if len(before) == len(true) else np.full(len(true), np.nan)
        slots = Slots(true, _points(rows), naive, _quantiles(rows))
        return verdicts.score(
            slots, area.code, day, (forecast.id, forecast.model, forecast.quality)
        )

    async def _mixed_up(self, area: Area, scores: list[Score]) -> str | None:
        archive = Archive(self.hub.database, catalogue.load())
        chosen = await inputs.chosen(archive, area)
        return await sequence.mixed_up(archive, chosen, area, scores)

    async def _is_missing(self, area: Area, tomorrow: date) -> bool:
        now_us = self.hub.clock.now_us()
        span = area.day_us(tomorrow)
        async with self.hub.database.reading() as connection:
            name = await store.forecast_before(
                connection, area.code, span, now_us + 1, computed=True
            )
        return schedule.is_missing(area, now_us, name is not None)

    async def _alarm(self, area: Area, wrong: dict[str, str], forecast: str) -> None:
        now_us = self.hub.clock.now_us()
        async with self.hub.database.reading() as connection:
            standing = {one.code: one for one in await store.standing(connection, area.code)}
        for code, text in wrong.items():
            if code not in standing:
                alarm = Alarm(area.code, code, now_us, None, text, forecast)
                async with self.hub.database.transaction() as connection:
                    await store.raise_(connection, alarm)
                    await events.append(connection, _event(alarm, now_us, raised=True))
                _logger.warning("forecast of %s: %s", area.code, text)
        for code, alarm in standing.items():
            if code not in wrong:
                async with self.hub.database.transaction() as connection:
                    await store.end(connection, alarm, now_us)
                    await events.append(connection, _event(alarm, now_us, raised=False))
        for code in Code:
            gauges.alarmed(area.code, code.value, stands=code.value in wrong)


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


def _us(row: dict[str, Any]) -> int:
    return clock.micros(datetime.fromisoformat(row["ts"]))


def _points(rows: list[dict[str, Any]]) -> FloatArray:
    told = [row["price_eur_mwh"] for row in rows]
    return np.array([np.nan if value is None else value for value in told], dtype=np.float64)


def _quantiles(rows: list[dict[str, Any]]) -> FloatArray | None:
    told = [row["price_q"] for row in rows]
    if any(one is None for one in told):
        return None
    return np.array(told, dtype=np.float64).reshape(-1, len(LEVELS))
