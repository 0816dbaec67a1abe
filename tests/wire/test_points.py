"""wire/points.py: names say their unit, and the standard table is complete and well-formed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import strategies
from wire.points import NAME_MAX, STANDARD, UNITS, Point, is_point_name, unit_of


@given(strategies.names)
def test_dotted_lower_case_words_name_a_point(name: str) -> None:
    assert is_point_name(name)


@pytest.mark.parametrize(
    "name", ["", "soc", "battery.", ".soc", "Battery.soc", "battery..soc", "a b.c", "a.b\n", "a._c"]
)
def test_anything_else_does_not(name: str) -> None:
    assert not is_point_name(name)


def test_a_name_may_have_64_characters() -> None:
    assert is_point_name("a." + "b" * (NAME_MAX - 2))
    assert not is_point_name("a." + "b" * (NAME_MAX - 1))


@given(st.text("a._", min_size=1, max_size=12), st.integers(NAME_MAX + 1, 100_000))
def test_a_very_long_name_is_refused(part: str, length: int) -> None:
    assert not is_point_name((part * length)[:length])


@pytest.mark.parametrize("point", STANDARD.values(), ids=lambda point: point.name)
def test_a_standard_point_is_named_translated_and_knows_its_unit(point: Point) -> None:
    assert is_point_name(point.name)
    assert STANDARD[point.name] is point
    assert point.text_en
    assert point.text_de
    pure_number = "_" not in point.name.partition(".")[2]
    assert point.unit in UNITS.values() or pure_number


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("battery.soc_pct", "%"),
        ("ac.power_kw", "kW"),
        ("vendor.string_3.voltage_v", "V"),
        ("pcs.counter", ""),
        ("vendor.kw", ""),
        ("vendor.power_raw", ""),
    ],
)
def test_the_end_of_a_name_states_the_unit(name: str, unit: str) -> None:
    assert unit_of(name) == unit
