"""agent.control.response.gate: what a product needs before it arms; each refusal in words."""

from dataclasses import replace
from typing import Any

import pytest

from agent.control.plant import FrequencyMeter
from agent.control.quantity import Quantity
from agent.control.response import curve as curves
from agent.control.response.catalogue import PRODUCTS, Product, product_of
from agent.control.response.config import FrequencySettings
from agent.control.response.gate import CODES, Facts, refusals
from agent.control.response.product import Frequency
from agent.control.response.steps import Steps, step
from agent.web.words import LANGUAGES, words
from wire.schedule import FrequencyService

FINE = FrequencyMeter(device="meter", hz=Quantity(49.99, 0.02), resolution_hz=0.001, period_s=0.1)
COMMISSIONED = FrequencySettings(
    arming="strict", meter_lag_s=0.2, meter_lag_measured=True, loop_s=0.2, link_loss_tested=True
)
BELIEVED = Frequency(hz=49.99, believed=True, share=1.0, device="meter", applied_hz=49.99)
ALL_KNOWN = Facts(
    frequency=BELIEVED,
    meter=FINE,
    fresh_meters=2,
    steps=Steps(),
    at_s=1_000.0,
    settings=COMMISSIONED,
    clock_error_s=0.005,
    real_time=True,
    unproved="",
    dead_zone_kw=0.0,
    lower_kw=-200.0,
    upper_kw=200.0,
    base_kw=0.0,
    keeps_up_kw=125.0,
    keeps_down_kw=125.0,
    short_of_energy="",
    energy_known=True,
)
NOTHING_KNOWN = replace(
    ALL_KNOWN,
    meter=replace(FINE, resolution_hz=None, period_s=None),
    fresh_meters=1,
    settings=FrequencySettings(arming="strict"),
    clock_error_s=None,
    real_time=None,
    energy_known=False,
)


def _codes(facts: Facts, name: str = "fcr_ce", **service: Any) -> list[str]:
    product = PRODUCTS[name]
    award = FrequencyService(name, 0, 10**15, 100.0, product.curve)
    return [refusal.code for refusal in refusals(replace(award, **service), product, facts)]


def _settings(**values: Any) -> FrequencySettings:
    return FrequencySettings.model_validate({**COMMISSIONED.model_dump(), **values})


def _coarse() -> Steps:
    steps = Steps()
    for beat in range(1_200):
        steps = step(steps, "meter", 50.0 + 0.01 * (beat % 3), 880.0 + beat / 10)
    return steps


@pytest.mark.parametrize("name", ["fcr_ce", "fcr_n", "fcr_d_up", "fcr_d_down_static", "dr"])
def test_a_site_of_which_all_is_known_and_good_arms(name: str) -> None:
    assert _codes(ALL_KNOWN, name) == []


@pytest.mark.parametrize(
    ("changes", "code", "words_of_it"),
    [
        ({"meter": replace(FINE, resolution_hz=0.01)}, "ARM_RESOLUTION", "10 mHz"),
        ({"steps": _coarse()}, "ARM_RESOLUTION", "10 mHz"),
        ({"meter": replace(FINE, period_s=1.0)}, "ARM_PERIOD", "1000 ms"),
        ({"steps": Steps(device="meter", gap_s=0.5, gaps=20)}, "ARM_PERIOD", "500 ms"),
        ({"settings": _settings(meter_lag_s=None)}, "ARM_LAG", "lag"),
        ({"fresh_meters": 1}, "ARM_SECOND_METER", "second meter"),
        ({"settings": _settings(loop_s=None)}, "ARM_LOOP", "not been measured"),
        ({"settings": _settings(loop_s=1.5)}, "ARM_LOOP", "1.5 s"),
        ({"settings": _settings(link_loss_tested=False)}, "ARM_LINK_LOSS", "line"),
        ({"clock_error_s": -0.2}, "ARM_CLOCK", "200 ms"),
        ({"clock_error_s": float("nan")}, "ARM_CLOCK", "clock"),
        ({"clock_error_s": None}, "ARM_CLOCK", "nobody knows"),
        ({"frequency": replace(BELIEVED, believed=False, code="I8", text="old")}, "I8", "old"),
        ({"frequency": replace(BELIEVED, believed=False, code="I7", text="dead")}, "I7", "dead"),
        ({"upper_kw": 100.0}, "ARM_POWER", "125 kW up"),
        ({"lower_kw": -100.0}, "ARM_POWER", "100 kW are left"),
        ({"dead_zone_kw": 2.5}, "ARM_DEAD_ZONE", "2.5 kW"),
        ({"short_of_energy": "1.0 kWh to discharge"}, "ARM_ENERGY", "1.0 kWh"),
        ({"energy_known": False}, "ARM_ENERGY", "not known"),
        ({"unproved": "nobody has tried it"}, "I24", "nobody"),
    ],
)
def test_whatever_is_missing_refuses_with_a_code_and_a_sentence(
    changes: dict[str, Any], code: str, words_of_it: str
) -> None:
    product = PRODUCTS["fcr_ce"]
    award = FrequencyService("fcr_ce", 0, 10**15, 100.0, product.curve)
    found = refusals(award, product, replace(ALL_KNOWN, **changes))
    assert [refusal.code for refusal in found] == [code]
    assert words_of_it in found[0].text


