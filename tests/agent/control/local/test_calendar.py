"""agent.control.local.hours, .calendar, .backup, .prices: hours of the site, charge, prices."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.local.config import Window
from agent.control.local.hours import Minute, any_covers, covers, minute_at
from agent.steering import Override, Steering
from tests.support.plants import HEALTHY, changed, decided, with_soc
from tests.support.sites import SiteModel, rules, slots
from tests.support.virtual import EPOCH_US
from wire.clock import micros
from wire.order import Mode
from wire.schedule import Fallback, Price, Schedule

BERLIN = "Europe/Berlin"
NIGHT = {"name": "night", "start": "22:00", "end": "06:00"}
"""The epoch of the virtual clock is 01:00 of a Thursday in Berlin."""


def _priced(*prices_ct: int, power_kw: float | None = None) -> Schedule:
    quarter_us = 900_000_000
    powers = () if power_kw is None else (power_kw,)
    prices = tuple(
        Price(EPOCH_US + place * quarter_us, EPOCH_US + (place + 1) * quarter_us, ct)
        for place, ct in enumerate(prices_ct)
    )
    known = slots(*powers)
    return Schedule(
        site=known.site, version=1, issued_us=EPOCH_US, slots=known.slots, prices=prices
    )


def _settled(local: dict[str, Any], **values: Any) -> tuple[float, list[str]]:
    model = SiteModel(rules(local=local), **values)
    model.run(20)
    codes = [reason.code for reason in model.decisions[-1].reasons]
    return round(model.decisions[-1].setpoint_kw, 3), codes


def test_hours_are_those_of_the_site_in_winter_and_in_summer() -> None:
    winter = minute_at(micros(datetime(2026, 1, 15, 12, 0, tzinfo=UTC)), BERLIN)
    summer = minute_at(micros(datetime(2026, 7, 15, 12, 0, tzinfo=UTC)), BERLIN)
    assert (winter.minute, summer.minute) == (13 * 60, 14 * 60)


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    friday_night = Window(days=("fri",), start="22:00", end="06:00")
    assert covers(friday_night, Minute(4, 22 * 60))
    assert covers(friday_night, Minute(5, 5 * 60 + 59))
    assert not covers(friday_night, Minute(5, 6 * 60))
    assert not covers(friday_night, Minute(4, 5 * 60))


def test_equal_start_and_end_are_the_whole_day() -> None:
    assert all(covers(Window(days=("sun",)), Minute(6, minute)) for minute in (0, 720, 1439))
    assert not covers(Window(days=("sun",)), Minute(5, 720))
    assert any_covers((), Minute(0, 0))


@given(st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_hours_and_the_rest_of_the_day_never_overlap(
    weekday: int, minute: int, start: int, end: int
) -> None:
    if start == end:
        return
    first = Window(start=f"{start // 60:02}:{start % 60:02}", end=f"{end // 60:02}:{end % 60:02}")
    second = Window(start=first.end, end=first.start)
    at = Minute(weekday, minute)
    assert covers(first, at) != covers(second, at)


def test_a_rule_of_the_hour_says_the_power_and_where_it_stops() -> None:
    rule = {**NIGHT, "power_kw": -20, "soc_max_pct": 80}
    assert _settled({"calendar": [rule]}) == (-20.0, ["CALENDAR"])
    assert _settled({"calendar": [rule]}, soc_pct=80.0)[0] == 0.0


def test_a_rule_whose_hours_have_not_come_says_nothing() -> None:
    rule = {**NIGHT, "start": "08:00", "end": "12:00", "power_kw": -20}
    assert _settled({"calendar": [rule]}) == (0.0, ["NO_SCHEDULE"])


def test_the_first_rule_whose_hours_have_come_decides() -> None:
    first = {**NIGHT, "power_kw": -20}
    second = {**NIGHT, "name": "other", "power_kw": 30}
    assert _settled({"calendar": [first, second]})[0] == -20.0


def test_a_schedule_goes_before_the_calendar_unless_the_site_wants_it_otherwise() -> None:
    rule = {**NIGHT, "power_kw": -20}
    asked = slots(10.0)
    assert _settled({"calendar": [rule]}, schedule=asked)[0] == 10.0
    first = {"calendar": [rule], "before_schedule": ["calendar"]}
    assert _settled(first, schedule=asked)[0] == -20.0


def test_a_rule_may_only_bound_what_others_choose() -> None:
    local = {"calendar": [{**NIGHT, "discharge_kw_max": 15}], "self_consumption": {}}
    assert _settled(local, load_kw=lambda _: 60.0)[0] == 15.0


def test_charge_kept_for_a_failure_of_the_grid_is_not_sold() -> None:
    local = {"backup": {"reserve_pct": 50}}
    power_kw, codes = _settled(local, schedule=slots(30.0), soc_pct=50.0)
    assert (power_kw, "BACKUP" in codes) == (0.0, True)
    assert _settled(local, schedule=slots(-30.0), soc_pct=50.0)[0] == -30.0
    assert _settled(local, schedule=slots(30.0), soc_pct=51.0)[0] == 30.0


def test_an_operator_may_use_what_is_kept_for_a_failure_of_the_grid() -> None:
    override = Override(id="c1", power_kw=20.0, until_us=EPOCH_US + 60_000_000)
    steering = Steering(mode=Mode.AUTOMATIC, override=override)
    plant = changed(with_soc(40.0, HEALTHY))
    kept = rules(local={"backup": {"reserve_pct": 50}})
    _, memory = decided(plant, None, SiteModel(kept).memory, EPOCH_US, steering, kept)
    later = changed(plant, at_s=plant.at_s + 1.0)
    decision, _ = decided(later, None, memory, EPOCH_US + 1_000_000, steering, kept)
    assert decision.setpoint_kw > 0.0


def test_the_backup_reserve_is_filled_again_where_nobody_else_asks() -> None:
    local = {"backup": {"reserve_pct": 50, "recharge_kw": 12}}
    assert _settled(local, soc_pct=45.0) == (-12.0, ["BACKUP"])
    assert _settled(local, soc_pct=50.5)[0] == 0.0


PRICES = {
    "prices": {
        "charge_below_eur_mwh": 20,
        "discharge_above_eur_mwh": 120,
        "charge_kw": 30,
        "discharge_kw": 40,
        "soc_max_pct": 80,
    }
}


@pytest.mark.parametrize(
    ("ct_mwh", "power_kw"), [(2_000, -30.0), (2_001, 0.0), (11_999, 0.0), (12_000, 40.0)]
)
def test_energy_is_bought_when_cheap_and_sold_when_dear(ct_mwh: int, power_kw: float) -> None:
    assert _settled(PRICES, schedule=_priced(ct_mwh))[0] == power_kw


def test_a_full_battery_buys_nothing_however_cheap() -> None:
    assert _settled(PRICES, schedule=_priced(-5_000), soc_pct=80.0)[0] == 0.0


def test_without_a_price_for_this_hour_nothing_is_asked_for() -> None:
    assert _settled(PRICES, schedule=slots())[0] == 0.0
    assert _settled(PRICES)[1] == ["NO_SCHEDULE"]


def test_below_a_price_nothing_is_fed_in_and_the_rest_of_the_pv_is_held_back() -> None:
    local = {"prices": {"curtail_below_eur_mwh": 0}}
    model = SiteModel(rules(local=local), schedule=_priced(-100), pv_kw=lambda _: 100.0)
    model.told = {"pv_kw": None}
    model.run(20)
    assert model.decisions[-1].setpoint_kw == -80.0
    assert model.decisions[-1].pv_limit_kw == 0.0  # what the PV produces is not measured


def test_i14_a_schedule_that_has_run_out_falls_back_and_then_ends() -> None:
    known = slots(10.0, slot_s=60)
    fallback = Fallback(-15.0, known.ends_us + 60_000_000)
    model = SiteModel(
        rules(),
        schedule=Schedule(
            site="s", version=1, issued_us=EPOCH_US, slots=known.slots, fallback=fallback
        ),
    )
    model.run(110)
    assert model.decisions[-1].setpoint_kw == -15.0
    assert model.decisions[-1].reasons[0].code == "FALLBACK"
    model.run(30)
    assert model.decisions[-1].setpoint_kw == 0.0
    assert model.decisions[-1].reasons[0].code == "I14"
