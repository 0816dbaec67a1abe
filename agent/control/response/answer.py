"""What the frequency products of a site answer in this cycle. Pure.

The frequency is judged, the alert counters are moved on, and each product that is awarded is
looked at once a second by the arming gate. An armed one answers from the first cycle of its period
on: its input is switched to the grid's frequency, nothing is ramped and nothing delayed. Products
are controllers of their own; their answers add up.

A test that injects a frequency replaces the measurement for the products: for their responses,
their energy management and the alert counters that they go by, for a prequalification test is to
show these as well. Of the measured frequency the site's own counters go on, and archive and
baseline never see anything else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.control.energy.contract import Contract, Reservoir
from agent.control.energy.manage import EnergyMemory
from agent.control.energy.recovery import unbroken_until_us
from agent.control.interlocks.voltage import NEUTRAL, Voltage
from agent.control.plant import PlantState
from agent.control.response import alert as alerts
from agent.control.response import steps
from agent.control.response.alert import Alert
from agent.control.response.catalogue import product_of
from agent.control.response.config import FrequencySettings
from agent.control.response.curve import NOMINAL_HZ
from agent.control.response.frequency import Trust, chosen, judge
from agent.control.response.looking import looked_at
from agent.control.response.product import Frequency, ProductState, key_of
from agent.control.response.serve import served
from agent.control.response.serving import Around, Serving
from agent.control.response.steps import Steps
from wire.schedule import FrequencyService

TAIL_S = 900.0
"""How long a response that outlasts its period goes on before it may be ramped down."""
TAIL_RAMP_S = 300.0
CALM_HZ = 0.100
ELAPSED_S_MAX = 2.0
"""After a longer pause the counters have counted so much."""

_NOTHING: Mapping[str, EnergyMemory] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one cycle asks of the products."""

    now_us: int
    """Wall time, for the periods of awards."""
    services: Sequence[FrequencyService]
    """All that are awarded, now and later."""
    lower_kw: float
    upper_kw: float
    """What class 0 leaves: the room for reserves."""
    injected_hz: float | None = None
    voltage: Voltage = NEUTRAL
    base_kw: float = 0.0
    """Of the plant, of the cycle before."""
    reservoir: Reservoir | None = None
    unproved: str = ""
    """Why nothing may be trusted to the inverters yet; empty: they are proved."""
    dead_zone_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRules:
    """What the settings and the process say; the same for its life."""

    settings: FrequencySettings = field(default_factory=FrequencySettings)
    real_time: bool | None = None
    """The process is scheduled in real time; None: nobody has asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseMemory:
    """What one cycle leaves to the next."""

    at_s: float | None = None
    trust: Trust = field(default_factory=Trust)
    steps: Steps = field(default_factory=Steps)
    alert: Alert = field(default_factory=Alert)
    """By the measured frequency."""
    tested: Alert | None = None
    """By the injected one; None: there is no test."""
    products: Mapping[str, Serving] = field(default_factory=dict)
    recalled: Mapping[str, EnergyMemory] = field(default_factory=dict)
    """Of the products of a run before, see `agent.control.recall`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the products ask for together."""

    frequency: Frequency
    alert: Alert
    """By the measured frequency."""
    products: tuple[ProductState, ...] = ()
    kept: tuple[Serving, ...] = ()
    """Those for which power is kept free; the frequency has no say in it."""
    response_kw: float = 0.0
    management_kw: float = 0.0
    resumed_kw: float = 0.0
    """Of both, what a run before gave already and goes on in this cycle."""


def answer(
    plant: PlantState, asked: Asked, rules: ResponseRules, before: ResponseMemory
) -> tuple[Answer, ResponseMemory]:
    """Return what the products ask for in this cycle, and what to remember for the next one."""
    settings, at_s = rules.settings, plant.at_s
    measured, trust = judge(plant.frequencies, asked.voltage, at_s, settings, before.trust)
    if not plant.ready and not measured.believed:
        # Whatever was held for a frequency that went away belongs to the time before.
        trust = replace(trust, believed_hz=None)
    frequency = _applied(measured, asked)
    elapsed_s = 0.0 if before.at_s is None else min(max(0.0, at_s - before.at_s), ELAPSED_S_MAX)
    deviation_hz = _deviation_hz(measured.hz) if measured.believed else None
    alert = alerts.step(before.alert, deviation_hz, elapsed_s)
    tested = None
    if frequency.injected:
        deviation_hz = _deviation_hz(frequency.applied_hz)
        tested = alerts.step(before.tested or Alert(), deviation_hz, elapsed_s)
    fineness = before.steps
    sample = trust.sample
    if sample.hz is not None and sample.at_s != fineness.sampled_s and plant.frequencies:
        meter = chosen(plant.frequencies, settings.age_s_max)
        if meter is not None and meter.hz.usable(settings.age_s_max):
            fineness = steps.step(fineness, meter.device, sample.hz, sample.at_s)
    live = _live(asked, settings, before, frequency) if plant.ready else ()
    around = Around(
        plant=plant,
        settings=settings,
        real_time=rules.real_time,
        lower_kw=asked.lower_kw,
        upper_kw=asked.upper_kw,
        base_kw=asked.base_kw,
        reservoir=asked.reservoir,
        unproved=asked.unproved,
        dead_zone_kw=asked.dead_zone_kw,
        frequency=frequency,
        steps=fineness,
        now_us=asked.now_us,
    )
    answered, products = _answered(live, around, alert, alert if tested is None else tested)
    return answered, ResponseMemory(
        at_s=at_s,
        trust=trust,
        steps=fineness,
        alert=alert,
        tested=tested,
        products=products,
        recalled=_recalled(before, ready=plant.ready),
    )


def _answered(
    live: Sequence[Serving], around: Around, alert: Alert, applied: Alert
) -> tuple[Answer, Mapping[str, Serving]]:
    """Return what the live products ask for; the applied alert is what they go by."""
    if not live:
        return Answer(frequency=around.frequency, alert=alert), {}
    looked = looked_at(live, around)
    states: list[ProductState] = []
    products: dict[str, Serving] = {}
    response_kw = management_kw = resumed_kw = 0.0
    for one in looked:
        state, after = served(one, around, applied)
        states.append(state)
        products[one.key] = _gone_on(after)
        resumed_kw += _resumed_kw(state, after)
        response_kw += state.response_kw
        management_kw += state.management_kw
    answered = Answer(
        frequency=around.frequency,
        alert=alert,
        products=tuple(states),
        kept=tuple([one for one in looked if one.keeps_power and not one.ended]),
        response_kw=response_kw,
        management_kw=management_kw,
        resumed_kw=resumed_kw,
    )
    return answered, products


def _resumed_kw(state: ProductState, serving: Serving) -> float:
    return state.response_kw + state.management_kw if serving.resumed and serving.armed else 0.0


def _gone_on(serving: Serving) -> Serving:
    return replace(serving, resumed=False) if serving.resumed and serving.armed else serving


def _deviation_hz(hz: float | None) -> float | None:
    return None if hz is None else hz - NOMINAL_HZ


def _applied(measured: Frequency, asked: Asked) -> Frequency:
    """Return the frequency with what a test puts in its place; a dead bus stops a test as well."""
    if asked.injected_hz is None:
        return measured
    share = 1.0 if asked.voltage.sound else 0.0
    return replace(measured, applied_hz=asked.injected_hz, injected=True, share=share)


def _live(
    asked: Asked,
    settings: FrequencySettings,
    before: ResponseMemory,
    frequency: Frequency,
) -> tuple[Serving, ...]:
    """Return the products in force, and those whose response outlasts its period."""
    live: dict[str, Serving] = {}
    for service in asked.services:
        if service.start_us <= asked.now_us < service.end_us:
            key = key_of(service.product, live)
            known = before.products.get(key)
            live[key] = _continued(known, key, service, asked, settings)
            if known is None and key in before.recalled:
                live[key] = replace(live[key], energy=before.recalled[key], resumed=True)
    for key, serving in before.products.items():
        if key not in live:
            weight = _tail(serving, asked.now_us, frequency)
            if weight > 0.0:
                live[key] = replace(serving, weight=weight, ended=True)
    return tuple(live.values())


def _recalled(before: ResponseMemory, *, ready: bool) -> Mapping[str, EnergyMemory]:
    """Return what the products that nobody can answer now knew of their energy.

    Once products are in force again it is of no more use: a later contract begins anew.
    """
    if not before.products:
        return before.recalled
    if ready:
        return _NOTHING
    return {key: serving.energy for key, serving in before.products.items()}


def _continued(
    known: Serving | None,
    key: str,
    service: FrequencyService,
    asked: Asked,
    settings: FrequencySettings,
) -> Serving:
    """Return the controller of a service: the one that is running, with the volume of now."""
    if known is not None and known.service is service and not known.ended:
        return known
    contract = Contract(
        product=service.product,
        capacity_kw=service.capacity_kw,
        up=any(pu > 0.0 for _, pu in service.curve),
        down=any(pu < 0.0 for _, pu in service.curve),
        settings=settings.energy.of(service.product),
        until_us=unbroken_until_us(service, asked.services),
    )
    if known is None or known.ended:
        product = product_of(service.product, service.curve)
        return Serving(key=key, service=service, product=product, contract=contract)
    # A newer schedule brings the same award as another object; only another award is looked at.
    looked_s = known.looked_s if known.service == service else None
    outside_kw = known.outside_kw
    if outside_kw and service.capacity_kw != known.service.capacity_kw:
        outside_kw *= service.capacity_kw / known.service.capacity_kw  # what is held is a share
    return replace(
        known, service=service, contract=contract, looked_s=looked_s, outside_kw=outside_kw
    )


def _tail(serving: Serving, now_us: int, frequency: Frequency) -> float:
    """Return how much of a response is still given after the end of its period."""
    past_s = (now_us - serving.service.end_us) / 1e6
    if not (serving.product.outlasts and serving.armed and past_s >= 0.0):
        return 0.0
    if frequency.applied_hz is None or abs(frequency.applied_hz - NOMINAL_HZ) < CALM_HZ:
        return 0.0
    return min(1.0, 1.0 - (past_s - TAIL_S) / TAIL_RAMP_S)
