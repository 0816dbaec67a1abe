"""I6, the limits at the connection to the grid: both directions, apparent power, fuses. Pure.

What may flow at the connection, less what the site exchanges with it without its battery (the
residual), is what the battery may do: an upper bound for what may be fed in, a lower one for what
may be drawn. A bound may lie beyond 0 and then forces power; protection still wins. Without the
meter the residual is not known, and the battery has a fixed interval.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agent.control.arbitrate import Proposal
from agent.control.limits import Ramp
from agent.control.local.config import ConnectionSettings
from agent.control.local.scene import DUTY_US, SITE_AGE_S_MAX, Scene, power_of
from agent.control.plant import PlantState
from agent.status import Reason

CODE = "I6"
CLASS = 0
SUB = 3
NO_METER_SHARE = 0.2
ZERO_EXPORT_BIAS = 0.01
"""Of rated power: so much is drawn where nothing may be fed in, because control is never exact."""
PHASES = 3
A_MAX = 1e6
"""Beyond it a current is nonsense."""
EXCEEDED_SHARE = 0.01
"""Of a limit: beyond it by more than this, it is said."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What may flow at the connection, + export: never empty."""

    lower_kw: float
    upper_kw: float


def proposals(
    scene: Scene, settings: ConnectionSettings, exchange: Exchange | None
) -> Iterator[Proposal]:
    """Yield the bounds that the connection sets for the battery, which has limits.

    Args:
        exchange: what `allowed` returned.
    """
    if exchange is None or scene.residual_kw is None:
        yield _no_meter(scene, settings)
        return
    yield _proposal(
        scene,
        "the limits of the connection",
        exchange.lower_kw - scene.residual_kw,
        exchange.upper_kw - scene.residual_kw,
    )


def allowed(plant: PlantState, settings: ConnectionSettings, rated_kw: float) -> Exchange | None:
    """Return what may flow at a connection with limits; None: the meter tells too little now."""
    reach = _reach_kw(plant, settings)
    if reach is None:
        return None
    draw_kw = min(reach.draw_kw, _or_inf(settings.import_kw_max)) - settings.margin_kw
    feed_kw = min(reach.feed_kw, _or_inf(settings.export_kw_max)) - settings.margin_kw
    if settings.feed_in_share is not None:
        share_kw = settings.feed_in_share * (settings.pv_installed_kw or 0.0)
        feed_kw = min(feed_kw, share_kw or -ZERO_EXPORT_BIAS * rated_kw)
    lower_kw, upper_kw = -draw_kw, feed_kw
    if lower_kw > upper_kw:  # a fuse that has blown its limit from both sides
        lower_kw = upper_kw = (lower_kw + upper_kw) / 2
    return Exchange(lower_kw, upper_kw)


def exceeded(
    scene: Scene, settings: ConnectionSettings, exchange: Exchange | None
) -> Iterator[Reason]:
    """Yield by how much the measured power lies beyond what may flow: it is never hidden."""
    if scene.site_kw is None or exchange is None:
        return
    beyond_kw = max(scene.site_kw - exchange.upper_kw, exchange.lower_kw - scene.site_kw)
    spread_kw = min(exchange.upper_kw - exchange.lower_kw, 10 * scene.rated_kw)
    if beyond_kw > EXCEEDED_SHARE * max(scene.rated_kw, spread_kw) + settings.margin_kw:
        way = "fed in" if scene.site_kw > exchange.upper_kw else "drawn"
        text = f"{beyond_kw:.1f} kW more than the connection allows are {way}"
        yield Reason(CODE, text, scene.site_kw, "connection", CLASS)


@dataclass(frozen=True, slots=True)
class _Reach:
    draw_kw: float
    feed_kw: float


def _reach_kw(plant: PlantState, settings: ConnectionSettings) -> _Reach | None:
    """Return what apparent power and fuses allow in either direction; None: not known now."""
    draw_kw = feed_kw = math.inf
    if settings.apparent_kva_max is not None:
        reactive = plant.site_kvar
        kvar: float | None = settings.reactive_kvar
        if reactive is not None:
            kvar = reactive.within(SITE_AGE_S_MAX)
        if kvar is None:
            return None
        left_kvar = min(abs(kvar), settings.apparent_kva_max)
        draw_kw = feed_kw = math.sqrt(settings.apparent_kva_max**2 - left_kvar**2)
    if settings.phase_a_max is not None:
        headroom = _of_fuse(plant, settings, settings.phase_a_max)
        if headroom is None:
            return None
        draw_kw, feed_kw = min(draw_kw, headroom.draw_kw), min(feed_kw, headroom.feed_kw)
    return _Reach(draw_kw, feed_kw)


def _of_fuse(plant: PlantState, settings: ConnectionSettings, fuse_a: float) -> _Reach | None:
    """Return how far the worst phase lets the power at the connection go.

    A battery loads its three phases alike, so what is left in the worst phase counts three times
    in the direction in which the site exchanges now. The other way leads through 0 first.
    """
    site = plant.site_kw
    known = [current.within(SITE_AGE_S_MAX) for current in plant.site_currents_a]
    currents_a = [abs(value) for value in known if value is not None and abs(value) <= A_MAX]
    if site is None or not known or len(currents_a) < len(known):
        return None
    site_kw = power_of(site, SITE_AGE_S_MAX)
    if site_kw is None:
        return None
    kw_per_a = PHASES * settings.phase_v / 1_000
    left_kw = (fuse_a - max(currents_a)) * kw_per_a
    back_kw = (fuse_a + max(currents_a)) * kw_per_a
    if site_kw >= 0.0:
        return _Reach(back_kw - site_kw, site_kw + left_kw)
    return _Reach(left_kw - site_kw, site_kw + back_kw)


def _no_meter(scene: Scene, settings: ConnectionSettings) -> Proposal:
    text = "the meter at the connection tells nothing: what the battery may do without it"
    return _proposal(scene, text, -_blind_kw(settings, export=False), _blind_kw(settings))


def _blind_kw(settings: ConnectionSettings, *, export: bool = True) -> float:
    """Return what the battery may do without the meter, a magnitude."""
    if settings.no_meter_kw is not None:
        return settings.no_meter_kw
    if settings.legal_duty:
        return 0.0
    limits = [settings.export_kw_max if export else settings.import_kw_max]
    limits.append(settings.apparent_kva_max)
    if settings.phase_a_max is not None:
        limits.append(PHASES * settings.phase_a_max * settings.phase_v / 1_000)
    if export and settings.feed_in_share is not None:
        return 0.0
    return NO_METER_SHARE * min((limit for limit in limits if limit is not None), default=math.inf)


def _proposal(scene: Scene, text: str, lower_kw: float, upper_kw: float) -> Proposal:
    return Proposal(
        source="connection",
        cls=CLASS,
        sub=SUB,
        code=CODE,
        text=text,
        valid_from_us=scene.now_us,
        expires_us=scene.now_us + DUTY_US,
        lower_kw=lower_kw,
        upper_kw=upper_kw,
        ramp=Ramp.LOCAL,
    )


def _or_inf(limit_kw: float | None) -> float:
    return math.inf if limit_kw is None else limit_kw
