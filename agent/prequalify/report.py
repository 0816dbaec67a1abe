"""The report: one document of what was tested and found, and one page that shows it. Pure."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from agent.prequalify import plot, swing
from agent.prequalify.judge import Case, passed, points
from agent.prequalify.plot import Line
from agent.prequalify.rulesets import Ruleset, Trial
from agent.prequalify.series import Series, stepped, thinned
from agent.prequalify.verdict import Verdict
from wire.clock import utc

LANGUAGES = ("en", "de")
ROWS_MAX = 320  # of each test's curves, in the page and in the document
VERSION = 1
ROWS_PER_PERIOD = 16  # of a sine: fewer would draw another one
_FOLDER = Path(__file__).parent
_NBSP = "\N{NO-BREAK SPACE}"
_YES_NO = ("nem_charged", "nem_discharged", "aem_seen", "released")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the report is about, beside its tests."""

    kind: str
    """``rehearsal``, ``live`` or ``compliance``."""
    site: str
    software: str
    made_us: int
    fingerprint: str
    """Of the settings file."""
    settings: Mapping[str, Any]
    """The sections that decide; none of them holds a secret."""
    plant: Mapping[str, float]
    """Of a rehearsal: how the model behaves."""


def document(
    facts: Facts, case: Case, tests: Sequence[tuple[Trial, Series, list[Verdict]]]
) -> dict[str, Any]:
    """Return everything that the report says, for programs."""
    return {
        "v": VERSION,
        "kind": facts.kind,
        "site": facts.site,
        "software": facts.software,
        "made_us": facts.made_us,
        "fingerprint": facts.fingerprint,
        "settings": facts.settings,
        "plant": facts.plant,
        "capacity_kw": case.capacity_kw,
        "meter_s": case.meter_s,
        "ruleset": _ruleset(case.ruleset),
        "passed": all(passed(verdicts) for _, _, verdicts in tests),
        "tests": [_test(test, series, verdicts, case) for test, series, verdicts in tests],
    }


def html(report: Mapping[str, Any], language: str) -> str:
    """Return the page of a document; it needs nothing but itself."""
    w = words(language)
    title = w["title"] if report["kind"] == "live" else w[f"title.{report['kind']}"]
    style = (_FOLDER / "report.css").read_text(encoding="utf-8")
    note = w[f"note.{report['kind']}"].format_map(_plant(report["plant"]))
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p class='verdict'>{escape(report['ruleset']['title'][language])}"
        f" {_mark(report['passed'], w)}</p>",
        f"<p>{escape(note)} {escape(w['sign'])}</p>",
        _about(report, language, w),
        _overview(report["tests"], language, w),
        *(_section(test, report, language, w) for test in report["tests"]),
        f"<h2>{escape(w['settings'])}</h2>",
        f"<pre>{escape(_settings(report['settings']))}</pre>",
        f"<p class='seal'>{escape(w['sealed'])}</p>",
    ]
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: {escape(report['site'])}</title><style>{style}</style></head>"
        f"<body><main>{chr(10).join(body)}</main></body></html>\n"
    )


