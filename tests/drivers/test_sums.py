"""drivers.sums: a value that is told in parts is as good as its worst and as old as its oldest."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Rate
from drivers.errors import ProfileError
from drivers.profile import load
from drivers.sums import Sum
from tests.support.profiles import written
from wire.block import Quality, Reading

SITE = Sum("site.power_kw", Rate.FAST, ("site.export_kw",), ("site.import_kw",))


def given_(**parts: tuple[float | None, Quality, int]) -> dict[str, Reading]:
    named = {f"site.{name}_kw": part for name, part in parts.items()}
    return {name: Reading(name, *part) for name, part in named.items()}


def test_what_goes_out_less_what_comes_in_is_as_old_as_the_older_of_both() -> None:
    parts = given_(export=(1.5, Quality.GOOD, 70), **{"import": (4.0, Quality.GOOD, 50)})
    assert SITE.reading(parts, 99) == Reading("site.power_kw", -2.5, Quality.GOOD, 50)


@pytest.mark.parametrize("quality", [Quality.BAD, Quality.LOST])
def test_a_part_without_a_value_leaves_no_value(quality: Quality) -> None:
    parts = given_(export=(1.5, Quality.GOOD, 70), **{"import": (None, quality, 50)})
    assert SITE.reading(parts, 99) == Reading("site.power_kw", None, quality, 99)
    assert SITE.reading({}, 99) == Reading("site.power_kw", None, Quality.BAD, 99)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_three_phases_or_any_number_of_them_are_added(values: list[float]) -> None:
    names = tuple(f"site.p{n}_kw" for n in range(len(values)))
    parts = {
        name: Reading(name, value, Quality.GOOD, 1)
        for name, value in zip(names, values, strict=True)
    }
    total = Sum("site.power_kw", Rate.FAST, names, ()).reading(parts, 1).value
    assert total == pytest.approx(sum(values), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('plus = ["site.export_kw"]', "name: is missing"),
        ('name = "site.import_kw"\nplus = ["site.export_kw"]', "that no point has is expected"),
        ('name = "Site"\nplus = ["site.export_kw"]', "a dotted name in lower case"),
        ('name = "site.power_kw"', "plus: is missing"),
        ('name = "site.power_kw"\nplus = "site.export_kw"', "a list of at most 16 names"),
        ('name = "site.power_kw"\nminus = ["site.other_kw"]', "the name of a readable point"),
        ('name = "site.power_kw"\nminus = [7]', "minus.point: 7 is not allowed; text"),
        ('name = "site.power_kvar"\nplus = ["site.export_kw"]', "the unit of site.export_kw"),
        ('name = "site.power_kw"\nplus = ["site.export_kw"]\ntimes = 2', "no such key"),
    ],
)
def test_a_mistake_in_a_sum_costs_one_line(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(ProfileError) as caught:
        load("sma-grid-meter", written(tmp_path, f"[[sum]]\n{text}\n"))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_parts_of_two_rates_are_no_sum(tmp_path: Path) -> None:
    text = '[[point]]\nname = "site.import_kw"\nrate = "slow"\n[[sum]]\nname = "site.power_kw"\n'
    text += 'plus = ["site.export_kw"]\nminus = ["site.import_kw"]\n'
    with pytest.raises(ProfileError, match="a point of rate fast"):
        load("sma-grid-meter", written(tmp_path, text))
