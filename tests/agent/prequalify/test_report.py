"""The report: both languages whole, self-contained, sealed; a changed one is found out."""

import json
import math
import re
from pathlib import Path

import pytest

from agent.prequalify import plot, rulesets, seal
from agent.prequalify.judge import Case
from agent.prequalify.report import Facts, document, html, words
from agent.prequalify.series import Series, stepped, thinned
from agent.prequalify.verdict import Verdict

KEY = bytes(range(32))
PACKAGE = Path(__file__).parents[3] / "agent" / "prequalify"


def example() -> dict[str, object]:
    series = Series()
    for second in range(100):
        power_kw = math.nan if second == 50 else 1.0
        series.add(at_s=float(second), hz=50.0, power_kw=power_kw, baseline_kw=0.0, soc_pct=50.0)
    ruleset = rulesets.load("tennet")
    verdicts = [
        Verdict(code="start", value=0.4, unit="s", high=2.0, at_s=60.0),
        Verdict(code="slope", value=None, note="flat"),
        Verdict(code="full", value=None, unit="s", high=30.0),
    ]
    facts = Facts(
        kind="rehearsal",
        site="<nordhof>",
        software="1.0",
        made_us=1_800_000_000_000_000,
        fingerprint="ab",
        settings={"control": {"discharge_kw_max": 1000}},
        plant={"dead_ms": 300.0, "lag_ms": 500.0, "noise_pct": 1.0},
    )
    case = Case(ruleset=ruleset, capacity_kw=1000.0)
    return document(facts, case, [(ruleset.tests[0], series, verdicts)])


def test_both_languages_say_the_same_things_and_every_criterion_has_words() -> None:
    german, english = words("de"), words("en")
    assert set(german) == set(english)
    said = set()
    for path in PACKAGE.glob("*.py"):
        said |= set(re.findall(r'code="([a-z0-9_]+)"', path.read_text(encoding="utf-8")))
    said |= {"nem_charged", "nem_discharged", "aem_seen", "released"}
    assert {f"c.{code}" for code in said} <= set(english)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_needs_nothing_but_itself_and_escapes_what_it_shows(language: str) -> None:
    page = html(example(), language)
    assert "<script" not in page
    assert "http" not in page
    assert "<nordhof>" not in page
    assert "&lt;nordhof&gt;" in page
    assert "nan" not in page
    assert words(language)["failed"] in page


def test_a_gap_of_the_record_is_a_gap_of_the_curve() -> None:
    lines = [plot.Line("p", "net", [1.0, 2.0, math.nan, 2.0, 1.0])]
    assert plot.chart([0, 1, 2, 3, 4], lines, "s", "kW").count("<polyline") == 2
    assert plot.chart([0, 1], [plot.Line("p", "net", [math.nan, math.nan])], "s", "kW") == ""


def test_ticks_are_round_numbers_inside_the_axis() -> None:
    assert plot.ticks(-1050.0, 50.0) == [-1000.0, -750.0, -500.0, -250.0, 0.0]
    assert plot.ticks(49.99, 50.21) == [50.0, 50.05, 50.1, 50.15, 50.2]


def test_each_sine_is_drawn_with_as_many_points_as_any_other() -> None:
    series = Series()
    for place in range(3_201):
        series.add(at_s=place / 10)
    places = list(stepped(series, [(20.0, 10.0 / 16), (320.0, 300.0 / 16)]))
    assert len([place for place in places if place <= 200]) == pytest.approx(2 * 16, abs=5)
    assert len([place for place in places if place > 200]) == pytest.approx(16, abs=1)
    assert places == sorted(set(places))


def test_an_axis_is_written_as_its_language_writes_numbers() -> None:
    lines = [plot.Line("p", "net", [-1_000.0, 1_000.0])]
    chart = plot.chart([0, 14_400], lines, "s", "kW", lambda value: f"{value:g}".replace("-", "~"))
    assert ">~1000<" in chart
    assert ">10000<" in chart


def test_a_long_record_is_thinned_but_keeps_its_jumps() -> None:
    series = Series()
    for place in range(10_000):
        series.add(at_s=place / 10, hz=50.0 if place < 5_003 else 50.2)
    places = list(thinned(series, 300))
    assert len(places) < 350
    assert {5_002, 5_003} <= set(places)


@pytest.mark.parametrize("form", ["html", "json"])
def test_the_seal_shows_whether_a_report_is_as_it_was_made_and_by_whose_key(form: str) -> None:
    report = example()
    whole = (
        seal.sealed_json(report, KEY)
        if form == "json"
        else seal.sealed_html(html(report, "en"), KEY)
    )
    assert seal.checked(whole, KEY) == seal.Checked(True, True, seal.checked(whole, None).digest)
    assert seal.checked(whole, None).signed is None
    assert seal.checked(whole, bytes(32)).signed is False
    forged = whole.replace("0.4", "0.3")
    assert forged != whole
    assert not seal.checked(forged, KEY).unchanged
    assert seal.checked(forged, KEY).signed is False


@pytest.mark.parametrize("text", ["", "{}", "<html></html>", '{"report": 1}', "{nonsense"])
def test_what_is_no_report_is_refused_with_one_line(text: str) -> None:
    with pytest.raises(seal.NoReport):
        seal.checked(text, KEY)


def test_something_behind_the_seal_is_found_out() -> None:
    whole = seal.sealed_html("<p>good</p>\n", KEY)
    with pytest.raises(seal.NoReport):
        seal.checked(whole + "<p>better</p>", KEY)


def test_the_document_is_json_for_any_program() -> None:
    json.dumps(example(), allow_nan=False)
