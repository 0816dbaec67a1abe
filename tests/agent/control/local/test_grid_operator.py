"""I18, limits and setpoints of the grid operator: class 0c, the strictest holds, lost ones too."""

from dataclasses import replace
from typing import Any

import pytest

from agent.control.interlocks.config import InputSettings
from agent.control.interlocks.inputs import OperatorLimit
from agent.control.local import grid_operator
from agent.control.local.config import ConnectionSettings
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, changed
from tests.support.sites import SiteModel, rules, scene, slots

PV = {"pv_installed_kw": 50}


def _proposals(
    settings: dict[str, Any] | None = None,
    inputs: dict[str, Quantity] | None = None,
    limits: tuple[OperatorLimit, ...] = (),
    residual_kw: float | None = 10.0,
) -> list[Any]:
    plant = changed(HEALTHY, inputs=inputs or {})
    seen = scene(plant, site_kw=residual_kw, residual_kw=residual_kw)
    return list(
        grid_operator.proposals(seen, ConnectionSettings.model_validate(settings or {}), limits)
    )


def _step(share: float) -> OperatorLimit:
    return OperatorLimit(source="ripple control", text="a step", feed_in_share=share)


def test_i18_without_any_input_nothing_is_said() -> None:
    assert _proposals() == []


@pytest.mark.parametrize(("share", "upper_kw"), [(0.6, 20.0), (0.3, 5.0), (0.0, -10.0)])
def test_i18_a_step_caps_what_the_whole_installation_feeds_in(
    share: float, upper_kw: float
) -> None:
    (found,) = _proposals(PV, limits=(_step(share),))
    assert (found.cls, found.sub, found.code) == (0, 2, "I18")
    assert (found.lower_kw, found.upper_kw) == (None, pytest.approx(upper_kw))


def test_i18_a_step_without_the_meter_leaves_no_discharging() -> None:
    (found,) = _proposals(PV, limits=(_step(0.6),), residual_kw=None)
    assert found.upper_kw == 0.0


def test_i18_dimming_caps_what_the_battery_draws() -> None:
    dimmed = OperatorLimit(source="dimming", text="dimmed", import_kw_max=4.2)
    (found,) = _proposals(limits=(dimmed,))
    assert (found.lower_kw, found.upper_kw) == (-4.2, None)


def test_i18_of_several_limits_the_strictest_holds() -> None:
    site = rules(PV)
    model = SiteModel(site, schedule=slots(90.0))
    model.told = {"inputs": {"dso.export_kw_max": Quantity(25.0, 0.1)}}
    model.run(20)
    assert model.decisions[-1].setpoint_kw == pytest.approx(25.0)
    assert "I18" in [reason.code for reason in model.decisions[-1].reasons]


def test_i18_limits_at_the_connection_move_with_the_residual() -> None:
    inputs = {"dso.import_kw_max": Quantity(20.0, 1.0), "dso.export_kw_max": Quantity(5.0, 1.0)}
    drawn, fed_in = _proposals(inputs=inputs)
    assert (drawn.lower_kw, fed_in.upper_kw) == (-30.0, -5.0)


def test_i18_a_limit_that_is_not_renewed_holds_on_or_falls_to_its_own_fail_safe() -> None:
    old = {"dso.export_kw_max": Quantity(15.0, 121.0)}
    (held,) = _proposals(inputs=old)
    assert held.upper_kw == 5.0
    (failsafe,) = _proposals({"grid_operator": {"failsafe_export_kw": 12}}, old)
    assert failsafe.upper_kw == 2.0


def test_i18_a_limit_that_was_never_told_is_zero_until_it_is() -> None:
    inputs = {"dso.import_kw_max": UNKNOWN, "dso.export_kw_max": UNKNOWN}
    drawn, fed_in = _proposals(inputs=inputs)
    assert (drawn.lower_kw, fed_in.upper_kw) == (-10.0, -10.0)
    settings = {"grid_operator": {"failsafe_import_kw": 4.2}}
    assert _proposals(settings, inputs)[0].lower_kw == pytest.approx(-14.2)


