"""``phoenyra-agent prequalify``: a product's tests, at the plant or rehearsed, and the report."""

import argparse
import asyncio
import os
import secrets
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.control.main import rules_of
from agent.control.response.catalogue import PRODUCTS
from agent.control.sources import Sources
from agent.doctor.ask import NoPicture, page_of
from agent.prequalify import judge, live, pdf, rulesets, seal
from agent.prequalify.box import opened
from agent.prequalify.errors import Halted, Silent
from agent.prequalify.judge import Case
from agent.prequalify.model import Behaviour
from agent.prequalify.rehearsal import HOURS_DEFAULT, Rehearsal, rehearse
from agent.prequalify.report import Facts, document, html
from agent.prequalify.reservoir import Range
from agent.prequalify.rulesets import Ruleset, Trial
from agent.prequalify.series import Series
from agent.prequalify.verdict import Verdict
from agent.settings import AgentSettings
from agent.version import version
from wire.clock import Clock, utc

KEY_FILE = "report.key"
KEY_BYTES = 32
REPORTS = "reports"
STOPPED = 130
"""The exit code of a shell's Ctrl-C; nothing was shown, neither good nor bad."""
_WITHDRAWN = "the plant answers the measured frequency again (within 5 s if the line is lost); "
BAR = 30
SECTIONS = {"control", "frequency", "connection", "local"}
"""Of the settings, that a report shows; none of them holds a secret."""


async def run(
    settings: AgentSettings, clock: Clock, options: argparse.Namespace, fingerprint: str
) -> int:
    """Run the tests, write the report, say what came of it.

    0: all passed, 1: not all, or it could not begin, `STOPPED`: a signal ended it.
    """
    try:
        return await _run(settings, clock, options, fingerprint)
    except asyncio.CancelledError:  # The injection was ended on the way here.
        says = "" if options.rehearse else _WITHDRAWN
        end = "\n" if sys.stderr.isatty() else ""
        sys.stderr.write(f"{end}phoenyra-agent: stopped; {says}no report was written\n")
        return STOPPED
    except (Halted, Silent, NoPicture, OSError) as error:
        sys.stderr.write(f"phoenyra-agent: {error}\n")
    return 1


