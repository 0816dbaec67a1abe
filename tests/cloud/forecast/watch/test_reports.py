"""What the watch reports: inputs that do not come, members at the floor or far apart."""

import numpy as np

from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.watch.reports import (
    FLOOR_DAYS,
    inputs_wrong,
    members_apart,
    members_idle,
    members_said,
)

NAMES = [member.name for member in DAY_AHEAD.members]
EVEN = dict(zip(NAMES, DAY_AHEAD.weights, strict=True))
USUAL = ["load+neighbours"] * 9 + ["neighbours"] * 5


def test_an_input_that_used_to_come_is_missed_and_one_that_never_did_is_not() -> None:
    assert inputs_wrong(["no_load", "no_renewables"], USUAL) == "load missing"
    assert inputs_wrong(["no_renewables", "few_errors"], USUAL) is None
    assert inputs_wrong(["no_load"], []) is None


def test_an_input_that_is_not_believed_is_told_once() -> None:
    assert inputs_wrong(["odd_load", "no_load"], USUAL) == "load not believed"
    assert inputs_wrong(["odd_price", "no_neighbours"], USUAL) == (
        "price not believed; neighbours missing"
    )


def test_a_family_at_the_floor_for_thirty_calibrations_is_reported() -> None:
    low = EVEN | {name: 0.05 / 5 for name in NAMES if name.startswith("ridge")}
    assert members_idle([low] * FLOOR_DAYS) == ["ridges"]
    assert members_idle([low] * (FLOOR_DAYS - 1)) == []
    assert members_idle([*[low] * (FLOOR_DAYS - 1), EVEN]) == []
    asleep = EVEN | {name: 0.0 for name in NAMES if name.startswith("ridge")}
    assert members_idle([asleep] * FLOOR_DAYS) == [], "who sleeps has no weight to judge"


def test_members_that_are_five_errors_apart_in_a_fifth_of_the_day_are_reported() -> None:
    told = np.full((len(NAMES), 24), 50.0)
    told[NAMES.index("mean-7")] = 90.0
    assert members_apart(told, 2.0) == []
    told[NAMES.index("ridge-56"), :4] = 61.0
    assert members_apart(told, 2.0) == [], "four hours are less than a fifth"
    told[NAMES.index("ridge-56"), :5] = 61.0
    found = members_apart(told, 2.0)
    assert len(found) == len(NAMES) - 2
    assert all("ridge-56" in pair for pair in found)
    told[NAMES.index("ridge-56")] = np.nan
    assert members_apart(told, 2.0) == []
    said = members_said(["trees"], found)
    assert said is not None
    assert said.startswith("trees at the floor for 30 days; far apart: ")
    assert said.endswith("and 7 pairs more")
    assert len(said) <= 200
    assert members_said([], []) is None
