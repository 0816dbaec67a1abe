"""cloud.forecast.backtest, members and cache: nothing of the future, the same bits, and resumed."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from cloud.forecast.backtest import Scored, backtest
from cloud.forecast.cache import cache
from cloud.forecast.configuration import Configuration, Forest, Kernel, Lasso, Mean, Ridge
from cloud.forecast.days import Days, last_week
from cloud.forecast.members import Members
from cloud.forecast.metrics import mae
from cloud.forecast.trees import Growth
from tests.support.own_market import own_market

SMALL = Configuration(
    name="small",
    members=(
        Kernel(100, 0.05),
        Ridge(56, 30.0),
        Forest(100, relative=True, growth=Growth(iterations=30)),
        Lasso(56, 0.1),
        Mean(7),
    ),
    weights=(0.4, 0.2, 0.2, 0.1, 0.1),
)
MARKET = own_market(150)
BEGIN, END = 135, 150


def scored(days: Days, folder: Path | None = None, **changed: int) -> Scored:
    kept = cache(folder, days, SMALL) if folder is not None else None
    end = changed.get("end", END)
    return backtest(days, SMALL, (BEGIN, end), kept, warm_up_days=10)


class Whole(NamedTuple):
    """A run of the whole stretch, and the folder that it has left behind."""

    scored: Scored
    folder: Path

    def copied(self, path: Path) -> Path:
        """Return another folder of the same days, to be spoiled."""
        return Path(shutil.copytree(self.folder, path, dirs_exist_ok=True))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    return Whole(scored(MARKET, folder), folder)


@pytest.fixture(scope="module")
def whole(run: Whole) -> Scored:
    """What is scored of the whole stretch."""
    return run.scored


def test_noise_in_the_future_changes_no_bit_of_a_forecast(whole: Scored) -> None:
    drawn = np.random.default_rng(7)
    for day in (BEGIN, BEGIN + 6):
        prices = MARKET.prices.copy()
        prices[day:] = drawn.normal(0, 500, prices[day:].shape)
        inputs = {}
        for name, values in MARKET.inputs.items():
            noisy = values.copy()
            noisy[day + 1 :] = drawn.normal(0, 500, noisy[day + 1 :].shape)
            inputs[name] = noisy
        other = scored(Days("OWN", MARKET.first, prices, inputs))
        row = day - BEGIN
        assert np.array_equal(other.point[: row + 1], whole.point[: row + 1])
        assert not np.array_equal(other.point[row + 1], whole.point[row + 1])


def test_what_is_not_there_yet_need_not_be_there(whole: Scored) -> None:
    live = Members(MARKET.until(140), SMALL)
    row = 140 - whole.warm
    assert np.array_equal(live.told(140), whole.told[row])


def test_two_runs_are_equal_to_the_last_bit(whole: Scored) -> None:
    assert np.array_equal(scored(MARKET).point, whole.point)


def test_a_run_that_stopped_goes_on_to_the_same_bits(whole: Scored, tmp_path: Path) -> None:
    scored(MARKET, tmp_path, end=141)
    half = len(list(tmp_path.rglob("*.day")))
    assert half == 141 - whole.warm
    resumed = scored(MARKET, tmp_path)
    assert np.array_equal(resumed.point, whole.point)
    assert len(list(tmp_path.rglob("*.day"))) == END - whole.warm
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".day"] == []


def test_days_that_are_kept_are_not_calculated_again(run: Whole, tmp_path: Path) -> None:
    kept = cache(run.copied(tmp_path), MARKET, SMALL)
    marked = np.full((len(SMALL.members), 24), 77.0)
    kept.write(MARKET.on(140).isoformat(), marked)
    assert np.allclose(scored(MARKET, tmp_path).point[140 - BEGIN], 77.0)


def test_a_kept_day_that_was_cut_off_is_calculated_anew(run: Whole, tmp_path: Path) -> None:
    victim = next(iter(sorted(run.copied(tmp_path).rglob("*.day"))))
    victim.write_bytes(victim.read_bytes()[:-8])
    assert np.array_equal(scored(MARKET, tmp_path).point, run.scored.point)


def test_another_price_or_another_member_has_another_folder(tmp_path: Path) -> None:
    prices = MARKET.prices.copy()
    prices[3, 3] += 0.01
    other = Days("OWN", MARKET.first, prices, MARKET.inputs)
    fewer = replace(SMALL, members=SMALL.members[:2], weights=(0.5, 0.5))
    folders = {
        cache(tmp_path, days, configuration).folder
        for days, configuration in ((MARKET, SMALL), (other, SMALL), (MARKET, fewer))
    }
    assert len(folders) == 3


def test_progress_counts_to_the_last_day() -> None:
    heard: list[tuple[int, int]] = []
    backtest(
        MARKET,
        SMALL,
        (148, 150),
        warm_up_days=2,
        progress=lambda done, of: heard.append((done, of)),
    )
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_method_beats_last_week_on_a_market_of_our_own(whole: Scored) -> None:
    assert mae(whole.true, whole.point) < 0.6 * mae(whole.true, last_week(MARKET)[BEGIN:END])


def test_a_day_whose_price_has_a_hole_and_the_days_that_read_it_are_not_scored() -> None:
    prices = MARKET.prices.copy()
    prices[140, 5:12] = np.nan
    found = scored(Days("OWN", MARKET.first, prices, MARKET.inputs))
    assert np.isfinite(found.point[140 - BEGIN]).all()
    left_out = sorted(set(range(END - BEGIN)) - set(found.whole.tolist()))
    assert left_out == [5 + later for later in (0, 1, 2, 3, 7)]
    assert np.isnan(found.point[left_out[1:]]).all()


@pytest.mark.parametrize("stretch", [(20, 40), (140, 140), (140, 151)])
def test_a_stretch_without_a_history_is_refused(stretch: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a stretch of 28 to 150 is"):
        backtest(MARKET, SMALL, stretch)


def test_weights_for_other_members_are_refused() -> None:
    with pytest.raises(ValueError, match="weights: 2 for 5 members"):
        replace(SMALL, weights=(0.5, 0.5))
