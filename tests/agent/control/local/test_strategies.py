"""agent.control.local: strategies together, beside products, and within protection."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.control.decide import Memory
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, changed, decided
from tests.support.sites import HOUR_US, SiteModel, rules, slots
from tests.support.virtual import EPOCH_US
from wire.schedule import FrequencyService, Schedule

FCR = FrequencyService(
    "fcr_ce", EPOCH_US, EPOCH_US + HOUR_US, 20.0, ((-0.2, 1.0), (0.0, 0.0), (0.2, -1.0))
)
EVERYTHING: dict[str, Any] = {
    "self_consumption": {"soc_floor_pct": 15},
    "peak_shaving": {"peak_kw": 60, "reserve_pct": 30, "recharge_kw": 10},
    "backup": {"reserve_pct": 20, "recharge_kw": 5},
    "calendar": [{"name": "night", "start": "22:00", "end": "06:00", "charge_kw_max": 40}],
    "prices": {"charge_below_eur_mwh": 20, "charge_kw": 30, "curtail_below_eur_mwh": 0},
    "schedule": {"correct_energy": True},
}
CONNECTION: dict[str, Any] = {
    "import_kw_max": 70,
    "export_kw_max": 50,
    "apparent_kva_max": 80,
    "phase_a_max": 160,
    "pv_installed_kw": 90,
    "feed_in_share": 0.7,
}


def _with_services(schedule: Schedule, *services: FrequencyService) -> Schedule:
    return replace(schedule, services=services)


def test_existing_sites_without_settings_decide_as_before() -> None:
    decision, _ = decided(HEALTHY, slots(0.0), Memory(), EPOCH_US)
    assert [reason.code for reason in decision.reasons] == ["SCHEDULE"]
    assert decision.pv_limit_kw is None


def test_the_peak_bounds_what_self_consumption_chooses() -> None:
    instant = {"peak_kw": 60, "measured": "instant"}
    local = {"self_consumption": {"target_kw": -75}, "peak_shaving": instant}
    model = SiteModel(rules(local=local), load_kw=lambda _: 90.0)
    model.run(60)
    assert model.sites_kw[-1] == pytest.approx(-60.0, abs=0.1)


def test_who_comes_first_in_the_order_decides() -> None:
    night = {"name": "night", "start": "22:00", "end": "06:00", "power_kw": -20}
    local: dict[str, Any] = {"self_consumption": {}, "calendar": [night]}
    model = SiteModel(rules(local=local), load_kw=lambda _: 30.0)
    model.run(60)
    assert model.decisions[-1].setpoint_kw == pytest.approx(-20.0)
    local["order"] = ["self_consumption", "calendar"]
    model = SiteModel(rules(local=local), load_kw=lambda _: 30.0)
    model.run(60)
    assert model.decisions[-1].setpoint_kw == pytest.approx(29.5, abs=0.6)


def _bases(frequencies: list[float]) -> list[float]:
    local = {"self_consumption": {}, "schedule": {"correct_energy": True, "gaps": "local"}}
    model = SiteModel(
        rules({"meter_lag_s": 0.0}, local),
        load_kw=lambda at_s: 20.0 if at_s < 60 else 45.0,
        schedule=_with_services(slots(10.0, slot_s=30), FCR),
        frequency_hz=lambda at_s: frequencies[min(len(frequencies) - 1, round(at_s * 10))],
    )
    model.run(120)
    assert max(abs(decision.response_kw) for decision in model.decisions) > 1.0
    return [decision.base_kw for decision in model.decisions]


def test_the_base_of_self_consumption_does_not_depend_on_the_frequency() -> None:
    chance = random.Random(5)
    calm = [50.0 + 0.03 * (second % 2) for second in range(1_200) for _ in (0,)]
    wild = [50.0 + chance.uniform(-0.09, 0.09) for _ in range(1_200)]
    for one, other in zip(_bases(calm), _bases(wild), strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_a_frequency_product_answers_beside_self_consumption() -> None:
    model = SiteModel(
        rules(local={"self_consumption": {}}),
        load_kw=lambda _: 30.0,
        schedule=_with_services(slots(), FCR),
        frequency_hz=lambda at_s: 50.0 if at_s < 60 else 49.9,
    )
    model.run(120)
    decision = model.decisions[-1]
    assert decision.base_kw == pytest.approx(29.5, abs=0.6)
    assert decision.response_kw == pytest.approx(10.0)


_number = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-200, 200)
_quantity = st.none() | st.just(UNKNOWN) | st.builds(Quantity, _number, st.floats(0, 40))


@given(
    steps=st.lists(
        st.fixed_dictionaries(
            {
                "site_kw": _quantity,
                "power_kw": _quantity.map(lambda known: known or UNKNOWN),
                "soc_pct": _quantity.map(lambda known: known or UNKNOWN),
                "pv_kw": _quantity,
                "import_kwh": _quantity,
                "site_kvar": _quantity,
                "inputs": st.dictionaries(
                    st.sampled_from(
                        ("dso.import_kw_max", "dso.export_kw_max", "dso.power_kw", "dso.heartbeat")
                    ),
                    _quantity.map(lambda known: known or UNKNOWN),
                ),
            }
        ),
        min_size=1,
        max_size=12,
    ),
    gap_s=st.floats(0, 2_000),
)
@settings(max_examples=150, deadline=None)
def test_no_measurement_moves_the_plant_out_of_its_limits_or_stops_the_decision(
    steps: list[dict[str, Any]], gap_s: float
) -> None:
    site = rules(CONNECTION, EVERYTHING)
    memory, at_s = Memory(), 0.0
    for step in steps:
        plant = changed(HEALTHY, at_s=HEALTHY.at_s + at_s, **step)
        now_us = EPOCH_US + round(at_s * 1e6)
        decision, memory = decided(plant, slots(40.0, -30.0), memory, now_us, rules=site)
        assert -80.0 <= decision.setpoint_kw <= 100.0
        assert decision.pv_limit_kw is None or decision.pv_limit_kw >= 0.0
        at_s += gap_s
