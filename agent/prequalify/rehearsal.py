"""A test in the computer: the box's own decisions, beat by beat, against a model of the plant.

Nothing is simulated of the box itself: the decisions are those of `agent.control.decide`, with the
rules that the settings mean. Time is counted, not waited for. Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.control.decide import Decision, Memory, Orders, Rules, decide
from agent.control.plant import FrequencyMeter, PlantState, Run, UnitState
from agent.control.quantity import Quantity
from agent.injection import Injection
from agent.prequalify.model import Behaviour, GridModel, Noise, UnitModel
from agent.prequalify.rulesets import Ruleset, Trial
from agent.prequalify.series import Series
from agent.prequalify.stages import Place, Until, advance, at_most_s
from agent.prequalify.target import Target
from wire.schedule import FrequencyService, Schedule, Slot

BEAT_S = 0.1
BEGIN_S = 1_000.0
"""The event loop's time at the begin of a rehearsal."""
WARM_S = 75.0
"""Before the record begins: the box looks at the frequency for a minute before it arms."""
HOURS_DEFAULT = 2.0
"""Of energy per power, where the settings do not say how much the battery holds."""
REACHED_SHARE = 0.02
REACHED_WINDOW_S = 1.0
PROGRESS_S = 60.0
_DAY_US = 86_400_000_000
_VOLTAGE_V = 230.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal is made of."""

    ruleset: Ruleset
    rules: Rules
    capacity_kw: float
    behaviour: Behaviour = field(default_factory=Behaviour)
    inject: bool = True
    """False: the meters show the test's frequency, as with a generator at their inputs."""
    now_us: int = 0

    @property
    def target(self) -> Target:
        return self.ruleset.target(self.capacity_kw)


@dataclass(slots=True)
class _World:
    """The plant of a rehearsal while it runs."""

    units: list[UnitModel]
    schedule: Schedule
    """The same object at every beat, as in a box: what is another one is looked at anew."""
    memory: Memory = field(default_factory=Memory)
    noise: Noise = field(default_factory=Noise)
    samples: dict[str, float] = field(default_factory=dict)
    written_s: float | None = None


def rehearse(
    rehearsal: Rehearsal, test: Trial, progress: Callable[[float], None] = lambda share: None
) -> Series:
    """Return the record of `test`; `progress` is told shares of the longest it can take."""
    world = _World(_models(rehearsal, test.start_soc_pct), _schedule(rehearsal))
    series, grid = Series(), GridModel()
    first_hz = test.stages[0].hz_at(0.0) if test.stages else 50.0
    longest_s = at_most_s(test.stages) or test.follow_s
    for beat in range(round(WARM_S / BEAT_S)):
        _beat(rehearsal, world, BEGIN_S - WARM_S + beat * BEAT_S, first_hz)
    place: Place | None = Place()
    beat, marked = 0, -1
    while place is not None:
        at_s = beat * BEAT_S
        if test.stages:
            place = advance(
                test.stages, place, at_s, lambda until: met(until, series, rehearsal.target)
            )
            if place is None:
                break
            hz = test.stages[place.stage].hz_at(at_s - place.began_s)
            if place.stage != marked:
                marked = place.stage
                series.marks.append((at_s, test.stages[marked].name))
        elif at_s >= test.follow_s:
            break
        else:
            hz = grid.next(BEAT_S)
        decision = _beat(rehearsal, world, BEGIN_S + at_s, hz, follows=not test.stages)
        series.add(at_s=at_s, hz=hz, **world.samples, **decided(decision, rehearsal.ruleset))
        beat += 1
        if beat % round(PROGRESS_S / BEAT_S) == 0:
            progress(min(1.0, at_s / longest_s))
    return series


def decided(decision: Decision, ruleset: Ruleset) -> dict[str, float]:
    """Return the columns that a decision tells."""
    management_kw = sum(product.management_kw for product in decision.products)
    columns = {
        "baseline_kw": decision.base_kw + management_kw,
        "management_kw": management_kw,
        "response_kw": decision.response_kw,
        "nem": 0.0,
        "aem": 0.0,
    }
    for product in decision.products:
        if product.product == ruleset.product:
            columns["response_kw"] = product.response_kw
            columns["nem"] = float(product.nem)
            columns["aem"] = float(product.aem)
            if product.alert is not None:
                columns["alert"] = float(product.alert)
            if product.endurance_min is not None:
                columns["endurance_min"] = product.endurance_min
    return columns


