"""The scene of one cycle, made of the plant, and what the site asks for in it. Pure."""

from collections.abc import Sequence

from agent.control.cuts import Hard
from agent.control.interlocks.inputs import OperatorLimit
from agent.control.local.scene import (
    POWER_AGE_S_MAX,
    Asked,
    Scene,
    Track,
    metered_kw,
    power_of,
)
from agent.control.local.scene import residual_kw as residual
from agent.control.local.scene import soc_pct as charge
from agent.control.local.strategies import SiteMemory, SiteRules, ask
from agent.control.plant import PlantState
from wire.schedule import Schedule, Slot


def site(
    plant: PlantState,
    schedule: Schedule | None,
    slot: Slot | None,
    hard: Hard,
    rules: SiteRules,
    memory: SiteMemory,
    *,
    now_us: int,
    base_kw: float,
    elapsed_s: float,
    armed: bool,
    rated_kw: float,
    limits: Sequence[OperatorLimit] = (),
) -> tuple[Asked, SiteMemory]:
    """Return what connection and strategies ask for, and what to remember.

    Args:
        hard: what protection leaves.
        now_us: wall time.
        base_kw: of the cycle before, as it was written; at first the measured power.
        elapsed_s: since the cycle before; 0 at first.
        armed: a frequency product answers.
        rated_kw: of the plant.
        limits: of the grid operator, as the inputs were decoded.
    """
    track = _tracked(plant, memory.track)
    site_kw, meter = metered_kw(plant, memory.meter)
    scene = Scene(
        plant=plant,
        now_us=now_us,
        schedule=schedule,
        slot=slot,
        base_kw=base_kw,
        elapsed_s=max(0.0, elapsed_s),
        armed=armed,
        lower_kw=hard.lower_kw,
        upper_kw=hard.upper_kw,
        rated_kw=rated_kw,
        site_kw=site_kw,
        residual_kw=residual(plant, site_kw, track, rules.connection.meter_lag_s),
        soc_pct=charge(plant),
    )
    return ask(scene, rules, memory, (track, meter), limits)


def _tracked(plant: PlantState, before: Track) -> Track:
    if plant.site_kw is None:
        return before
    power = plant.answering_kw
    power_kw = power_of(power, POWER_AGE_S_MAX)
    return before if power_kw is None else before.followed_by(plant.at_s - power.age_s, power_kw)
