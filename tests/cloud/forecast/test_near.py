"""cloud.forecast.near: readers of the neighbours beside the members; in a backtest, from a file."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from cloud.forecast.backtest import backtest
from cloud.forecast.cache import cache
from cloud.forecast.configuration import DAY_AHEAD, Configuration, Forest, Kernel, Ridge
from cloud.forecast.days import NEIGHBOURS, Days
from cloud.forecast.members import Members
from cloud.forecast.near import SHARE, Asked, a_day_later, names, parts, readers
from cloud.forecast.report.history import history

FIRST = date(2025, 1, 1)
SMALL = Configuration("small", (Kernel(56, 0.05), Ridge(56, 30.0)), (0.5, 0.5))


def market(days: int = 80) -> Days:
    """Return a market whose neighbour is a day ahead of it."""
    drawn = np.random.default_rng(6)
    moves = np.cumsum(drawn.normal(0, 8, (days + 1, 1)), axis=0)
    pattern = 10.0 * np.sin(np.arange(24) / 24 * 4 * np.pi)
    near = 60.0 + moves + pattern + drawn.normal(0, 1, (days + 1, 24))
    prices = near[:-1] + drawn.normal(0, 2, (days, 24))
    return Days("AT", FIRST, prices, {NEIGHBOURS: a_day_later(near[1:])})


def test_kernels_and_trees_are_asked_once_more_and_the_others_do_not_read_the_group() -> None:
    days = market()
    assert {type(one) for one in readers(DAY_AHEAD).members} == {Kernel, Forest}
    assert names(days, SMALL) == ["kernel-56", "ridge-56", f"kernel-56-{NEIGHBOURS}"]
    plain = days.without(NEIGHBOURS)
    assert names(plain, SMALL) == ["kernel-56", "ridge-56"]
    said = Asked(days, SMALL).told(70)
    np.testing.assert_array_equal(said[:2], Members(plain, SMALL).told(70))
    np.testing.assert_array_equal(said[:2], Asked(plain, SMALL).told(70))
    assert not np.array_equal(said[2], said[0])


def test_the_weights_of_the_readers_are_half_and_their_families_those_of_their_kind() -> None:
    days = market()
    prior = Asked(days, DAY_AHEAD).prior
    count = len(DAY_AHEAD.members)
    assert prior.weights[count:].sum() == pytest.approx(SHARE)
    assert prior.weights.sum() == pytest.approx(1.0)
    assert set(prior.families[count:]) == {0, 2}
    assert parts(days.without(NEIGHBOURS), DAY_AHEAD) == [DAY_AHEAD]


def test_a_backtest_with_neighbours_is_better_where_they_lead_and_keeps_what_all_say(
    tmp_path: Path,
) -> None:
    days = market(90)
    kept = cache(tmp_path, days, SMALL)
    with_them = backtest(days, SMALL, (50, 90), kept, warm_up_days=20)
    without = backtest(days.without(NEIGHBOURS), SMALL, (50, 90), warm_up_days=20)
    error, plain = (np.abs(one.true - one.point).mean() for one in (with_them, without))
    assert error < 0.9 * plain
    again = backtest(days, SMALL, (50, 90), kept, warm_up_days=20)
    np.testing.assert_array_equal(again.told, with_them.told)
    assert again.told.shape[1] == 3


def test_neighbours_of_a_file_are_read_of_the_day_before() -> None:
    lines = ["ts,AT_eur_mwh,DE-LU_eur_mwh,CZ_eur_mwh,FR_eur_mwh"]
    for hour in range(24 * 3):
        at = FIRST + timedelta(days=hour // 24)
        lines.append(f"{at}T{hour % 24:02d}:00,{hour},{hour + 100},{hour + 200},{hour + 900}")
    content = "\n".join(lines).encode()
    found = history([("a.csv", content)], "AT", neighbours=("DE-LU", "CZ", "HU"))
    assert list(found.days.inputs) == [NEIGHBOURS]
    near = found.days.inputs[NEIGHBOURS]
    assert np.isnan(near[0]).all()
    np.testing.assert_array_equal(near[1], np.arange(24) + 150.0)
    assert "FR_eur_mwh" in found.left_out
    assert not history([("a.csv", content)], "AT").days.inputs
    assert not history([("a.csv", content)], "AT", neighbours=("HU",)).days.inputs
