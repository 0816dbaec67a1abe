"""Whatever the forecasts flag, name or rank has words on their page."""

import re
from pathlib import Path

import pytest

from cloud.forecast.service import ladder, retreat, sources
from cloud.forecast.service.flags import CLIPPED, FLAGS, QUALITIES, unknown
from cloud.forecast.service.intraday import LAST_PRICE
from cloud.forecast.service.model import State
from cloud.forecast.service.task import Result
from cloud.forecast.site import demand
from cloud.forecast.watch.verdicts import Code
from cloud.web import texts

_OF_SITE = re.compile(r'"((?:no|few|lent)_(?:load|pv|weather)[a-z_]*)"')
_FLAGGED = re.compile(r"""(?:flag|flags\.append)\("([a-z_]+)"\)""")


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_flag_of_the_forecasts_has_words(language: str) -> None:
    wanted = {f"flag.{flag}" for flag in (*FLAGS, CLIPPED.rstrip("_"))}
    assert not wanted - texts.dictionary(language).keys()


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_quality_of_the_forecasts_has_words(language: str) -> None:
    assert QUALITIES.keys() == {*_rungs(), ladder.FULL, ladder.TEMPLATE, LAST_PRICE}
    assert not {f"quality.{name}" for name in QUALITIES} - texts.dictionary(language).keys()


def test_every_flag_of_the_forecasts_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[3] / "docs/guide/forecasting.md").read_text("utf-8")
    assert not [flag for flag in FLAGS if f"`{flag}`" not in guide]


def test_a_forecast_with_a_flag_that_nobody_knows_is_none() -> None:
    assert unknown(["extended", "clipped_12", "clipped_", "made_up"]) == ["clipped_", "made_up"]
    with pytest.raises(AssertionError, match="made_up"):
        Result(quality="full", flags=("made_up",), weights={}, series=b"[]")


def test_every_flag_that_the_code_writes_is_known() -> None:
    folder = Path(ladder.__file__).parent
    found = {
        flag for path in folder.glob("*.py") for flag in _FLAGGED.findall(path.read_text("utf-8"))
    }
    assert "extended" in found
    found |= {ladder.SHORT_HISTORY, ladder.SIMILAR_DAY, ladder.TEMPLATE, *retreat.FLAGS.values()}
    found |= {f"no_{name}" for name in (sources.LOAD, sources.RENEWABLES, sources.EXAA_PRICE)}
    assert not unknown(found)


def test_every_flag_of_a_site_and_of_the_weather_has_words() -> None:
    folder = Path(demand.__file__).parent
    texts_of = [path.read_text("utf-8") for path in folder.glob("*.py")]
    found = {flag for text in texts_of for flag in _OF_SITE.findall(text)} | {"old"}
    found |= {demand.EXTENDED, "stale_load", "stale_pv"}
    assert {"no_weather", "few_pv_errors"} <= found
    assert not {f"outlook.flag.{flag}" for flag in found} - texts.dictionary("de").keys()
    assert {"flag.own_solar", "flag.own_wind", "flag.own_load"} <= texts.dictionary("de").keys()


def test_every_rung_input_and_state_has_words() -> None:
    wanted = {f"quality.{rung}" for rung in (ladder.FULL, *_rungs())}
    wanted |= {f"job.{state}" for state in State}
    wanted |= {f"input.{name}" for name in (sources.PRICE, sources.LOAD, sources.RENEWABLES)}
    wanted |= {f"input.{name}" for name in (sources.EXAA_PRICE, "solar", "wind")}
    wanted |= {f"input.actual/{name}" for name in (sources.LOAD, "solar", "wind")}
    assert not wanted - texts.dictionary("de").keys()


def test_every_alarm_has_words() -> None:
    assert not {f"forecast.alarm.{code}" for code in Code} - texts.dictionary("de").keys()


def _rungs() -> tuple[str, str]:
    return ladder.SHORT_HISTORY, ladder.SIMILAR_DAY