def test_i18_a_heartbeat_that_stands_still_is_a_lost_limit() -> None:
    still = {
        "dso.import_kw_max": Quantity(15.0, 0.1),
        "dso.heartbeat": Quantity(7.0, 0.1, still_s=121.0),
    }
    (failsafe,) = _proposals({"grid_operator": {"failsafe_import_kw": 4.2}}, still)
    assert failsafe.lower_kw == pytest.approx(-14.2)
    alive = {**still, "dso.heartbeat": Quantity(7.0, 0.1, still_s=1.0)}
    (told,) = _proposals({"grid_operator": {"failsafe_import_kw": 4.2}}, alive)
    assert told.lower_kw == -25.0


def test_i18_a_setpoint_of_the_grid_operator_goes_before_everybody_else() -> None:
    model = SiteModel(rules(), schedule=slots(50.0))
    model.told = {"inputs": {"dso.power_kw": Quantity(-20.0, 0.1)}}
    model.run(20)
    assert model.decisions[-1].setpoint_kw == pytest.approx(-20.0)
    model.told = {"inputs": {"dso.power_kw": Quantity(-20.0, 121.0)}}
    model.run(20)
    assert model.decisions[-1].setpoint_kw > -20.0  # the schedule has it back, by its ramp


def test_i18_a_lost_setpoint_falls_to_its_own_fail_safe() -> None:
    lost = {"dso.power_kw": Quantity(-20.0, 121.0)}
    (failsafe,) = _proposals({"grid_operator": {"failsafe_power_kw": -5}}, lost)
    assert failsafe.preferred_kw == -5.0
    assert _proposals(inputs=lost) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, 1e30])
def test_i18_what_is_no_number_is_no_order(value: float | None) -> None:
    nonsense = UNKNOWN if value is None else Quantity(value, 0.1)
    assert _proposals(inputs={"dso.power_kw": nonsense}) == []
    bounds = [p.lower_kw for p in _proposals(inputs={"dso.import_kw_max": nonsense})]
    assert bounds == ([-1e30 - 10.0] if value == 1e30 else [-10.0]), "the strictest, not none"


def _ripple() -> Any:
    steps = [
        {"point": f"dso.step_{share}", "feed_in_share": share / 100} for share in (100, 60, 30, 0)
    ]
    inputs = InputSettings.model_validate({"ripple": {"steps": steps, "release_s": 1}})
    site = rules(PV)
    return replace(site, guard=replace(site.guard, inputs=inputs))


def _contacts(closed: int, *, age_s: float = 0.1) -> dict[str, Any]:
    return {
        "inputs": {
            f"dso.step_{share}": Quantity(1.0 if share == closed else 0.0, age_s)
            for share in (100, 60, 30, 0)
        }
    }


@pytest.mark.parametrize(("closed", "power_kw"), [(100, 50.0), (60, 30.0), (30, 15.0), (0, 0.0)])
def test_i18_a_step_of_ripple_control_caps_the_connection(closed: int, power_kw: float) -> None:
    model = SiteModel(_ripple(), schedule=slots(90.0), told=_contacts(closed))
    model.run(20)
    expected_kw = 90.0 if closed == 100 else power_kw
    assert model.decisions[-1].setpoint_kw == pytest.approx(expected_kw)


def test_i18_a_broken_wire_of_ripple_control_is_its_strictest_step() -> None:
    model = SiteModel(_ripple(), schedule=slots(90.0), told=_contacts(60))
    model.run(20)
    model.told = _contacts(60, age_s=1.1)
    model.run(1)
    assert model.decisions[-1].setpoint_kw == 0.0
    assert "I18" in [reason.code for reason in model.decisions[-1].reasons]


def test_i18_a_limit_is_obeyed_at_once_and_left_by_its_own_ramp() -> None:
    model = SiteModel(_ripple(), schedule=slots(90.0), told=_contacts(100))
    model.run(20)
    model.told = _contacts(30)
    model.step()
    assert model.decisions[-1].setpoint_kw == pytest.approx(15.0)
    model.told = _contacts(100)
    model.run(2)
    assert 15.0 <= model.decisions[-1].setpoint_kw < 90.0
