"""Once a second each product is looked at by the gate, those first that lose their room last. Pure.

Where power is short FCR-D goes first, then the others, FCR-N last (Nordic FCR requirements 1.1).
"""

from collections.abc import Sequence
from dataclasses import replace

from agent.control.energy.reservoir import shortfall
from agent.control.response.frequency import chosen
from agent.control.response.gate import Facts, refusals
from agent.control.response.serving import Around, Serving

LOOK_S = 1.0
_ROUNDING_S = 1e-6


def looked_at(live: Sequence[Serving], around: Around) -> tuple[Serving, ...]:
    """Return the products, each with what stands against it, armed if nothing does."""
    at_s = around.plant.at_s
    if not any(_due(serving, at_s) for serving in live):
        return tuple(live)
    meters = around.plant.frequencies
    age_s_max = around.settings.age_s_max
    meter = chosen(meters, age_s_max)
    fresh = sum(other.hz.usable(age_s_max) for other in meters)
    up_kw, down_kw = 0.0, 0.0
    found: dict[str, Serving] = {}
    for serving in sorted(live, key=_rank):
        facts = Facts(
            frequency=around.frequency,
            meter=meter,
            fresh_meters=fresh,
            steps=around.steps,
            at_s=at_s,
            settings=around.settings,
            clock_error_s=around.plant.clock_error_s,
            real_time=around.real_time,
            unproved=around.unproved,
            dead_zone_kw=around.dead_zone_kw,
            upper_kw=around.upper_kw - up_kw,
            lower_kw=around.lower_kw + down_kw,
            base_kw=around.base_kw,
            keeps_up_kw=serving.keeps_up_kw,
            keeps_down_kw=serving.keeps_down_kw,
            short_of_energy=_short_of_energy(serving, around),
            energy_known=around.reservoir is not None,
            inverter_faults=serving.watched.faults,
        )
        against = refusals(serving.service, serving.product, facts)
        after = replace(
            serving,
            refusals=against,
            looked_s=at_s,
            armed=not any(one.code == "I24" for one in against) if serving.armed else not against,
        )
        found[serving.key] = after
        if after.keeps_power:
            up_kw += after.keeps_up_kw
            down_kw += after.keeps_down_kw
    return tuple(found[serving.key] for serving in live)


def _due(serving: Serving, at_s: float) -> bool:
    return serving.looked_s is None or at_s - serving.looked_s >= LOOK_S - _ROUNDING_S


def _rank(serving: Serving) -> tuple[int, str]:
    name = serving.product.name
    first = 0 if name == "fcr_n" else 2 if name.startswith("fcr_d") else 1
    return (first, serving.key)


def _short_of_energy(serving: Serving, around: Around) -> str:
    """Return why the battery holds too little; of an armed one its energy management tells."""
    contract, whole = serving.contract, around.reservoir
    if contract.settings.managed and serving.armed:
        return ""
    if contract.settings.managed:
        short = shortfall(contract, whole)
        return "" if short is None or short[0] == "ENERGY_UNKNOWN" else short[1]
    if whole is None:
        return ""
    needed_kwh = contract.capacity_kw * serving.product.endurance_min / 60
    for wanted, held_kwh, direction in (
        (contract.up, whole.energy_kwh, "discharge"),
        (contract.down, whole.span_kwh - whole.energy_kwh, "charge"),
    ):
        if wanted and held_kwh < needed_kwh:
            return f"{held_kwh:.1f} kWh to {direction}, {needed_kwh:.1f} kWh are needed"
    return ""
