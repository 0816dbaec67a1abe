"""Peak shaving: what is drawn from the grid stays below a peak, now or in the tariff's mean. Pure.

It sets a lower bound: so much the battery must give, or so much it may take at most. Charge can be
kept for it, which then nothing else below it may use. What an empty battery cannot hold back is
said with its size and not made up for by charging at the next peak.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.control.arbitrate import Proposal
from agent.control.limits import Ramp
from agent.control.local import interval as intervals
from agent.control.local.config import PeakShavingSettings
from agent.control.local.interval import Interval
from agent.control.local.latch import SOC_HYSTERESIS_PCT, at_or_below
from agent.control.local.scene import DUTY_US, WISH_US, Scene
from agent.status import Reason

CODE = "PEAK"
SOURCE = "peak_shaving"
CONTRACT_CLASS = 0
CONTRACT_SUB = 4
EXCEEDED_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakMemory:
    """What peak shaving remembers from cycle to cycle."""

    interval: Interval | None = None
    low: bool = False
    """The charge has come down to the reserve."""


@dataclass(frozen=True, slots=True)
class Peak:
    """What is left to be drawn now, and what the battery must do for it."""

    allowed_kw: float
    need_kw: float | None
    """Positive: it must give at least this; negative: it may take at most this; None: the meter
    tells nothing."""


def peak(
    scene: Scene, settings: PeakShavingSettings, memory: PeakMemory
) -> tuple[Peak, PeakMemory]:
    """Return how it stands in this cycle, and what to remember."""
    low = at_or_below(scene.soc_pct, settings.reserve_pct, memory.low, SOC_HYSTERESIS_PCT)
    interval = None
    allowed_kw = settings.peak_kw
    if settings.measured == "interval":
        interval = intervals.followed(memory.interval, scene, settings)
        allowed_kw = intervals.allowed_kw(interval, scene.now_us, settings)
    need_kw = None if scene.residual_kw is None else -scene.residual_kw - allowed_kw
    return Peak(allowed_kw, need_kw), PeakMemory(interval=interval, low=low)


def duty(scene: Scene, settings: PeakShavingSettings, now: Peak) -> Iterator[Proposal]:
    """Yield the bound where the peak is agreed upon with the grid operator."""
    if settings.priority == "contract" and now.need_kw is not None:
        expires_us = scene.now_us + DUTY_US
        yield _bound(scene, settings, now.need_kw, CONTRACT_CLASS, CONTRACT_SUB, expires_us)


def wishes(
    scene: Scene, settings: PeakShavingSettings, now: Peak, cls: int, sub: int, *, hold: bool
) -> Iterator[Proposal]:
    """Yield the bound where it is a matter of money, and what keeps the reserve.

    Args:
        hold: the charge is at or below the reserve, in hours in which it is kept.
    """
    if now.need_kw is None:
        return
    expires_us = scene.now_us + WISH_US
    if settings.priority != "contract":
        yield _bound(scene, settings, now.need_kw, cls, sub, expires_us)
    if not hold:
        return
    room_kw = max(0.0, -(now.need_kw + settings.margin_kw))
    yield Proposal(
        source=SOURCE,
        cls=cls,
        sub=sub,
        code="PEAK_RESERVE",
        text=f"{settings.reserve_pct:g} % of charge are kept for peaks",
        valid_from_us=scene.now_us,
        expires_us=expires_us,
        preferred_kw=-min(settings.recharge_kw, room_kw) if settings.recharge_kw else None,
        upper_kw=max(0.0, now.need_kw),
        ramp=Ramp.LOCAL,
    )


def exceeded(scene: Scene, settings: PeakShavingSettings, now: Peak) -> Iterator[Reason]:
    """Yield by how much more is drawn than may be."""
    if scene.site_kw is None:
        return
    beyond_kw = -scene.site_kw - now.allowed_kw
    if beyond_kw > EXCEEDED_SHARE * max(settings.peak_kw, scene.rated_kw):
        text = f"{beyond_kw:.0f} kW more are drawn than the peak of {settings.peak_kw:g} kW leaves"
        cls = CONTRACT_CLASS if settings.priority == "contract" else None
        yield Reason("PEAK_EXCEEDED", text, scene.site_kw, SOURCE, cls)


def _bound(
    scene: Scene,
    settings: PeakShavingSettings,
    need_kw: float,
    cls: int,
    sub: int,
    expires_us: int,
) -> Proposal:
    return Proposal(
        source=SOURCE,
        cls=cls,
        sub=sub,
        code=CODE,
        text=f"at most {settings.peak_kw:g} kW are to be drawn from the grid",
        valid_from_us=scene.now_us,
        expires_us=expires_us,
        lower_kw=need_kw if need_kw > 0.0 else min(0.0, need_kw + settings.margin_kw),
        ramp=Ramp.LOCAL,
    )