def listed() -> int:
    """Print the rule sets and their tests."""
    for name in rulesets.names():
        ruleset = rulesets.load(name)
        tests = ", ".join(test.id for test in ruleset.tests)
        sys.stdout.write(f"{name:17} {ruleset.title['en']}, {ruleset.version}: {tests}\n")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Say whether a report is as it was made; 0: it is."""
    if options.report is None:
        sys.stderr.write("phoenyra-agent: verify: the file of a report is expected\n")
        return 2
    try:
        text = options.report.read_text(encoding="utf-8")
        key = None if options.key_file is None else _key_in(options.key_file)
        found = seal.checked(text, key)
    except (OSError, UnicodeDecodeError, seal.NoReport, Halted) as error:
        sys.stderr.write(f"phoenyra-agent: {options.report}: {error}\n")
        return 1
    says = "unchanged since it was made" if found.unchanged else "CHANGED since it was made"
    signed = {None: "signature not looked at: no --key-file", True: "signed with this key"}
    trusted = signed.get(found.signed, "NOT signed with this key")
    sys.stdout.write(f"{options.report}: {says}; {trusted}; sha256 {found.digest}\n")
    return 0 if found.unchanged and found.signed is not False else 1


async def _run(
    settings: AgentSettings, clock: Clock, options: argparse.Namespace, fingerprint: str
) -> int:
    ruleset = ruleset_named(options.ruleset)
    tests = _chosen(ruleset, options.test)
    folder = options.output or settings.data_dir / REPORTS
    key = key_at(options.key_file or settings.data_dir / KEY_FILE)
    found: list[tuple[Trial, Series, list[Verdict]]] = []
    if options.rehearse:
        case, rehearsal = rehearsal_of(settings, ruleset, options, clock.now_us())
        for test in tests:
            series = await _rehearsed(rehearsal, test)
            found.append(_judged(series, test, case))
    else:
        (host, port), code = page_of(settings)
        async with opened(host, port, code) as box:
            capacity_kw = await live.awarded(box, ruleset)
            case = _case(settings, ruleset, capacity_kw, options.meter_lag_s)
            for test in tests:
                series = await live.run(box, test, case.target, _Bar(test.id))
                found.append(_judged(series, test, case))
    facts = Facts(
        kind="rehearsal" if options.rehearse else "live",
        site=settings.site,
        software=version(),
        made_us=clock.now_us(),
        fingerprint=fingerprint,
        settings=settings.model_dump(mode="json", include=SECTIONS),
        plant=_behaves(options) if options.rehearse else {},
    )
    path = written(folder, document(facts, case, found), options.language, key)
    sys.stdout.write(f"report: {path}\n")
    if options.pdf:
        sys.stdout.write(f"{await pdf.printed(path)}\n")
    return 0 if all(judge.passed(verdicts) for _, _, verdicts in found) else 1


def ruleset_named(name: str) -> Ruleset:
    """Return it; `Halted` where there is none of this name."""
    if name not in rulesets.names():
        known = ", ".join(rulesets.names())
        raise Halted(f"RULESET: {name!r} is not allowed; one of {known} is expected")
    return rulesets.load(name)


def _chosen(ruleset: Ruleset, asked: Sequence[str] | None) -> list[Trial]:
    known = {test.id: test for test in ruleset.tests}
    for name in asked or ():
        if name not in known:
            raise Halted(f"--test: {name!r} is not allowed; one of {', '.join(known)} is expected")
    return [test for test in ruleset.tests if not asked or test.id in asked]


def rehearsal_of(
    settings: AgentSettings, ruleset: Ruleset, options: argparse.Namespace, now_us: int
) -> tuple[Case, Rehearsal]:
    """Return what a rehearsal is judged against and made of."""
    rules = rules_of(settings, _sources(settings), real_time=True)
    limits = rules.limits
    power_kw = min(
        sum(unit.discharge_kw_max for unit in limits.units),
        sum(unit.charge_kw_max for unit in limits.units),
    )
    awards = [(ruleset.product, 1.0), *((one.product, one.share) for one in ruleset.beside)]
    kept = sum(share * PRODUCTS[name].kept_factor for name, share in awards if name in PRODUCTS)
    default_kw = power_kw / (kept or 1.0)
    capacity_kw = options.capacity_kw or default_kw
    rehearsal = Rehearsal(
        ruleset=ruleset,
        rules=rules,
        capacity_kw=capacity_kw,
        behaviour=Behaviour(
            dead_s=options.dead_ms / 1000.0,
            lag_s=options.lag_ms / 1000.0,
            noise_share=options.noise_pct / 100.0,
        ),
        now_us=now_us,
    )
    return _case(settings, ruleset, capacity_kw, options.meter_lag_s), rehearsal


def _case(settings: AgentSettings, ruleset: Ruleset, capacity_kw: float, meter_s: float) -> Case:
    """Return what is judged against; the operating range is the window of the state of charge."""
    units = rules_of(settings, _sources(settings)).limits.units
    sizes = [unit.capacity_kwh or HOURS_DEFAULT * unit.rated_kw for unit in units]
    low_pct = max(unit.soc_min_pct for unit in units)
    high_pct = min(unit.soc_max_pct for unit in units)
    energy_kwh = sum(sizes) * (high_pct - low_pct) / 100.0
    reach = Range(low_pct=low_pct, high_pct=high_pct, energy_kwh=energy_kwh)
    return Case(ruleset=ruleset, capacity_kw=capacity_kw, reach=reach, meter_s=meter_s)


def _sources(settings: AgentSettings) -> tuple[Sources, ...]:
    """Return the units by name; who tells what is of no matter to a rehearsal."""
    names = [unit.inverter for unit in settings.control.units] or ["plant"]
    return tuple(Sources(name, {}) for name in names)


def _behaves(options: argparse.Namespace) -> dict[str, float]:
    return {
        "dead_ms": options.dead_ms,
        "lag_ms": options.lag_ms,
        "noise_pct": options.noise_pct,
    }


async def _rehearsed(rehearsal: Rehearsal, test: Trial) -> Series:
    """Rehearse beside the loop, so that a signal is heard."""
    stopped, bar = threading.Event(), _Bar(test.id)

    def progress(share: float) -> None:
        if stopped.is_set():
            raise Halted("stopped")
        bar(share)

    try:
        return await asyncio.to_thread(rehearse, rehearsal, test, progress)
    finally:
        stopped.set()


def _judged(series: Series, test: Trial, case: Case) -> tuple[Trial, Series, list[Verdict]]:
    verdicts = judge.judged(series, test, case) if len(series) else []
    good = judge.passed(verdicts)
    failed = ", ".join(verdict.code for verdict in verdicts if not verdict.passed)
    says = "passed" if good else f"FAILED: {failed or 'nothing was recorded'}"
    sys.stdout.write(f"{test.id}: {says}; {len(series)} samples\n")
    return test, series, verdicts


def written(folder: Path, report: dict[str, Any], language: str, key: bytes) -> Path:
    """Write page and document; return the page's path."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = f"{utc(report['made_us']):%Y%m%dT%H%M%SZ}"
    name = f"{report['site']}-{report['ruleset']['name']}-{report['kind']}-{made}"
    page = folder / f"{name}.html"
    page.write_text(seal.sealed_html(html(report, language), key), encoding="utf-8")
    page.with_suffix(".json").write_text(seal.sealed_json(report, key), encoding="utf-8")
    return page


def key_at(path: Path) -> bytes:
    """Return the key that signs; one is made where there is none."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    return _key_in(path)


def _key_in(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise Halted(f"{path}: hexadecimal digits are expected") from error
    if len(key) < seal.KEY_BYTES_MIN:
        raise Halted(f"{path}: at least {2 * seal.KEY_BYTES_MIN} digits are expected")
    return key


class _Bar:
    """Progress on the terminal; on anything else a line every tenth."""

    def __init__(self, name: str, write: Callable[[str], object] = sys.stderr.write) -> None:
        self._name = name
        self._write = write
        self._shown = -1

    def __call__(self, share: float) -> None:
        terminal = sys.stderr.isatty()
        done = int(share * (100 if terminal else 10))
        if done == self._shown:
            return
        self._shown = done
        if terminal:
            filled = round(share * BAR)
            end = "\n" if share >= 1.0 else ""
            bar = f"{'#' * filled}{'.' * (BAR - filled)}"
            self._write(f"\r{self._name:>12} {bar} {done:3d} %{end}")
        else:
            self._write(f"{self._name}: {10 * done} %\n")
