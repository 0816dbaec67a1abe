"""Sun and wind from the weather, where the operator of the grid has not told the day yet."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from cloud.forecast import zone
from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import filled
from cloud.forecast.service import hours
from cloud.forecast.service.reading import Reading

RADIATION, WIND_SPEED = "weather/radiation", "weather/wind"
_OF = {"solar": RADIATION, "wind": WIND_SPEED}


@dataclass(slots=True, eq=False)
class Fields:
    """What is known of sun and wind, by name, and what was done about what is not."""

    past: dict[str, FloatArray]
    """As foreseen and as they came, MW, shape (2, days, 24); the last rows are those wanted."""
    foreseen: dict[str, FloatArray]
    """MW at each slot wanted; NaN where not known."""
    flags: list[str] = field(default_factory=list)

    def renewables(self, wanted: FloatArray, names: list[str], targets: int) -> FloatArray:
        """Return the sum of sun and wind, where it is not known that of what stands in.

        Args:
            wanted: as the operator tells it, shape (days, 24).
            names: of those that the area has.
            targets: the last rows are the days wanted.
        """
        if not self.flags or any(name not in self.past for name in names):
            return wanted
        parts = np.sum([self.past[name][0] for name in names], axis=0)
        found = wanted.copy()
        late = ~np.isfinite(filled(found)[-targets:]).all(axis=1)
        found[-targets:][late] = parts[-targets:][late]
        return found


async def told(
    read: Reading,
    past: Mapping[str, FloatArray],
    foreseen: Mapping[str, FloatArray],
    target: date,
    targets: int,
    step_s: int,
) -> Fields:
    """Return both, with what the weather says where the operator says nothing yet."""
    found = Fields(dict(past), dict(foreseen))
    for name, use in _OF.items():
        both = past.get(name)
        places = read.chosen.below(f"{use}/")
        if both is None or not places or np.isfinite(filled(both[0])[-targets:]).all():
            continue
        own = await _own(read, name, both[1], target, targets)
        if own is not None:
            _take(found, name, own, read, target, targets, step_s)
    return found


async def _own(
    read: Reading, name: str, came: FloatArray, target: date, targets: int
) -> FloatArray | None:
    """Return what the weather says of past days and of those wanted; None: it says nothing."""
    count = len(came)
    first = target - timedelta(days=count - targets)
    each = [
        await read.eves(use, first, count, target) for use in read.chosen.below(f"{_OF[name]}/")
    ]
    weather = zone.of_places(each, count - targets)
    if weather is None:
        return None
    came = came.copy()
    came[count - targets :] = np.nan
    if name == "wind":
        own = await asyncio.to_thread(zone.wind_power, came, zone.hourly_wind(weather), 2)
    else:
        own = await asyncio.to_thread(zone.solar, came, weather, 2)
    return own if np.isfinite(own[count - targets]).all() else None


def _take(
    found: Fields,
    name: str,
    own: FloatArray,
    read: Reading,
    target: date,
    targets: int,
    step_s: int,
) -> None:
    """Put our own in the place of what is not known, and our own past beside it."""
    operators = found.past[name][0]
    late = not np.isfinite(filled(operators)[len(own) - targets]).all()
    days = [target + timedelta(days=n) for n in range(targets)]
    rows = own[len(own) - targets :]
    pairs = zip(rows, days, strict=True)
    slots = np.concatenate([hours.slots(row, read.area, day, step_s) for row, day in pairs])
    point = found.foreseen.get(name, np.full(len(slots), np.nan))
    if not (np.isnan(point) & np.isfinite(slots)).any():
        return
    found.foreseen[name] = np.where(np.isfinite(point), point, slots)
    found.flags.append(f"own_{name}")
    if late:  # errors of our own are what lies round our own
        found.past[name] = np.array([own, found.past[name][1]])
    else:
        known = np.isfinite(operators)
        found.past[name] = np.array([np.where(known, operators, own), found.past[name][1]])
