"""agent.control.sources: who tells what is decided once, and doubt is refused with one line."""

import pytest

from agent.control.sources import BadSource, resolve

PCS = {"ac.power_kw", "battery.soc_pct", "grid.frequency_hz"}
BMS = {"battery.soc_pct", "battery.max_charge_kw", "battery.max_discharge_kw"}
METER = {"grid.frequency_hz", "site.power_kw"}


def test_one_device_tells_everything_that_it_has() -> None:
    sources = resolve({"pcs": PCS | BMS}, "pcs")
    assert sources.of("battery.soc_pct") == ("pcs",)
    assert sources.of("battery.max_charge_kw") == ("pcs",)
    assert sources.of("site.power_kw") == ()


def test_each_device_tells_what_it_is_the_master_of() -> None:
    sources = resolve({"pcs": PCS, "bms": BMS | {"ac.power_kw"}, "meter": METER}, "pcs")
    assert sources.of("ac.power_kw") == ("pcs",)
    assert sources.of("battery.soc_pct") == ("bms",)
    assert sources.of("grid.frequency_hz") == ("meter", "pcs")
    assert sources.of("site.power_kw") == ("meter",)


def test_the_settings_choose_where_several_tell_it() -> None:
    names = {"pcs": PCS, "bms": BMS, "meter": METER}
    chosen = {"battery.soc_pct": "pcs", "grid.frequency_hz": "pcs"}
    sources = resolve(names, "pcs", chosen)
    assert sources.of("battery.soc_pct") == ("pcs",)
    assert sources.of("grid.frequency_hz") == ("pcs",)
    assert sources.of("battery.max_charge_kw") == ("bms",)


def test_two_batteries_are_no_source_until_the_settings_choose() -> None:
    names = {"pcs": PCS, "rack-1": BMS, "rack-2": BMS}
    with pytest.raises(BadSource) as raised:
        resolve(names, "pcs")
    assert str(raised.value) == (
        "plant.sources.battery.soc_pct: is missing; rack-1 or rack-2, which all tell it,"
        " is expected"
    )
    chosen = dict.fromkeys(BMS, "rack-2")
    assert resolve(names, "pcs", chosen).of("battery.soc_pct") == ("rack-2",)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"battery.soc_pct": "rack"}, "'rack' is not allowed; pcs, bms, which tells it"),
        ({"battery.soc_pct": "meter"}, "'meter' is not allowed; pcs, bms, which tells it"),
        ({"ac.power_kw": "meter"}, "plant.sources.ac.power_kw: is not allowed; one of battery"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_with_one_line(
    chosen: dict[str, str], expected: str
) -> None:
    with pytest.raises(BadSource) as raised:
        resolve({"pcs": PCS, "bms": BMS, "meter": METER}, "pcs", chosen)
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)
