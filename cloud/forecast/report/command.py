"""``phoenyra-hub backtest`` at work: files in, the report out; no hub and no database.

In the folder: ``report.json``, ``report.html``, ``report.de.html`` and ``forecasts.csv`` are the
same bytes in every run; ``run.json`` says what this one cost. ``days/`` keeps what the members
said of each day, and may be deleted.
"""

import argparse
import json
import os
import resource
import sys
from collections.abc import Callable
from datetime import tzinfo
from hashlib import sha256
from math import nan
from pathlib import Path
from typing import Any, cast

from cloud.forecast.arrays import FloatArray
from cloud.forecast.backtest import HISTORY_DAYS_MIN, Scored, backtest
from cloud.forecast.cache import cache
from cloud.forecast.commandline import BadBacktest
from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.days import Days
from cloud.forecast.layouts import FILE_BYTES_MAX, BadFile, table
from cloud.forecast.near import names as all_names
from cloud.forecast.report.document import Origin, document
from cloud.forecast.report.figures import Figures
from cloud.forecast.report.history import FILES_MAX, History, history
from cloud.forecast.report.leakage import leakage
from cloud.forecast.report.offers import offers
from cloud.forecast.report.page import page
from cloud.forecast.report.pictures import picture
from cloud.forecast.report.plots import all_plots
from cloud.forecast.report.rows import csv_text
from cloud.forecast.report.speech import Speech
from cloud.forecast.report.told import OURS, Told, clock_changes, hourly, quarterly, reference
from cloud.forecast.report.value import Value, values
from cloud.forecast.report.words import FILES
from cloud.market.areas import catalogue, holidays
from cloud.market.areas.model import Area

TEST_DAYS = 728
"""Scored where neither --from nor --to says otherwise; at most half of the history."""
_QUARTER_S = 900
_BAR = 30
_TENTHS = 10
_COLOURS = Path(__file__).with_name("plots.css")
_STYLE = Path(__file__).with_name("report.css")

Progress = Callable[[int, int], None]


def run(options: argparse.Namespace) -> None:
    """Do what the command line says.

    Raises:
        BadBacktest: a file or a day of it cannot be used; one line says which and why.
    """
    area = catalogue.load().get(options.area.upper())
    zone = area.zone if area else None
    out = options.out or Path(f"backtest-{options.area}")
    try:
        past = _history(options, area)
        stretch = _stretch(options, past.days)
        theirs = {}
        if options.reference is not None:
            theirs = _reference(options.reference, zone, past, stretch)
    except BadFile as error:
        raise BadBacktest(str(error)) from error
    scored, cost = _scored(past, stretch, out)
    names = tuple(all_names(past.days, DAY_AHEAD))
    slots = past.slots.copy() if past.step_s == _QUARTER_S else None
    if slots is not None:
        slots[clock_changes(past.days, zone)] = nan
        told = quarterly(scored, slots, names, theirs)
    else:
        told = hourly(scored, names, theirs)
    if not len(told.rows):
        raise BadBacktest("no day of the stretch has every price and a forecast")
    worth = values(told, progress=_shown("battery"))
    origin = Origin(
        configuration=DAY_AHEAD,
        code_sha256=_code(),
        zone=zone,
        reference=options.reference.name if options.reference else None,
        leakage=leakage(scored, DAY_AHEAD, slots, progress=_shown("leakage")),
    )
    found = document(past, scored, told, (worth, offers(told, progress=_shown("offers"))), origin)
    _write(out, found, told, worth, zone if past.stamped else None)
    if options.plots is not None:
        _draw(options.plots, found, told, worth)
    _put(out / "run.json", _json(cost))
    sys.stdout.write(_said(found, out))


def _history(options: argparse.Namespace, area: Area | None) -> History:
    if len(options.data) > FILES_MAX:
        raise BadFile(f"--data: {len(options.data)} files; at most {FILES_MAX} are allowed")
    return history(
        [(path.name, _content(path)) for path in options.data],
        options.area,
        zone=area.zone if area else None,
        inputs=options.inputs,
        areas=frozenset(catalogue.load()),
        holidays=lambda day: area is not None and holidays.is_holiday(area, day),
        neighbours=area.neighbours if area else (),
    )


def _reference(
    path: Path, zone: tzinfo | None, past: History, stretch: tuple[int, int]
) -> dict[str, FloatArray]:
    content = _content(path)
    try:
        prices = past.slots if past.step_s == _QUARTER_S else past.days.prices
        return reference(table(content, zone), past.days, prices, stretch)
    except BadFile as error:
        raise BadFile(f"{path.name}: {error}") from None


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise BadFile(f"{path.name}: {size} bytes; at most {FILE_BYTES_MAX} are allowed")
        return path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path.name}: {error.strerror}") from None


