"""What a forecast does about alarms of the watch: shorter memories, wider intervals. Pure.

While an alarm of the accuracy stands, and 14 days after it, only members of short windows are
asked: what is long past misleads. An alarm of the calibration lets the correction of the quantiles
begin anew on its day, for good, and widens them while it stands and 14 days after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration
from cloud.forecast.watch.verdicts import Code
from cloud.market.areas.model import Area

SHORT_WINDOW_DAYS_MAX = 364
WIDENED = 1.2
GOOD_US = 14 * 86_400_000_000
"""So long after an alarm has ended nothing is taken back."""
DONE = {
    "short_windows": "members of short windows only",
    "recalibrated": f"quantiles corrected anew, wider by {WIDENED:g}",
}
"""By the flag of a forecast, what its event says."""


class Stood(NamedTuple):
    """An alarm; `ended_us` is None while it stands."""

    code: str
    since_us: int
    ended_us: int | None


@dataclass(frozen=True, slots=True)
class Retreat:
    """How far back; of nothing where no alarm asks for it."""

    short_windows: bool = False
    restart: date | None = None
    """What the correction of the quantiles has learned before this day is forgotten."""
    widening: float = 1.0


def of(alarms: Iterable[Stood], area: Area, at_us: int) -> Retreat:
    """Return what the alarms of an area ask for at an instant; later ones are not known yet."""
    found = Retreat()
    for one in alarms:
        if one.since_us > at_us:
            continue
        lasts = one.ended_us is None or at_us < one.ended_us + GOOD_US
        if one.code == Code.ACCURACY and lasts:
            found = replace(found, short_windows=True)
        if one.code == Code.CALIBRATION:
            day = area.day_of(one.since_us)
            found = replace(
                found,
                restart=day if found.restart is None else max(day, found.restart),
                widening=WIDENED if lasts else found.widening,
            )
    return found


def shortened(configuration: Configuration) -> Configuration:
    """Return the configuration without its members of long windows; all of it if it has no other.

    The weights have the sum 1 again.
    """
    kept = [n for n, one in enumerate(configuration.members) if _is_short(one.window_days)]
    total = sum(configuration.weights[n] for n in kept)
    if not kept or total <= 0.0:
        return configuration
    return replace(
        configuration,
        members=tuple(configuration.members[n] for n in kept),
        weights=tuple(configuration.weights[n] / total for n in kept),
    )


def asleep(configuration: Configuration, told: FloatArray) -> FloatArray:
    """Return what the members said, shape (members, 24), those of long windows put to sleep."""
    found = told.copy()
    for n, one in enumerate(configuration.members):
        if not _is_short(one.window_days):
            found[n] = np.nan
    return found


def _is_short(window_days: int) -> bool:
    return window_days <= SHORT_WINDOW_DAYS_MAX
