"""cloud.forecast.report: its figures agree with the metrics, leaks are found, pages are whole."""

import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cloud.forecast.arrays import FloatArray
from cloud.forecast.layouts import table
from cloud.forecast.metrics import mae, pinball
from cloud.forecast.report import figures
from cloud.forecast.report.leakage import leakage
from cloud.forecast.report.page import page
from cloud.forecast.report.rows import HEAD, csv_text
from cloud.forecast.report.told import LEVELS, Told, clock_changes, quarterly, reference
from cloud.forecast.report.words import LANGUAGES
from tests.support.own_market import own_market
from tests.support.reports import BEGIN, DAYS, NAMES, SMALL, report, scored, told_of


def found() -> dict[str, Any]:
    return cast("dict[str, Any]", report()[0])


def test_the_errors_are_those_of_the_scored_days() -> None:
    told = report()[1]
    ours = found()["errors"]["forecast"]
    assert ours["mae"] == pytest.approx(mae(told.true, told.point), abs=1e-6)
    assert ours["days"] == found()["days_scored"] == DAYS - BEGIN
    naive = found()["errors"]["last week"]
    assert naive["rmae"] == 1.0
    assert ours["rmae"] == pytest.approx(ours["mae"] / naive["mae"], abs=1e-5)


def test_the_best_naive_forecast_is_the_one_with_the_smallest_error() -> None:
    best, errors = found()["best_naive"], found()["errors"]
    assert best["mae"] == min(errors[name]["mae"] for name in ("last week", "similar day"))
    assert best["share"] == pytest.approx(errors["forecast"]["mae"] / best["mae"], abs=1e-5)


def test_quarter_hours_are_forecast_by_the_shape_of_their_hour() -> None:
    honest = scored()
    drawn = np.random.default_rng(3)
    slots = np.repeat(honest.days.prices, 4, axis=1) + np.tile([6.0, 2.0, -2.0, -6.0], 24)
    slots += drawn.normal(0, 0.1, slots.shape)
    slots[:60] = np.nan
    slots[145] = np.nan
    told = quarterly(honest, slots, NAMES, {})
    assert told.point.shape == (DAYS - BEGIN, 96)
    assert told.rows.tolist() == [row for row in range(DAYS - BEGIN) if row != 145 - BEGIN]
    assert told.point.reshape(-1, 24, 4).mean(axis=2) == pytest.approx(honest.point)
    errors = cast("dict[str, Any]", figures.errors(told))
    assert errors["forecast"]["mae"] < 0.8 * errors["hour means"]["mae"]
    assert set(told.members) == set(NAMES)
    assert leakage(honest, SMALL, slots)["passed"]
    assert len(csv_text(told, None).splitlines()) == 1 + 96 * (DAYS - BEGIN)


def test_days_on_which_the_clock_changes_are_known_by_the_time_zone() -> None:
    days = replace(own_market(DAYS), first=date(2026, 3, 1))
    rows = clock_changes(days, ZoneInfo("Europe/Vienna"))
    assert [days.on(int(row)) for row in rows] == [date(2026, 3, 29)]
    assert not len(clock_changes(days, None))


def test_every_split_has_all_slots_once() -> None:
    for group, rows in found()["by"].items():
        assert sum(row["slots"] for row in rows.values()) == (DAYS - BEGIN) * 24, group
        size = sum(row["slots"] * row["mae"] for row in rows.values() if row["slots"])
        assert size / ((DAYS - BEGIN) * 24) == pytest.approx(
            found()["errors"]["forecast"]["mae"], abs=1e-4
        )


def test_quantiles_never_cross_and_their_score_is_the_mean_of_its_levels() -> None:
    told, spread = report()[1], found()["quantiles"]
    assert spread["crossings"] == 0
    whole = pinball(told.true, told.quantiles, np.array(LEVELS))
    assert spread["pinball"] == pytest.approx(whole, abs=1e-6)
    by_level = spread["pinball_by_level"].values()
    assert sum(by_level) / len(LEVELS) == pytest.approx(whole, abs=1e-5)
    assert sum(spread["pit"]) == pytest.approx(1.0, abs=1e-4)


def test_two_that_are_compared_have_probabilities_that_make_one() -> None:
    table = found()["comparisons"]
    for name, row in table.items():
        for other, test in row.items():
            back = table[other][name]
            assert test["p_plain"] + back["p_plain"] == pytest.approx(1.0, abs=1e-5)


def test_nobody_earns_more_than_perfect_foresight() -> None:
    assert len(found()["revenue"]) == 5
    for value in found()["revenue"]:
        for row in value["models"].values():
            assert row["share_pct"] <= 100.0 + 1e-6
        assert "somebody <else>" in value["models"]


