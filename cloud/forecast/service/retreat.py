"""What a forecast does about alarms of the watch, and about a person's wish. Pure.

An alarm of the accuracy lets only members of short windows speak; where it stays, and the similar
day errs less, that takes their place a day later: one step a day. While the bias has an alarm only
members speak that see prices relative to their level. An alarm of the calibration lets the
correction of the quantiles begin anew on its day, for good, and widens them. Each lasts as long as
its alarm and 14 days longer. What a person has pinned takes the place of these members. Where the
members of the next hours lose against the last price, that is told in their place as long.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum, unique
from typing import NamedTuple

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration
from cloud.forecast.service.sources import EXAA_PRICE
from cloud.forecast.watch.verdicts import Code
from cloud.market.areas.model import Area

SHORT_WINDOW_DAYS_MAX = 364
WIDENED = 1.2
_DAY_US = 86_400_000_000
GOOD_US = 14 * _DAY_US
"""So long after an alarm has ended nothing is taken back."""
RESTING = "models_rest"
"""Flag of the similar day in place of the members."""
DONE = {
    "short_windows": "members of short windows only",
    "level_relative": "members relative to the level only",
    RESTING: "the similar day in place of the members",
    "spread_rests": "the last price in place of the members",
    "recalibrated": f"quantiles corrected anew, wider by {WIDENED:g}",
    "pinned": "members as a person has pinned them",
}
"""By the flag of a forecast, what its event says."""


@unique
class Members(StrEnum):
    """Who is asked; the later, the further back."""

    ALL = "all"
    SHORT_WINDOWS = "short_windows"
    LEVEL_RELATIVE = "level_relative"
    SIMILAR_DAY = "similar_day"


FLAGS = {
    Members.SHORT_WINDOWS: "short_windows",
    Members.LEVEL_RELATIVE: "level_relative",
    Members.SIMILAR_DAY: RESTING,
}


class Stood(NamedTuple):
    """An alarm; `ended_us` is None while it stands."""

    code: str
    since_us: int
    ended_us: int | None

    def lasts(self, at_us: int, more_us: int = GOOD_US) -> bool:
        return self.ended_us is None or at_us < self.ended_us + more_us


class Pinned(NamedTuple):
    """What a person wishes until the end of a day, or until somebody ends it before."""

    members: Members
    without: tuple[str, ...]
    """Input groups that may not be read."""
    since_us: int
    until_us: int
    """Half-open."""


@dataclass(frozen=True, slots=True)
class Retreat:
    """How far back; of nothing where no alarm asks for it."""

    members: Members = Members.ALL
    without: tuple[str, ...] = ()
    """Input groups that are left out."""
    restart: date | None = None
    """What the correction of the quantiles has learned before this day is forgotten."""
    widening: float = 1.0
    pinned: bool = False

    @property
    def mark(self) -> str:
        """Return what tells it from another; "" where nothing is to be done."""
        return "" if self == Retreat() else self.packed()

    def packed(self) -> str:
        said = asdict(self) | {"restart": "" if self.restart is None else self.restart.isoformat()}
        return json.dumps(said, sort_keys=True)

    @classmethod
    def unpacked(cls, packed: str) -> "Retreat":
        said = json.loads(packed)
        return cls(
            members=Members(said["members"]),
            without=tuple(said["without"]),
            restart=date.fromisoformat(said["restart"]) if said["restart"] else None,
            widening=said["widening"],
            pinned=said["pinned"],
        )


def of(alarms: Iterable[Stood], area: Area, at_us: int, pinned: Pinned | None = None) -> Retreat:
    """Return what the alarms of an area ask for at an instant; later ones are not known yet.

    Args:
        pinned: goes before the members that the alarms ask for; None: nobody has pinned any.
    """
    known = [one for one in alarms if one.since_us <= at_us]
    found = Retreat(members=_members(known, at_us))
    if any(one.code == Code.SEQUENCE and one.lasts(at_us) for one in known):
        found = replace(found, without=(EXAA_PRICE,))
    for one in known:
        if one.code == Code.CALIBRATION:
            day = area.day_of(one.since_us)
            found = replace(
                found,
                restart=day if found.restart is None else max(day, found.restart),
                widening=WIDENED if one.lasts(at_us) else found.widening,
            )
    if pinned is not None and pinned.since_us <= at_us < pinned.until_us:
        without = tuple(sorted({*found.without, *pinned.without}))
        found = replace(found, members=pinned.members, without=without, pinned=True)
    return found


def shuts(alarms: Iterable[Stood], at_us: int) -> bool:
    """Tell whether the gate of the next hours is shut at an instant, whatever its test says."""
    return any(
        one.code == Code.INTRADAY and one.since_us <= at_us and one.lasts(at_us) for one in alarms
    )


def _members(known: Iterable[Stood], at_us: int) -> Members:
    """Return who is asked; each step back, and each one forward again, takes a day."""
    found = Members.ALL
    for one in known:
        step = Members.ALL
        if one.code == Code.ACCURACY and one.lasts(at_us):
            step = Members.SHORT_WINDOWS
        elif one.code == Code.BIAS and one.lasts(at_us):
            step = Members.LEVEL_RELATIVE
        elif one.code == Code.STAYS and one.lasts(at_us):
            step = Members.SIMILAR_DAY
        elif one.code == Code.STAYS and one.lasts(at_us, GOOD_US + _DAY_US):
            step = Members.SHORT_WINDOWS
        found = max(found, step, key=list(Members).index)
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
