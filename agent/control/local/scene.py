"""What a strategy looks at in one cycle, and what all of them together ask for. Pure.

The residual is what the site would exchange with the grid without its battery: PV less load. It is
the meter's power less the battery's *of the same moment*: a meter that tells later than the
inverter would otherwise show every step of the battery as a step of the load.
"""

from bisect import bisect_right
from dataclasses import dataclass

from agent.control.arbitrate import Proposal
from agent.control.plant import PlantState
from agent.control.quantity import Quantity
from agent.status import Reason
from wire.schedule import POWER_KW_MAX, Schedule, Slot

SITE_AGE_S_MAX = 2.0
POWER_AGE_S_MAX = 2.0
SOC_AGE_S_MAX = 30.0
SAMPLES_AGAIN = 3
"""So many fresh ones of the meter, after it was lost, before it is believed again."""
TRACK_S = 10.0
"""How long the battery's power is remembered: the oldest reading of a meter and its lag."""
WISH_US = 10_000_000
"""How long a local proposal lives; it is made anew in every cycle."""
DUTY_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Track:
    """The battery's power of the last seconds."""

    at_s: tuple[float, ...] = ()
    """Rising."""
    power_kw: tuple[float, ...] = ()

    def followed_by(self, at_s: float, power_kw: float) -> "Track":
        """Return the track with one more sample; an old one changes nothing."""
        if self.at_s and at_s <= self.at_s[-1]:
            return self
        first = bisect_right(self.at_s, at_s - TRACK_S)
        return Track((*self.at_s[first:], at_s), (*self.power_kw[first:], power_kw))

    def at(self, at_s: float) -> float:
        """Return the power at an instant: linear between samples, held outside them."""
        right = bisect_right(self.at_s, at_s)
        if right == 0 or right == len(self.at_s):
            return self.power_kw[max(0, right - 1)]
        x0, x1 = self.at_s[right - 1], self.at_s[right]
        y0, y1 = self.power_kw[right - 1], self.power_kw[right]
        return y0 + (y1 - y0) * (at_s - x0) / (x1 - x0)


@dataclass(frozen=True, slots=True)
class Meter:
    """Whether the meter at the connection was lost, and how many samples it had told then."""

    lost: bool = False
    samples: int = 0


KNOWN = Meter()


def metered_kw(plant: PlantState, before: Meter) -> tuple[float | None, Meter]:
    """Return the power at the connection, None where it may not be decided upon (I9)."""
    site = plant.site_kw
    if site is None or site.value is None:  # what has never come has not been lost
        return None, before
    site_kw = power_of(site, SITE_AGE_S_MAX)
    if site_kw is None:
        return None, Meter(True, site.samples)
    if before.lost and site.samples - before.samples < SAMPLES_AGAIN:
        return None, before
    return site_kw, KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One cycle as the strategies see it."""

    plant: PlantState
    now_us: int
    """Wall time."""
    schedule: Schedule | None
    slot: Slot | None
    base_kw: float
    """The base of the cycle before, as it was written; the measured power at first."""
    elapsed_s: float
    """Since the cycle before; 0 at first."""
    armed: bool
    """A frequency product answers: what is measured is not the base alone."""
    lower_kw: float
    """What protection leaves."""
    upper_kw: float
    rated_kw: float
    site_kw: float | None
    """At the connection, + export; None: not known now."""
    residual_kw: float | None
    """PV less load; None: not known now."""
    soc_pct: float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the site's connection and strategies ask for in this cycle."""

    duties: tuple[Proposal, ...] = ()
    """Of class 0."""
    wishes: tuple[Proposal, ...] = ()
    """Of lower classes."""
    pv_limit_kw: float | None = None
    """What the PV may produce; None: whatever it can."""
    said: tuple[Reason, ...] = ()
    """What went wrong and is not hidden: a limit that is exceeded, and by how much."""


def residual_kw(
    plant: PlantState, site_kw: float | None, track: Track, meter_lag_s: float
) -> float | None:
    """Return PV less load, + = surplus; None: the meter or the battery is not known now."""
    if plant.site_kw is None or site_kw is None:
        return None
    if not track.at_s or plant.at_s - track.at_s[-1] > POWER_AGE_S_MAX:
        return None
    return site_kw - track.at(plant.at_s - plant.site_kw.age_s - meter_lag_s)


def power_of(quantity: Quantity, limit_s: float) -> float | None:
    """Return a power that may be decided upon; None: it is not known, or beyond all plants."""
    power_kw = quantity.within(limit_s)
    return None if power_kw is None or abs(power_kw) > POWER_KW_MAX else power_kw


def soc_pct(plant: PlantState) -> float | None:
    """Return the mean state of charge of the units; None: one of them does not tell."""
    total_pct = 0.0
    for unit in plant.units:
        value = unit.soc_pct.within(SOC_AGE_S_MAX)
        if value is None:
            return None
        total_pct += value
    return total_pct / len(plant.units)