def met(until: Until, series: Series, target: Target) -> bool:
    """Say whether what a stage waits for is so, by the newest samples of the record."""
    if not len(series):
        return False
    if until is Until.REACHED:
        places = series.span(series.at_s[-1] - REACHED_WINDOW_S, series.at_s[-1])
        net_kw = [series.power_kw[place] - series.baseline_kw[place] for place in places]
        wanted_kw = target.kw_at(series.hz[-1])
        calm = series.hz[places.start] == series.hz[-1]
        near_kw = REACHED_SHARE * target.capacity_kw
        return calm and abs(sum(net_kw) / len(net_kw) - wanted_kw) <= near_kw
    nem, aem = series.nem[-1] != 0.0, series.aem[-1] != 0.0
    return {
        Until.NEM_ON: nem,
        Until.NEM_OFF: not nem,
        Until.AEM_ON: aem,
        Until.ALL_OFF: not nem and not aem,
    }.get(until, True)


def _models(rehearsal: Rehearsal, soc_pct: float) -> list[UnitModel]:
    return [
        UnitModel(
            behaviour=rehearsal.behaviour,
            rated_kw=unit.rated_kw,
            capacity_kwh=unit.capacity_kwh or HOURS_DEFAULT * unit.rated_kw,
            soc_pct=soc_pct,
            noise=Noise(index + 1),
        )
        for index, unit in enumerate(rehearsal.rules.limits.units)
    ]


def _beat(
    rehearsal: Rehearsal, world: _World, at_s: float, hz: float, *, follows: bool = False
) -> Decision:
    """Let the plant come to `at_s`, decide, and tell the inverters."""
    for unit in world.units:
        unit.pass_time(at_s - BEAT_S, at_s)
    now_us = rehearsal.now_us + round((at_s - BEGIN_S) * 1e6)
    inject = rehearsal.inject and not follows
    plant = _plant(rehearsal, world, at_s, 50.0 if inject else hz)
    injection = Injection("rehearsal", ((now_us, hz), (now_us + 1_000_000, hz))) if inject else None
    orders = Orders(now_us=now_us, schedule=world.schedule, injection=injection)
    decision, world.memory = decide(plant, orders, rehearsal.rules, world.memory)
    for unit, setpoint in zip(world.units, decision.units, strict=True):
        if setpoint.power_kw is not None:
            unit.tell(setpoint.power_kw, at_s)
    return decision


def _plant(rehearsal: Rehearsal, world: _World, at_s: float, hz: float) -> PlantState:
    """Return the plant as healthy as one can be, its meters showing `hz`."""
    measured_kw = [unit.measured_kw() for unit in world.units]
    charges = [unit.soc_pct for unit in world.units]
    energy_kwh = sum(unit.capacity_kwh for unit in world.units)
    held_kwh = sum(unit.soc_pct * unit.capacity_kwh for unit in world.units)
    world.samples = {"power_kw": sum(measured_kw), "soc_pct": held_kwh / energy_kwh}
    shown_hz = round(hz + 0.0004 * world.noise.next(), 4)
    meters = tuple(
        FrequencyMeter(device=name, hz=Quantity(shown_hz, 0.02), resolution_hz=0.001, period_s=0.05)
        for name in ("meter", "second-meter")
    )
    return PlantState(
        at_s=at_s,
        units=tuple(
            UnitState(
                unit=limits.unit,
                ready=True,
                power_kw=Quantity(power_kw, 0.02),
                soc_pct=Quantity(soc_pct, 0.02),
                run=Run.RUNNING,
                told_kw=Quantity(unit.told_kw, 0.02),
                written_kw=unit.told_kw,
                fingerprint="rehearsal",
            )
            for limits, unit, power_kw, soc_pct in zip(
                rehearsal.rules.limits.units, world.units, measured_kw, charges, strict=True
            )
        ),
        frequencies=meters,
        voltages_v=(Quantity(_VOLTAGE_V, 0.02),) * 3,
        clock_error_s=0.0,
    )


def _schedule(rehearsal: Rehearsal) -> Schedule:
    """Return what awards the products, and nothing else, for the whole test."""
    start_us = rehearsal.now_us - _DAY_US
    end_us = rehearsal.now_us + _DAY_US
    ruleset = rehearsal.ruleset
    awards = [(ruleset.product, 1.0, ruleset.curve)]
    awards += [(one.product, one.share, one.curve) for one in ruleset.beside]
    services = tuple(
        FrequencyService(product, start_us, end_us, share * rehearsal.capacity_kw, curve)
        for product, share, curve in awards
    )
    return Schedule(
        site="rehearsal",
        version=1,
        issued_us=start_us,
        slots=(Slot(start_us, end_us, 0.0),),
        services=services,
    )