def test_the_nordic_products_need_a_measured_lag_a_faster_meter_and_real_time() -> None:
    facts = replace(
        ALL_KNOWN,
        meter=replace(FINE, period_s=0.2),
        real_time=False,
        settings=_settings(meter_lag_measured=False, loop_s=0.3),
    )
    assert _codes(facts, "fcr_ce") == []
    assert _codes(facts, "fcr_n") == ["ARM_PERIOD", "ARM_LOOP", "ARM_LAG", "ARM_REAL_TIME"]


def test_dynamic_containment_needs_fifty_milliseconds_and_a_clock_of_ten() -> None:
    facts = replace(ALL_KNOWN, clock_error_s=0.02)
    assert _codes(facts, "dc") == ["ARM_PERIOD", "ARM_CLOCK"]
    assert _codes(facts, "dr") == []


def test_what_nobody_knows_refuses_only_where_the_gate_is_strict() -> None:
    assert _codes(NOTHING_KNOWN) == [
        "ARM_RESOLUTION",
        "ARM_PERIOD",
        "ARM_LOOP",
        "ARM_LAG",
        "ARM_SECOND_METER",
        "ARM_LINK_LOSS",
        "ARM_CLOCK",
        "ARM_ENERGY",
    ]
    assert _codes(replace(NOTHING_KNOWN, settings=FrequencySettings())) == []


def test_a_second_meter_may_be_waived() -> None:
    facts = replace(ALL_KNOWN, fresh_meters=1, settings=_settings(second_meter_waived=True))
    assert _codes(facts) == []


def test_where_the_gate_is_off_only_an_unproved_inverter_refuses() -> None:
    off = FrequencySettings(arming="off")
    facts = replace(NOTHING_KNOWN, settings=off, upper_kw=0.0, steps=_coarse())
    assert _codes(facts) == []
    assert _codes(replace(facts, unproved="not yet")) == ["I24"]


def test_a_curve_that_feeds_the_deviation_is_refused() -> None:
    assert _codes(ALL_KNOWN, curve=((-0.2, -1.0), (0.2, 1.0))) == ["ARM_CURVE"]


def test_room_around_the_base_of_now_is_room_as_well() -> None:
    facts = replace(ALL_KNOWN, lower_kw=0.0, upper_kw=300.0)
    assert _codes(facts) == ["ARM_POWER"]
    assert _codes(replace(facts, base_kw=150.0)) == []


def test_a_test_needs_no_grid_but_everything_else() -> None:
    injected = replace(BELIEVED, believed=False, code="I8", injected=True)
    assert _codes(replace(ALL_KNOWN, frequency=injected)) == []
    assert _codes(replace(ALL_KNOWN, frequency=injected, upper_kw=10.0)) == ["ARM_POWER"]


def test_every_refusal_has_words_on_the_page() -> None:
    for language in LANGUAGES:
        assert {f"reason.{code}" for code in CODES} <= words(language).keys()


def test_the_catalogue_keeps_what_the_rule_books_say() -> None:
    table = {
        name: (p.start_s_max, p.full_s_max, p.endurance_min, p.kept_factor, p.opposite_factor)
        for name, p in PRODUCTS.items()
    }
    assert table["fcr_ce"] == (2.0, 30.0, 15.0, 1.25, 0.0)
    assert table["fcr_n"] == (0.0, 180.0, 60.0, 1.34, 0.0)
    assert table["fcr_d_up"] == (0.0, 7.5, 20.0, 1.0, 0.2)
    assert table["fcr_d_down_static"] == (2.5, 7.5, 20.0, 1.0, 0.2)
    assert (table["dc"], table["dm"], table["dr"]) == (
        (0.5, 1.0, 15.0, 1.0, 0.0),
        (0.5, 1.0, 30.0, 1.0, 0.0),
        (2.0, 10.0, 60.0, 1.0, 0.0),
    )
    assert {name for name, p in PRODUCTS.items() if not p.confirmed} == {
        kind + side for kind in ("dc", "dm", "dr") for side in ("", "l", "h")
    }


def test_a_freely_defined_product_is_what_its_curve_says() -> None:
    one_sided = product_of("ours", ((-0.3, 1.0), (-0.05, 0.0)))
    assert (one_sided.both_ways, one_sided.kept_factor, one_sided.alert) == (False, 1.0, False)
    assert product_of("ours", curves.DR).both_ways
    assert isinstance(one_sided, Product)
