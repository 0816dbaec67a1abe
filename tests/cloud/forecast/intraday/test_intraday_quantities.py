"""`quantities`: load, sun and wind drawn to what is measured, where that was the better one."""

from datetime import date

import numpy as np
import pytest

from cloud.forecast.arrays import FloatArray
from cloud.forecast.intraday.past import SLOTS, Issues, issues
from cloud.forecast.intraday.quantities import quantity
from cloud.forecast.intraday.vintages import SLOT_US, Spoken, Vintages, vintages
from cloud.forecast.quantiles import PUBLISHED
from tests.support.intraday_world import AREA, instant

DAY = date(2026, 7, 1)
DAYS = 40
NOW_US = instant(DAY, 10.0)
PAST: Issues = issues(AREA, NOW_US, NOW_US + SLOT_US, DAYS)
BEGIN = int(PAST.firsts[0]) - 192
COUNT = int(PAST.firsts[-1]) + SLOTS - BEGIN
HOURS = (np.arange(COUNT) + BEGIN) % 96 / 4.0 + 2.0  # of the clock, in summer


def series(
    name: str, foreseen: FloatArray, came: FloatArray, delay: int = 4
) -> dict[str, Vintages]:
    """Return both, the measured one known so many slots after its own, until now."""
    starts = [(BEGIN + n) * SLOT_US for n in range(COUNT)]
    measured = [
        Spoken([us], [value], us + (1 + delay) * SLOT_US, (us, 1), 900, 0)
        for us, value in zip(starts, came.tolist(), strict=True)
        if us + (1 + delay) * SLOT_US <= NOW_US
    ]
    return {
        name: vintages([Spoken(starts, foreseen.tolist(), 0, (0, 1), 900, 0)]),
        f"actual/{name}": vintages(measured),
    }


def wandering(random: np.random.Generator, sigma: float, keep: float) -> FloatArray:
    found = np.zeros(COUNT)
    for slot in range(1, COUNT):
        found[slot] = keep * found[slot - 1] + random.normal(0.0, sigma)
    return found


@pytest.mark.parametrize("name", ["load", "wind"])
def test_an_error_that_lasts_draws_the_next_hours(name: str) -> None:
    random = np.random.default_rng(1)
    foreseen = np.full(COUNT, 2_000.0)
    came = np.maximum(foreseen + wandering(random, 60.0, 0.98), 0.0)
    found = quantity(series(name, foreseen, came), name, PAST, PUBLISHED)
    assert found is not None
    assert found.is_blended
    known = came[COUNT - SLOTS - 8]
    near, far = found.point[2], found.point[-1]
    assert abs(near - known) < abs(foreseen[0] - known)
    assert abs(far - foreseen[0]) < 0.8 * abs(near - foreseen[0])
    assert found.quantiles is not None
    assert (np.diff(found.quantiles, axis=1) >= 0.0).all()
    assert (found.quantiles >= 0.0).all()
    width = found.quantiles[:, 5] - found.quantiles[:, 1]
    assert width[:8].mean() < width[-24:].mean(), "what is near is known better"


def test_an_error_that_does_not_last_leaves_the_forecast_as_it_is() -> None:
    random = np.random.default_rng(2)
    foreseen = np.full(COUNT, 2_000.0)
    came = foreseen + random.normal(0.0, 300.0, COUNT)
    for name in ("load", "wind"):
        found = quantity(series(name, foreseen, came), name, PAST, PUBLISHED)
        assert found is not None
        assert not found.is_blended or name == "load"
        assert np.abs(found.point - 2_000.0).max() < 60.0


def test_the_share_of_the_sun_is_kept_for_some_hours_and_nights_stay_dark() -> None:
    random = np.random.default_rng(3)
    clear = np.maximum(np.sin((HOURS % 24 - 6.0) * np.pi / 12.0), 0.0) * 1_000.0
    days = (np.arange(COUNT) + BEGIN + 8) // 96
    share = random.uniform(0.4, 1.2, days.max() - days.min() + 1)[days - days.min()]
    found = quantity(series("solar", clear, clear * share), "solar", PAST, PUBLISHED)
    assert found is not None
    assert found.is_blended
    ahead, told = clear[-SLOTS:], found.point
    assert told[2] / ahead[2] == pytest.approx(1.0 + (share[-SLOTS] - 1.0) * 0.6, abs=0.25)
    assert abs(told[2] / ahead[2] - share[-SLOTS]) < abs(1.0 - share[-SLOTS])
    dark = ahead <= 0.0
    assert (told[dark] == 0.0).all()
    assert found.quantiles is not None
    assert (found.quantiles[dark] == 0.0).all()


def test_without_anything_measured_the_forecast_stands_without_quantiles() -> None:
    foreseen = np.full(COUNT, 2_000.0)
    only = {"wind": series("wind", foreseen, foreseen)["wind"]}
    found = quantity(only, "wind", PAST, PUBLISHED)
    assert found is not None
    assert not found.is_blended
    assert found.quantiles is None
    assert found.point.tolist() == [2_000.0] * SLOTS
    assert quantity({}, "wind", PAST, PUBLISHED) is None