def _settings(sections: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [f"{of}.{key} = {json.dumps(one[key])}" for of, one in sections.items() for key in one]
    return "\n".join(sorted(lines))


def words(language: str) -> dict[str, str]:
    text = (_FOLDER / "words" / f"{language}.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def _ruleset(ruleset: Ruleset) -> dict[str, Any]:
    return {
        "name": ruleset.name,
        "product": " + ".join([ruleset.product, *(one.product for one in ruleset.beside)]),
        "version": ruleset.version,
        "title": dict(ruleset.title),
        "source": ruleset.source,
        "curve": [list(point) for point in ruleset.curve],
    }


def _test(test: Trial, series: Series, verdicts: list[Verdict], case: Case) -> dict[str, Any]:
    parts = [(sine.to_s, sine.period_s / ROWS_PER_PERIOD) for sine in test.sines]
    places = list(stepped(series, parts) if parts else thinned(series, ROWS_MAX))
    net_kw, wanted_kw = series.net_kw(), case.target.of(series.hz)
    columns: dict[str, Sequence[float]] = {
        "at_s": series.at_s,
        "hz": series.hz,
        "wanted_kw": wanted_kw,
        "net_kw": net_kw,
        "baseline_kw": series.baseline_kw,
        "soc_pct": series.soc_pct,
    }
    found = points(series, test, case) if test.sines else []
    return {
        "id": test.id,
        "title": dict(test.title),
        "passed": passed(verdicts),
        "samples": len(series),
        "lasted_s": round(series.at_s[-1], 1) if len(series) else 0.0,
        "verdicts": [_verdict(verdict) for verdict in verdicts],
        "marks": [[round(at_s, 1), name] for at_s, name in series.marks if name],
        "columns": {
            name: [_number(values[place], 4 if name == "hz" else 2) for place in places]
            for name, values in columns.items()
        },
        "sines": [
            {
                "period_s": point.period_s,
                "gain": _number(abs(point.response), 4),
                "phase_deg": _number(swing.degrees(point), 2),
                "error": _number(point.error_ratio, 4),
            }
            for point in found
        ],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "code": verdict.code,
        "value": None if verdict.value is None else _number(verdict.value, 4),
        "unit": verdict.unit,
        "rule": [_number(verdict.low, 4), _number(verdict.high, 4)],
        "aim": [_number(verdict.aim_low, 4), _number(verdict.aim_high, 4)],
        "at_s": None if verdict.at_s is None else _number(verdict.at_s, 1),
        "note": verdict.note,
        "passed": verdict.passed,
        "aimed": verdict.aimed,
    }


def _number(value: float, digits: int) -> float | None:
    """Return what JSON can say; not known and not limited are both null."""
    return round(value, digits) if math.isfinite(value) else None


def _plant(plant: Mapping[str, float]) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in plant.items()}


def _about(report: Mapping[str, Any], language: str, w: Mapping[str, str]) -> str:
    ruleset = report["ruleset"]
    rows = (
        ("site", report["site"]),
        ("product", ruleset["product"]),
        ("capacity", f"{report['capacity_kw']:g} kW"),
        ("ruleset", f"{ruleset['name']} {ruleset['version']}"),
        ("source", ruleset["source"]),
        ("made", f"{utc(report['made_us']):%Y-%m-%d %H:%M:%S} UTC"),
        ("software", report["software"]),
        ("fingerprint", report["fingerprint"]),
        ("meter", f"{_shown(report['meter_s'], language)}{_NBSP}s"),
    )
    cells = (
        f"<tr><th>{escape(w[key])}</th><td>{escape(str(said))}</td></tr>" for key, said in rows
    )
    return f"<table class='about'>{''.join(cells)}</table>"


def _overview(tests: Sequence[Mapping[str, Any]], language: str, w: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><td><a href='#{escape(test['id'])}'>{escape(test['id'])}</a></td>"
        f"<td>{escape(test['title'][language])}</td><td>{_mark(test['passed'], w)}</td></tr>"
        for test in tests
    )
    head = f"<tr><th>{w['test']}</th><th></th><th>{w['result']}</th></tr>"
    return f"<table>{head}{rows}</table>"


def _section(
    test: Mapping[str, Any], report: Mapping[str, Any], language: str, w: Mapping[str, str]
) -> str:
    columns = {
        name: [math.nan if value is None else value for value in values]
        for name, values in test["columns"].items()
    }
    at_s = columns["at_s"]
    power = [
        Line(w["line.target"], "target", columns["wanted_kw"]),
        Line(w["line.net"], "net", columns["net_kw"]),
        Line(w["line.baseline"], "base", columns["baseline_kw"]),
    ]
    drawn = (
        (w["frequency"], [Line(w["line.hz"], "hz", columns["hz"])]),
        (w["power"], power),
        (w["soc"], [Line(w["line.soc"], "soc", columns["soc_pct"])]),
    )
    charts = [
        plot.chart(at_s, lines, w["time"], up, lambda value: _shown(value, language, 6))
        for up, lines in drawn
    ]
    return (
        f"<section id='{escape(test['id'])}'><h2>{escape(test['id'])}:"
        f" {escape(test['title'][language])} {_mark(test['passed'], w)}</h2>"
        f"{_verdicts(test['verdicts'], language, w)}{_sines(test['sines'], language, w)}"
        f"{''.join(charts)}</section>"
    )


def _verdicts(verdicts: Sequence[Mapping[str, Any]], language: str, w: Mapping[str, str]) -> str:
    heads = "".join(f"<th>{w[key]}</th>" for key in ("criterion", "value", "rule", "aim", "result"))
    rows = "".join(
        f"<tr><td>{escape(w['c.' + one['code']])}</td><td>{_value(one, language, w)}</td>"
        f"<td>{_limits(one['rule'], one, language)}</td>"
        f"<td>{_limits(one['aim'], one, language)}</td><td>{_result(one, w)}</td></tr>"
        for one in verdicts
    )
    return f"<div class='wide'><table><tr>{heads}</tr>{rows}</table></div>"


def _result(one: Mapping[str, Any], w: Mapping[str, str]) -> str:
    if one["note"] == "absent":
        return "\N{EN DASH}"
    aimed = "" if one["aimed"] else f" <small>{escape(w['not_aimed'])}</small>"
    return f"{_mark(one['passed'], w)}{aimed}"


def _sines(sines: Sequence[Mapping[str, Any]], language: str, w: Mapping[str, str]) -> str:
    if not sines:
        return ""
    keys = ("period", "gain", "phase", "error")
    heads = "".join(f"<th>{escape(w['sine.' + key])}</th>" for key in keys)
    columns = ("period_s", "gain", "phase_deg", "error")
    rows = "".join(
        f"<tr>{''.join(f'<td>{_shown(one[name], language)}</td>' for name in columns)}</tr>"
        for one in sines
    )
    return f"<div class='wide'><table><tr>{heads}</tr>{rows}</table></div>"


def _value(one: Mapping[str, Any], language: str, w: Mapping[str, str]) -> str:
    if one["value"] is None:
        return escape(w.get(one["note"] or "none", w["none"]))
    if one["code"] in _YES_NO:
        return escape(w["yes"] if one["value"] else w["no"])
    where = (
        ""
        if one["at_s"] is None
        else f" <small>{w['at']} {_shown(one['at_s'], language, 6)} s</small>"
    )
    return f"{_shown(one['value'], language)}{_unit(one)}{where}"


def _limits(limits: Sequence[float | None], one: Mapping[str, Any], language: str) -> str:
    low, high = limits
    if one["code"] in _YES_NO or (low is None and high is None):
        return ""
    unit = _unit(one)
    if low is None:
        return f"≤{_NBSP}{_shown(high, language)}{unit}"
    if high is None:
        return f"≥{_NBSP}{_shown(low, language)}{unit}"
    return f"{_shown(low, language)}{_NBSP}…{_NBSP}{_shown(high, language)}{unit}"


def _unit(one: Mapping[str, Any]) -> str:
    return f"{_NBSP}{one['unit']}" if one["unit"] else ""


def _shown(value: float | None, language: str, digits: int = 4) -> str:
    text = "" if value is None else f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")
    return text.replace(".", ",") if language == "de" else text


def _mark(good: bool, w: Mapping[str, str]) -> str:
    word = w["passed"] if good else w["failed"]
    return f"<b class='{'good' if good else 'bad'}'>{'✓' if good else '✗'} {escape(word)}</b>"
