"""One product in one cycle: from the applied frequency to its power. Pure."""

import math
from dataclasses import replace

from agent.control.energy.contract import Managed, Situation
from agent.control.energy.manage import manage
from agent.control.response import static
from agent.control.response.alert import Alert
from agent.control.response.curve import share
from agent.control.response.ffr import watch
from agent.control.response.product import ProductState, Refusal
from agent.control.response.serving import Around, Serving

POWER_AGE_S_MAX = 2.0
LFSM_HZ = 0.200
"""Beyond it the inverter's own droop adds to the response."""


def served(serving: Serving, around: Around, alert: Alert) -> tuple[ProductState, Serving]:
    """Return the product's state in this cycle, and its controller for the next one."""
    if not serving.armed:
        return _state(serving, alert, None, 0.0), serving
    if serving.product.in_inverter:
        return _state(serving, alert, None, 0.0), _watched(serving, around)
    frequency = around.frequency
    managed, energy = manage(
        serving.contract,
        Situation(
            at_s=around.plant.at_s,
            now_us=around.now_us,
            hz=frequency.applied_hz,
            believed=frequency.believed or frequency.injected,
            alert=alert.alert if serving.product.alert else False,
            reservoir=around.reservoir,
            base_kw=around.base_kw,
        ),
        serving.energy,
    )
    if energy is not serving.energy:
        serving = replace(serving, energy=energy)
    if managed.deviation_hz is None or not math.isfinite(managed.deviation_hz):
        return _state(serving, alert, managed, 0.0), serving
    pu = share(serving.service.curve, managed.deviation_hz)
    if serving.product.static:
        held = static.step(serving.static, pu, managed.deviation_hz, around.plant.at_s)
        serving, pu = replace(serving, static=held), held.share
    response_kw = managed.answered(serving.service.capacity_kw * pu)
    if serving.product.adds_to_lfsm:
        response_kw, serving = _not_less_outside(response_kw, managed, around, serving)
    response_kw *= serving.weight * frequency.share
    return _state(serving, alert, managed, response_kw), serving


def _watched(serving: Serving, around: Around) -> Serving:
    """Return the controller with what was seen of the inverter's own answer in this cycle."""
    settings, power_kw = around.settings.ffr, around.plant.power_kw.within(POWER_AGE_S_MAX)
    if settings is None:
        return serving
    watched = watch(
        settings,
        serving.service.capacity_kw,
        serving.watched,
        hz=around.frequency.hz if around.frequency.believed else None,
        power_kw=None if power_kw is None else power_kw - around.base_kw,
        at_s=around.plant.at_s,
    )
    return replace(serving, watched=watched)


def _not_less_outside(
    response_kw: float, managed: Managed, around: Around, serving: Serving
) -> tuple[float, Serving]:
    """Return at least the last response while the deviation is beyond what LFSM waits for."""
    hz = around.frequency.applied_hz
    outside = hz is not None and abs(hz - 50.0) > LFSM_HZ
    if not outside or managed.reserve_mode or managed.aem:
        return response_kw, replace(serving, outside_kw=0.0) if serving.outside_kw else serving
    before_kw = serving.outside_kw
    same_side = before_kw * response_kw > 0.0
    if same_side and abs(before_kw) > abs(response_kw):
        response_kw = before_kw
    if before_kw == response_kw:
        return response_kw, serving
    return response_kw, replace(serving, outside_kw=response_kw)


def _state(
    serving: Serving, alert: Alert, managed: Managed | None, response_kw: float
) -> ProductState:
    of_ce = serving.product.alert
    return ProductState(
        product=serving.service.product,
        capacity_kw=serving.service.capacity_kw,
        armed=serving.armed,
        refusals=_refusals(serving, managed),
        rule=serving.contract.settings.rule if managed is None else managed.rule,
        deviation_hz=None if managed is None else managed.deviation_hz,
        response_kw=response_kw,
        management_kw=0.0 if managed is None else managed.management_kw,
        alert=alert.alert if of_ce else None,
        c1_s=alert.c1_s if of_ce else 0.0,
        c2_s=alert.c2_s if of_ce else 0.0,
        nem=0 if managed is None else managed.nem,
        aem=managed is not None and managed.aem,
        reserve_mode=managed is not None and managed.reserve_mode,
        endurance_min=None if managed is None else managed.endurance_min,
        announced=() if managed is None else managed.transactions,
    )


def _refusals(serving: Serving, managed: Managed | None) -> tuple[Refusal, ...]:
    """Return what stands against the product; of its energy, management knows the most."""
    if managed is None or not managed.code:
        return serving.refusals
    code = managed.code if managed.aem else "ARM_ENERGY"
    others = (refusal for refusal in serving.refusals if refusal.code != code)
    return (*others, Refusal(code, managed.text))
