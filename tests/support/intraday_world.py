"""A market of its own whose intraday prices follow a known rule: what can be learned is known.

The wind forecast misses by an amount that lasts all day; the continuous market's index stands
beyond the last auction by so many EUR/MWh a MW of what is left for other plants, and by noise. The
auctions of the day see a part of it.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.intraday.vintages import SLOT_S, SLOT_US, Spoken, Vintages, vintages
from cloud.market.areas import catalogue
from wire.clock import micros, utc

AREA = catalogue.load()["AT"]
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is simulated; all from one seed."""

    days: int = 190
    slope: float = 0.03
    """EUR/MWh a MW: 0 is a market in which the last price is the best forecast."""
    noise: float = 4.0
    """EUR/MWh, of a quarter-hour's index, and half of it of an auction: no two belong together."""
    seed: int = 1
    index: bool = True
    auctions: bool = True

    def spoken(self, last: date) -> dict[str, list[Spoken]]:
        """Return what is said of the days until the one behind `last`, by name of the series."""
        random = np.random.default_rng(self.seed)
        found: dict[str, list[Spoken]] = {}
        for back in range(self.days, -2, -1):
            self._day(found, last - timedelta(days=back), random)
        return found

    def _day(self, found: dict[str, list[Spoken]], day: date, random: np.random.Generator) -> None:
        start_us, end_us = AREA.day_us(day)
        starts = np.arange(start_us, end_us, SLOT_US)
        hours = (starts - start_us) / _HOUR_US
        sun = (
            np.maximum(np.sin((hours - 6.0) * np.pi / 12.0), 0.0) * 1500.0 * random.uniform(0.5, 1)
        )
        wind = 800.0 + 500.0 * random.uniform(-1, 1) + 200.0 * np.sin(hours / 4.0)
        load = 6500.0 + 900.0 * np.sin((hours - 8.0) * np.pi / 12.0)
        missed = random.normal(0.0, 150.0) + 40.0 * np.sin(hours / 5.0 + random.uniform(0, 6))
        price = 60.0 + 0.01 * (load - sun - wind - 4500.0) + random.normal(0.0, 5.0)
        eve = start_us - 24 * _HOUR_US

        def say(name: str, at_us: int, values: FloatArray, first: int = 0) -> None:
            told = Spoken(
                starts[first:].tolist(), np.round(values[first:], 2).tolist(), at_us, (at_us, 1),
                SLOT_S, 0,
            )  # fmt: skip
            found.setdefault(name, []).append(told)

        say("price", eve + 13 * _HOUR_US, price)
        say("load", eve + 10 * _HOUR_US, load)
        say("solar", eve + 18 * _HOUR_US, sun)
        say("wind", eve + 18 * _HOUR_US, wind)
        say("wind", start_us + 8 * _HOUR_US, wind + 0.5 * missed)
        count = len(starts)
        steps = (
            random.standard_t(4.0, (4, count)) * self.noise * np.array([[0.5], [0.5], [0.5], [1]])
        )
        # Each price is the one before and something new.
        first = price + steps[0]
        second = first - self.slope * 0.3 * missed + steps[1]
        third = second.copy()
        third[count // 2 :] += steps[2, count // 2 :]
        index = (third if self.auctions else price) - self.slope * 0.7 * missed + steps[3]
        if self.auctions:
            say("ida/IDA1", eve + int(15.3 * _HOUR_US), first)
            say("ida/IDA2", eve + int(22.3 * _HOUR_US), second)
            say("ida/IDA3", start_us + int(10.3 * _HOUR_US), third, count // 2)
        noise = random.normal(0.0, 20.0, (3, len(starts)))
        came = {"load": load + noise[0], "solar": np.maximum(sun * random.uniform(0.7, 1.3), 0.0),
                "wind": np.maximum(wind + missed + noise[2], 0.0)}  # fmt: skip
        for slot, at_us in enumerate(starts.tolist()):
            said = {f"actual/{name}": values[slot] for name, values in came.items()}
            if self.index:
                said["index"] = index[slot]
            for name, value in said.items():
                known = at_us + SLOT_US + 1_800_000_000
                told = Spoken((at_us,), (round(float(value), 2),), known, (known, 1), SLOT_S, 0)
                found.setdefault(name, []).append(told)


def as_of(spoken: dict[str, list[Spoken]], at_us: int) -> dict[str, Vintages]:
    """Return what was said until an instant."""
    return {
        name: vintages([one for one in said if one.known_us <= at_us])
        for name, said in spoken.items()
    }


def instant(day: date, hour: float) -> int:
    """Return an hour of the clock of the area."""
    midnight = AREA.day_us(day)[0]
    return micros(utc(midnight + int(hour * _HOUR_US)))
