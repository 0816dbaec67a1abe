"""Load, solar and wind of a forecast: quantiles of what lately came, and no number from nowhere."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS
from cloud.forecast.service.fields import OWN_LOAD, fields
from cloud.forecast.service.task import Task
from cloud.market.areas import catalogue

AT = catalogue.load()["AT"]
DAYS = 120
WANTED = date(2026, 6, 10)
RNG = np.random.default_rng(3)
SHAPE = 6_000 + 1_000 * np.sin(np.arange(HOURS) / 24 * 2 * np.pi)
CAME = SHAPE + RNG.normal(0, 100, (DAYS + 1, HOURS))
SUN = np.maximum(0.0, np.sin((np.arange(HOURS) - 6) / 12 * np.pi)) * 2_000


def task(name: str, foreseen: FloatArray, came: FloatArray, known: FloatArray) -> Task:
    came = came.copy()
    came[-1], came[-2, 11:] = np.nan, np.nan
    nothing = np.empty((0, HOURS))
    return Task(
        area="AT",
        first=WANTED - timedelta(days=DAYS),
        targets=1,
        decided=0,
        step_s=900,
        quality="full",
        prices=nothing,
        groups={},
        quarters=np.empty((0, 96)),
        foreseen={name: known},
        past={name: np.array([foreseen, came])},
        told={},
    )


def test_quantiles_lie_round_what_is_foreseen_and_never_cross() -> None:
    foreseen = np.tile(SHAPE, (DAYS + 1, 1))
    found = fields(task("load", foreseen, CAME, np.repeat(SHAPE, 4)), AT, WANTED)
    told = found.quantiles["load"]
    assert told.shape == (96, 7)
    assert (np.diff(told, axis=1) >= 0).all()
    assert (told[:, 0] < np.repeat(SHAPE, 4)).all()
    width = float((told[:, 5] - told[:, 1]).mean())
    assert 180 < width < 340, "80 % of a normal error of 100 MW lie within 256"
    assert found.flags == []


def test_at_night_there_is_no_sun_in_any_quantile() -> None:
    foreseen = np.tile(SUN, (DAYS + 1, 1))
    came = np.maximum(0.0, foreseen * RNG.normal(1, 0.1, (DAYS + 1, 1)))
    found = fields(task("solar", foreseen, came, np.repeat(SUN, 4)), AT, WANTED)
    told = found.quantiles["solar"]
    assert (told[:16] == 0).all()
    assert (told >= 0).all()
    assert (told[48] > 0).any()


def test_a_load_that_nobody_foresaw_is_told_from_its_own_past_and_flagged() -> None:
    nothing = np.full((DAYS + 1, HOURS), np.nan)
    asked = task("load", nothing, CAME, np.full(96, np.nan))
    found = fields(asked, AT, WANTED)
    assert found.flags == [OWN_LOAD]
    assert np.abs(found.points["load"] - np.repeat(SHAPE, 4)).mean() < 150
    assert found.quantiles["load"].shape == (96, 7)


def test_without_a_past_nothing_is_told_at_all() -> None:
    nothing = np.full((DAYS + 1, HOURS), np.nan)
    short = CAME.copy()
    short[:-20] = np.nan
    for came in (nothing, short):
        found = fields(task("load", nothing, came, np.full(96, np.nan)), AT, WANTED)
        assert np.isnan(found.points["load"]).all()
        assert "load" not in found.quantiles
    came = np.tile(SUN, (DAYS + 1, 1))
    sun = fields(task("solar", nothing, came, np.full(96, np.nan)), AT, WANTED)
    assert np.isnan(sun.points["solar"]).all(), "without weather there is no sun"
    assert fields(replace(task("load", nothing, CAME, SUN), past={}), AT, WANTED).quantiles == {}