def test_more_plans_offered_earn_more_and_stand_beside_the_one_that_is_followed() -> None:
    assert [value["rules"]["cost_eur_per_mwh"] for value in found()["offers"]] == [0.0, 5.0]
    for value in found()["offers"]:
        shares = [row["share_pct"] for row in value["taken"].values()]
        assert list(value["taken"]) == ["1", "3", "12", "24"]
        assert shares == sorted(shares)
        assert value["followed"]["share_pct"] <= shares[-1] <= 100.0 + 1e-6
        assert value["days"] <= found()["days_scored"]


def test_weights_of_a_day_make_one() -> None:
    assert sum(found()["weights"]["mean"].values()) == pytest.approx(1.0, abs=1e-5)


def test_the_report_is_the_same_to_the_byte() -> None:
    def text(document: object) -> str:
        return json.dumps(document, allow_nan=False)

    before = text(report()[0])
    report.cache_clear()
    assert text(report()[0]) == before


def test_an_honest_backtest_does_not_leak() -> None:
    assert found()["leakage"]["passed"]
    assert len(found()["leakage"]["days"]) == 2


def test_a_forecast_that_knew_the_price_is_found_out() -> None:
    honest = scored()
    knowing = honest.told.copy()
    knowing[:, 0] = honest.days.prices[honest.warm :]
    result = leakage(replace(honest, told=knowing), SMALL)
    assert not result["passed"]
    assert result["leaking"] == result["days"]


def test_weights_that_knew_the_price_are_found_out() -> None:
    honest = scored()
    point = honest.walk.point + 0.5
    assert not leakage(replace(honest, walk=replace(honest.walk, point=point)), SMALL)["passed"]


class Structure(HTMLParser):
    """Tags that are open, and what is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.plots = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.plots += tag == "svg" and ("role", "img") in attrs
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_one_whole_file_that_loads_nothing(language: str) -> None:
    document, told, worth = report()
    text = page(cast("dict[str, Any]", document), told, worth, language, "p { margin: 0 }")
    seen = Structure()
    seen.feed(text)
    assert seen.open == []
    assert seen.plots == 12
    assert len(seen.links) == 1
    assert seen.links[0].startswith("report.")
    assert "<else>" not in text
    assert "nan" not in text
    assert ("Rückrechnung" in text) is (language == "de")


def test_the_forecasts_have_a_row_a_slot_in_the_clock_of_the_file() -> None:
    lines = csv_text(report()[1], None).splitlines()
    assert lines[0] == HEAD == "ts,price," + ",".join(f"q{5 * step:02d}" for step in range(1, 20))
    assert len(lines) == 1 + 24 * (DAYS - BEGIN)
    first = own_market(DAYS).on(BEGIN)
    assert lines[1].startswith(f"{first} 00:00:00,")


@pytest.mark.parametrize(
    ("first", "hours"), [(date(2020, 3, 29), 23), (date(2020, 10, 25), 25), (date(2020, 7, 1), 24)]
)
def test_a_file_with_offsets_gets_every_hour_of_the_day_in_utc(first: date, hours: int) -> None:
    told = one_day(first)
    lines = csv_text(told, ZoneInfo("Europe/Vienna")).splitlines()[1:]
    stamps = [line.partition(",")[0] for line in lines]
    assert len(set(stamps)) == len(stamps) == hours
    assert stamps == sorted(stamps)
    prices = [float(line.split(",")[1]) for line in lines]
    doubled = [2.0] if hours == 25 else []
    lacking = [2.0] if hours == 23 else []
    assert sorted([*prices, *lacking]) == sorted([*map(float, range(24)), *doubled])


def one_day(first: date) -> Told:
    """Return a forecast of the number of the hour."""
    told = report()[1]
    days = replace(told.days, first=first)
    point: FloatArray = np.arange(24.0)[None]
    return replace(told, days=days, begin=0, point=point, quantiles=told.quantiles[:1])


def test_a_day_with_a_hole_is_left_out_and_said() -> None:
    told = report()[1]
    true = told.true.copy()
    true[3, 5] = np.nan
    holed = replace(told, true=true, rows=np.delete(told.rows, 3))
    errors = cast("dict[str, Any]", figures.errors(holed))
    assert errors["forecast"]["days"] == DAYS - BEGIN - 1
    json.dumps(figures.probabilities(holed), allow_nan=False)


def test_the_price_among_a_files_forecasts_is_none_of_them() -> None:
    days = own_market(20)
    lines = ["time,Real price,DNN,copy"]
    for row, price in enumerate(days.prices[:10].ravel()):
        stamp = f"{days.on(row // 24)} {row % 24:02d}:00:00"
        lines.append(f"{stamp},{price + 0.5},{price + 1.0},{price}")
    theirs = reference(table("\n".join(lines).encode()), days, days.prices, (5, 15))
    assert list(theirs) == ["DNN"]
    assert np.isfinite(theirs["DNN"]).sum() == 5 * 24


def test_told_of_other_scored_days_has_their_rows() -> None:
    assert told_of(scored()).rows.tolist() == list(range(DAYS - BEGIN))