def _stretch(options: argparse.Namespace, days: Days) -> tuple[int, int]:
    """Return the rows [begin, end) that are scored."""
    last = options.last or days.on(len(days) - 1)
    end = days.index(last) + 1
    usual = days.on(max(end - min(TEST_DAYS, len(days) // 2), HISTORY_DAYS_MIN))
    first = options.first or usual
    begin = days.index(first)
    if not HISTORY_DAYS_MIN <= begin < end <= len(days):
        allowed = f"{days.on(HISTORY_DAYS_MIN)} to {days.on(len(days) - 1)}"
        raise BadFile(f"--from {first} --to {last} is not allowed; within {allowed} is")
    return begin, end


def _scored(past: History, stretch: tuple[int, int], out: Path) -> tuple[Scored, dict[str, object]]:
    """Return the backtest, and what it cost."""
    kept = cache(out / "days", past.days, DAY_AHEAD)
    before, began_s = len(list(kept.folder.glob("*.day"))), _cpu_s()
    scored = backtest(past.days, DAY_AHEAD, stretch, kept, progress=_shown("days"))
    days = len(list(kept.folder.glob("*.day"))) - before
    cpu_s = _cpu_s() - began_s
    return scored, {
        "days_forecast": len(scored.told),
        "days_calculated": days,
        "cpu_s": round(cpu_s, 3),
        "cpu_s_per_day": round(cpu_s / days, 4) if days else None,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _code() -> str:
    """Return the digest of the code that forecasts and judges."""
    folder = Path(__file__).parents[1]
    found = sha256()
    for path in sorted(folder.rglob("*.py")):
        found.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def _write(out: Path, found: Figures, told: Told, worth: list[Value], zone: tzinfo | None) -> None:
    style = _COLOURS.read_text("utf-8") + _STYLE.read_text("utf-8")
    _put(out / "report.json", _json(found))
    _put(out / "forecasts.csv", csv_text(told, zone))
    for language, name in FILES.items():
        _put(out / name, page(found, told, worth, language, style))


def _draw(folder: Path, found: Figures, told: Told, worth: list[Value]) -> None:
    """Write each plot as a file of its own."""
    document, say = cast("dict[str, Any]", found), Speech("en")
    style = _COLOURS.read_text("utf-8")
    where = f"{document['area']}, {document['first_day']} {say('to')} {document['last_day']}"
    for drawn in all_plots(told, document["by"], document["quantiles"], worth, say):
        name = drawn.key.removeprefix("plot.").replace(".", "-")
        _put(folder / f"{name}.svg", picture(drawn, where, say, style))


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text, "utf-8")
    half.replace(path)


def _json(found: Figures) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _said(found: Figures, out: Path) -> str:
    """Return the figures in short."""
    document = cast("dict[str, Any]", found)
    ours, spread = document["errors"][OURS], document["quantiles"]
    lines = [
        f"{document['area']} {document['first_day']} to {document['last_day']}:"
        f" {document['days_scored']} of {document['days_asked']} days scored",
        f"  MAE {ours['mae']:.3f}, RMSE {ours['rmse']:.3f} EUR/MWh, bias {ours['bias']:+.3f},"
        f" rMAE {ours['rmae'] or nan:.3f}, sMAPE {ours['smape_pct']:.2f} %",
    ]
    naive = document["best_naive"]
    if naive is not None:
        lines.append(f"  {naive['share'] or nan:.3f} of the best naive forecast ({naive['name']})")
    if spread["days"]:
        inner = spread["intervals"]["80"]["coverage_pct"]
        lines.append(
            f"  pinball {spread['pinball']:.3f} EUR/MWh, 80 % interval covers {inner:.1f} %"
        )
    for value in document["revenue"]:
        share = value["models"][OURS]["share_pct"]
        lines.append(f"  battery of {value['rules']['said']}: {share or nan:.1f} % of foresight")
    for value in document["offers"]:
        count, taken = list(value["taken"].items())[-1]
        share = taken["share_pct"]
        lines.append(
            f"  the same, best of {count} offered plans, {value['rules']['said']}: {share:.1f} %"
        )
    leaking = ", ".join(document["leakage"]["leaking"])
    lines.append(f"  leakage: {f'READ THE FUTURE on {leaking}' if leaking else 'none'}")
    return "\n".join([*lines, f"  {out / 'report.html'}", ""])


def _shown(what: str) -> Progress:
    """Return what draws a bar on a terminal, and elsewhere writes a line for each tenth."""
    tenth = 0

    def show(done: int, of: int) -> None:
        nonlocal tenth
        if sys.stderr.isatty():
            full = done * _BAR // of
            bar = "#" * full + "." * (_BAR - full)
            sys.stderr.write(f"\r{what:>8} [{bar}] {done}/{of} ")
            sys.stderr.write("\n" if done >= of else "")
            sys.stderr.flush()
        elif done * _TENTHS // of > tenth:
            tenth = done * _TENTHS // of
            sys.stderr.write(f"{what}: {done}/{of}\n")

    return show
