"""agent.control.local.feed_in: the battery takes first, then the PV is held back by the rest."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.local.feed_in import pv_limit_kw
from agent.control.quantity import Quantity
from tests.support.plants import HEALTHY, changed
from tests.support.sites import SiteModel, rules, scene


def _limit(cap_kw: float | None, pv_kw: float | None, load_kw: float, **values: Any) -> Any:
    pv = None if pv_kw is None else Quantity(pv_kw, 0.1)
    residual_kw = None if pv_kw is None else pv_kw - load_kw
    seen = scene(changed(HEALTHY, pv_kw=pv), residual_kw=residual_kw, **values)
    return pv_limit_kw(seen, cap_kw, 200.0, -seen.lower_kw)


def test_without_a_cap_the_pv_does_what_it_can() -> None:
    assert _limit(None, 150.0, 0.0) is None


def test_a_battery_that_takes_the_rest_leaves_the_pv_alone() -> None:
    assert _limit(100.0, 150.0, 30.0) is None  # 100 + 30 + 80 kW of charging


def test_what_the_battery_cannot_take_is_held_back() -> None:
    assert _limit(70.0, 190.0, 30.0) == 180.0
    assert _limit(70.0, 190.0, 30.0, lower_kw=0.0) == 100.0


def test_without_the_meter_the_pv_alone_stays_below_the_cap() -> None:
    assert _limit(70.0, None, 0.0) == 70.0
    assert _limit(0.0, None, 0.0) == 0.0


@pytest.mark.parametrize("share", [0.0, 0.5, 0.7])
def test_a_share_of_the_pv_is_all_that_is_fed_in(share: float) -> None:
    settings = {"feed_in_share": share, "pv_installed_kw": 100}
    model = SiteModel(rules(settings), pv_kw=lambda _: 95.0, load_kw=lambda _: 20.0)
    model.told = {"pv_kw": Quantity(95.0, 0.1)}
    model.run(20)
    assert max(model.sites_kw[50:]) <= share * 100 + 0.01
    assert model.decisions[-1].pv_limit_kw is None


def test_zero_export_draws_a_little_because_control_is_never_exact() -> None:
    settings = {"feed_in_share": 0, "pv_installed_kw": 100}
    model = SiteModel(rules(settings), pv_kw=lambda _: 60.0, load_kw=lambda _: 20.0)
    model.run(20)
    assert model.sites_kw[-1] == pytest.approx(-1.0, abs=0.01)


def test_a_full_battery_leaves_it_to_the_pv() -> None:
    settings = {"feed_in_share": 0.5, "pv_installed_kw": 100}
    model = SiteModel(rules(settings), pv_kw=lambda _: 95.0, load_kw=lambda _: 20.0, soc_pct=95.0)
    model.told = {"pv_kw": Quantity(95.0, 0.1)}
    model.run(20)
    assert model.decisions[-1].pv_limit_kw == pytest.approx(70.0)


@given(
    cap_kw=st.floats(0, 1e4),
    pv_kw=st.floats(0, 1e4),
    load_kw=st.floats(0, 1e4),
    lower_kw=st.floats(-1e4, 0),
)
def test_a_pv_that_obeys_and_a_battery_that_charges_never_exceed_the_cap(
    cap_kw: float, pv_kw: float, load_kw: float, lower_kw: float
) -> None:
    limit_kw = _limit(cap_kw, pv_kw, load_kw, lower_kw=lower_kw)
    produced_kw = pv_kw if limit_kw is None else min(pv_kw, limit_kw)
    if limit_kw is None and pv_kw > 200.0:
        return  # more than is installed
    assert produced_kw - load_kw + lower_kw <= cap_kw + 1e-6
