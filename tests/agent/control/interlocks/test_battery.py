"""agent.control.interlocks.battery: what it reports, its window, its cells, its temperature."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.cuts import Hard
from agent.control.interlocks.config import BatterySettings
from agent.control.interlocks.derating import KINDS, share
from agent.control.interlocks.rules import NEUTRAL, GuardRules
from agent.control.interlocks.unit import UnitMemory, unit_hard
from agent.control.plant import PlantState
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, UNIT, changed, with_soc

RACK = GuardRules(battery=BatterySettings(type="rack"))
WARM = changed(
    HEALTHY,
    temp_max_c=Quantity(25.0, 1.0),
    temp_min_c=Quantity(22.0, 1.0),
    cell_max_v=Quantity(3.30, 1.0),
    cell_min_v=Quantity(3.28, 1.0),
)
STEP_S = 0.1


class Battery:
    """One unit that is looked at ten times a second."""

    def __init__(self, rules: GuardRules = NEUTRAL) -> None:
        self.rules, self.memory, self.at_s = rules, UnitMemory(), 100.0

    def sees(self, plant: PlantState, seconds: float = STEP_S) -> Hard:
        """Return the interval after the plant has been like this for a time."""
        hard: Hard | None = None
        for _ in range(max(1, round(seconds / STEP_S))):
            self.at_s += STEP_S
            hard, self.memory = unit_hard(plant.units[0], UNIT, self.memory, self.at_s, self.rules)
        assert hard is not None
        return hard

    def between(self, plant: PlantState, seconds: float = STEP_S) -> tuple[float, float]:
        hard = self.sees(plant, seconds)
        return hard.lower_kw, hard.upper_kw


def _allowing(discharge_kw: float, charge_kw: float = 80.0) -> PlantState:
    return changed(
        HEALTHY,
        discharge_kw_max=Quantity(discharge_kw, 0.1),
        charge_kw_max=Quantity(charge_kw, 0.1),
    )


def test_i1_a_limit_of_the_battery_that_falls_caps_the_very_next_cycle() -> None:
    battery = Battery()
    assert battery.between(_allowing(100.0)) == (-80.0, 100.0)
    hard = battery.sees(_allowing(30.0))
    assert hard.upper_kw == 30.0
    assert hard.binding(100.0).code == "I1"


def test_i1_a_limit_of_the_battery_that_rises_comes_back_by_five_percent_a_second() -> None:
    battery = Battery()
    battery.sees(_allowing(30.0))
    assert battery.between(_allowing(100.0), 1.0)[1] == pytest.approx(35.0)
    assert battery.between(_allowing(100.0), 12.9)[1] == pytest.approx(99.5)
    assert battery.between(_allowing(100.0), 1.0)[1] == 100.0


def test_i1_a_limit_at_its_edge_makes_no_see_saw() -> None:
    battery = Battery()
    seen = [battery.between(_allowing(90.0 if step % 2 else 10.0))[1] for step in range(100)]
    assert max(seen[1:]) <= 15.0


def test_i2_a_state_of_charge_in_whole_percent_opens_two_percent_inside() -> None:
    battery = Battery()
    for soc_pct in (13.0, 12.0, 11.0, 10.0):
        battery.sees(with_soc(soc_pct))
    assert battery.between(with_soc(11.0), 60.0)[1] == 0.0
    assert battery.between(with_soc(12.0), 60.0)[1] == 100.0


def test_i2_a_finely_stepped_state_of_charge_opens_one_percent_inside() -> None:
    battery = Battery()
    for soc_pct in (12.0, 11.0, 10.4, 10.0):
        battery.sees(with_soc(soc_pct))
    assert battery.between(with_soc(10.9), 60.0)[1] == 0.0
    assert battery.between(with_soc(11.0), 60.0)[1] == 100.0


def test_i2_an_empty_battery_may_be_charged_and_a_full_one_discharged_at_once() -> None:
    battery = Battery()
    assert battery.between(with_soc(9.0)) == (-80.0, 0.0)
    lower_kw, upper_kw = battery.between(with_soc(95.0))
    assert lower_kw == 0.0
    assert upper_kw == pytest.approx(0.5), "what was closed comes back slowly"


def test_i3_a_cell_that_is_full_derates_and_then_blocks_charging() -> None:
    battery = Battery(RACK)
    half = battery.sees(changed(WARM, cell_max_v=Quantity(3.525, 1.0)))
    assert half.lower_kw == pytest.approx(-80.0 * 0.51)
    assert half.binding(-80.0).code == "I3"
    assert battery.between(changed(WARM, cell_max_v=Quantity(3.66, 1.0))) == (0.0, 100.0)


def test_i3_a_blocked_direction_opens_after_a_minute_of_fifty_millivolts_inside() -> None:
    battery = Battery(RACK)
    battery.sees(changed(WARM, cell_max_v=Quantity(3.65, 1.0)))
    inside = changed(WARM, cell_max_v=Quantity(3.61, 1.0))
    assert battery.between(inside, 300.0)[0] == 0.0, "40 mV are not enough"
    well = changed(WARM, cell_max_v=Quantity(3.40, 1.0))
    assert battery.between(well, 59.0)[0] == 0.0
    assert battery.between(well, 2.0)[0] < 0.0


def test_i3_an_empty_cell_blocks_discharging_and_nothing_else() -> None:
    assert Battery(RACK).between(changed(WARM, cell_min_v=Quantity(2.89, 1.0))) == (-80.0, 0.0)


def test_i3_cells_that_nobody_measures_are_told_as_not_available() -> None:
    hard = Battery(RACK).sees(changed(WARM, cell_max_v=None, cell_min_v=None))
    assert (hard.lower_kw, hard.upper_kw) == (-80.0, 100.0)
    assert [cut.text for cut in hard.cuts if cut.code == "I3"] == ["cell voltages: not available"]


def test_i3_cells_that_are_measured_and_not_known_block_their_direction() -> None:
    hard = Battery(RACK).sees(changed(WARM, cell_max_v=Quantity(3.3, 10.1)))
    assert (hard.lower_kw, hard.upper_kw) == (0.0, 100.0)
    assert hard.binding(-10.0).code == "I3"
    assert Battery(RACK).between(changed(WARM, cell_min_v=UNKNOWN)) == (-80.0, 0.0)


@pytest.mark.parametrize(
    ("temp_c", "charge", "discharge"),
    [(0, 0, 0), (6, 1 / 3, 0.5), (12, 2 / 3, 1), (18, 1, 1), (35, 1, 1), (37.5, 0.5, 1), (40, 0, 1)]
    + [(45, 0, 1), (50, 0, 0.5), (55, 0, 0), (-20, 0, 0), (90, 0, 0)],
)
def test_i4_the_temperature_derates_by_the_table_and_blocks_at_its_ends(
    temp_c: float, charge: float, discharge: float
) -> None:
    plant = changed(WARM, temp_max_c=Quantity(temp_c, 1.0), temp_min_c=Quantity(temp_c, 1.0))
    lower_kw, upper_kw = Battery(RACK).between(plant)
    assert lower_kw == pytest.approx(-80.0 * charge)
    assert upper_kw == pytest.approx(100.0 * discharge)


def test_i4_the_hottest_and_the_coldest_cell_both_count() -> None:
    plant = changed(WARM, temp_max_c=Quantity(37.5, 1.0), temp_min_c=Quantity(6.0, 1.0))
    hard = Battery(RACK).sees(plant)
    assert hard.lower_kw == pytest.approx(-80.0 / 3)
    assert hard.binding(-80.0).code == "DERATE_TEMP"
    assert hard.binding(-80.0).text.startswith("temperature 6.0 °C")


def test_i4_a_mean_temperature_alone_moves_the_table_five_kelvin_inwards() -> None:
    only = changed(WARM, temp_max_c=None, temp_min_c=None, temp_mean_c=Quantity(32.5, 1.0))
    assert Battery(RACK).between(only)[0] == pytest.approx(-40.0)
    cold = changed(only, temp_mean_c=Quantity(5.0, 1.0))
    assert Battery(RACK).between(cold) == (0.0, 0.0)


def test_i4_a_temperature_that_is_measured_and_not_known_blocks_both_directions() -> None:
    hard = Battery(RACK).sees(changed(WARM, temp_max_c=Quantity(25.0, 10.1)))
    assert (hard.lower_kw, hard.upper_kw) == (0.0, 0.0)
    assert hard.binding(10.0).code == "I4"


def test_i4_a_temperature_that_nobody_measures_is_told_and_blocks_nothing() -> None:
    bare = changed(WARM, temp_max_c=None, temp_min_c=None)
    hard = Battery(RACK).sees(bare)
    assert (hard.lower_kw, hard.upper_kw) == (-80.0, 100.0)
    assert "temperature: not available" in [cut.text for cut in hard.cuts]


def test_i4_a_blocked_direction_opens_two_kelvin_inside() -> None:
    battery = Battery(RACK)

    def at(temp_c: float) -> PlantState:
        return changed(WARM, temp_max_c=Quantity(temp_c, 1.0))

    battery.sees(at(40.5))
    assert battery.between(at(38.5), 60.0)[0] == 0.0
    assert battery.between(at(37.5), 60.0)[0] == pytest.approx(-40.0)


def test_the_state_of_charge_derates_near_both_ends_of_its_window() -> None:
    low = Battery(RACK).sees(changed(WARM, soc_pct=Quantity(12.0, 0.5)))
    assert low.upper_kw == pytest.approx(30.0)
    assert low.binding(100.0).code == "DERATE_SOC"


def test_a_site_may_say_its_own_line_for_a_kind_of_battery() -> None:
    own = BatterySettings(type="rack", temp_charge=((-10, 0), (0, 1), (60, 1), (61, 0)))
    plant = changed(WARM, temp_min_c=Quantity(-5.0, 1.0), temp_max_c=Quantity(-5.0, 1.0))
    assert Battery(GuardRules(battery=own)).between(plant)[0] == pytest.approx(-40.0)


@pytest.mark.parametrize(
    "points", [((0, 0), (0, 1)), ((5, 1), (0, 0)), ((0, 2), (1, 0)), ((0, 1),)]
)
def test_a_line_that_is_none_is_refused(points: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match=r"expected|at least 2"):
        BatterySettings(temp_charge=points)


@given(st.floats(-100, 100), st.sampled_from(["rack", "rack_wide"]))
def test_a_polyline_stays_within_its_shares_and_outside_holds_its_ends(
    temp_c: float, kind: str
) -> None:
    points = KINDS[kind].temp_charge
    assert points is not None
    assert 0.0 <= share(points, temp_c) <= 1.0
    assert share(points, points[0][0] - 1) == points[0][1]
    assert all(share(points, at) == pytest.approx(value) for at, value in points)


quantities = st.builds(
    Quantity, st.none() | st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 20)
)


@given(
    st.lists(
        st.builds(
            lambda **values: changed(HEALTHY, **values),
            soc_pct=quantities,
            discharge_kw_max=st.none() | quantities,
            charge_kw_max=st.none() | quantities,
            cell_max_v=st.none() | quantities,
            cell_min_v=st.none() | quantities,
            temp_max_c=st.none() | quantities,
            temp_min_c=st.none() | quantities,
            temp_mean_c=st.none() | quantities,
            power_kw=quantities,
        ),
        max_size=20,
    )
)
def test_whatever_a_battery_tells_zero_stays_allowed_and_no_bound_is_no_number(
    plants: list[PlantState],
) -> None:
    battery = Battery(RACK)
    for plant in plants:
        lower_kw, upper_kw = battery.between(plant)
        assert -80.0 <= lower_kw <= 0.0 <= upper_kw <= 100.0
        assert math.isfinite(lower_kw + upper_kw)
