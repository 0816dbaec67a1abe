"""Series of one area, read as they were known at one instant."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS
from cloud.forecast.service import hours
from cloud.forecast.service.sources import NEIGHBOURS, PRICE, Chosen
from cloud.market.areas.model import Area
from cloud.market.series.archive import Archive
from cloud.market.series.merge import Values
from cloud.market.series.model import Series
from cloud.market.series.vintages import Eve, of_eves

_CHUNK_DAYS = 200
_DAY_US = 86_400_000_000


class Reading:
    """Reads of one area as of one instant, and what they remember."""

    def __init__(self, archive: Archive, area: Area, chosen: Chosen, as_of_us: int) -> None:
        self.area, self.chosen = area, chosen
        self._archive, self._as_of_us = archive, as_of_us
        self.known_us: dict[str, int] = {}
        """By use, when its newest value became known."""

    async def days(self, use: str, first: date, count: int) -> FloatArray:
        """Return hourly means, shape (count, 24)."""
        found = np.full((count, HOURS), np.nan)
        for begin in range(0, count, _CHUNK_DAYS):
            length = min(_CHUNK_DAYS, count - begin)
            day = first + timedelta(days=begin)
            start_us = self.area.day_us(day)[0]
            end_us = self.area.day_us(day + timedelta(days=length))[0]
            read = await self._read(use, start_us, end_us)
            found[begin : begin + length] = await asyncio.to_thread(
                hours.matrix, read, self.area, day, length
            )
        return found

    async def quarters(self, first: date, count: int, use: str = PRICE) -> FloatArray:
        """Return prices of quarter-hours, shape (count, 96); NaN of days that have none."""
        found = []
        for begin in range(0, count, _CHUNK_DAYS):
            length = min(_CHUNK_DAYS, count - begin)
            day = first + timedelta(days=begin)
            start_us = self.area.day_us(day)[0]
            end_us = self.area.day_us(day + timedelta(days=length))[0]
            read = await self._read(use, start_us, end_us)
            found.append(await asyncio.to_thread(hours.quarters, read, self.area, day, length))
        return np.concatenate(found)

    async def slots(self, use: str, start_us: int, end_us: int, step_s: int) -> FloatArray:
        """Return one value a slot, NaN where it is not known."""
        return hours.on_slots(await self._read(use, start_us, end_us), start_us, end_us, step_s)

    async def eves(self, use: str, first: date, count: int, target: date) -> FloatArray:
        """Return hourly means, each day as known on its eve, shape (count, 24).

        `target` and what follows are read as of this reading's instant, a day before as of the
        same hour so many days earlier: what is learned from was known in time.
        """
        found = np.full((count, HOURS), np.nan)
        days = [first + timedelta(days=row) for row in range(count)]
        backs = [max((target - day).days, 0) for day in days]
        spans = [
            Eve(*self.area.day_us(day), self._as_of_us - back * _DAY_US)
            for day, back in zip(days, backs, strict=True)
        ]
        for series in self.chosen.of(use):
            for row, values in enumerate(await of_eves(self._archive, series, spans)):
                told = hours.matrix([values], self.area, days[row], 1)[0]
                found[row] = np.where(np.isfinite(told), told, found[row])
                if values.known_us:
                    name = use.partition("/")[0]
                    self.known_us[name] = max(self.known_us.get(name, 0), *values.known_us)
        return found

    async def versions(self, uses: Sequence[str], day: date) -> tuple[int, FloatArray] | None:
        """Return when the newest value of a day became known, and its hours before that, added up.

        None: nothing was told of the day; NaN where nothing was known before.
        """
        span = self.area.day_us(day)
        known_us: list[int] = []
        each = []
        for use in uses:
            before = []
            for series in self.chosen.of(use):
                newest_us = (await self._of(series, *span)).known_us
                known_us += newest_us
                if newest_us:
                    at_us = max(newest_us) - 1
                    before.append(await self._archive.as_of(series, *span, at_us))
            each.append(hours.matrix(before, self.area, day, 1)[0])
        return (max(known_us), np.sum(each, axis=0)) if known_us else None

    @property
    def as_of_us(self) -> int:
        return self._as_of_us

    async def _read(self, use: str, start_us: int, end_us: int) -> Sequence[Values]:
        found = []
        for series in self.chosen.of(use):
            values = await self._of(series, start_us, end_us)
            found.append(values)
            if values.known_us:
                name = NEIGHBOURS if use.startswith(NEIGHBOURS) else use
                name = name.rpartition("/")[0] if "/B" in name else name
                self.known_us[name] = max(self.known_us.get(name, 0), *values.known_us)
        return found

    async def _of(self, series: Series, start_us: int, end_us: int) -> Values:
        return await self._archive.as_of(series, start_us, end_us, self._as_of_us)
