"""``phoenyra-agent compliance``: a past period out of the archive, judged by the same criteria."""

import argparse
import math
import sys

from agent.archive.export import period
from agent.archive.reader import NoArchive, Reader, reading
from agent.archive.schema import FILE as ARCHIVE_FILE
from agent.prequalify import judge
from agent.prequalify.errors import Halted
from agent.prequalify.judge import Case
from agent.prequalify.main import KEY_FILE, REPORTS, SECTIONS, key_at, ruleset_named, written
from agent.prequalify.report import Facts, document
from agent.prequalify.rulesets import Trial
from agent.prequalify.series import Series
from agent.settings import AgentSettings
from agent.version import version
from wire.clock import Clock

PERIOD_S_MAX = 7 * 86_400
"""A week at once: the record is held in memory."""
_SAME_MW = 1e-6
_NEEDED = ("f_applied_hz", "p_meas_kw", "p_base_kw", "cap_armed_mw")
_NAMES = (*_NEEDED, "p_nem_kw", "soc_pct", "alert", "nem", "aem", "endurance_min")


def run(
    settings: AgentSettings, clock: Clock, options: argparse.Namespace, fingerprint: str
) -> int:
    """Judge the period and write the report; 0: the rule was kept, 1: not, or nothing is known."""
    try:
        ruleset = ruleset_named(options.ruleset)
        from_us, to_us = period(options.begin, options.end)
        if to_us - from_us > PERIOD_S_MAX * 1_000_000:
            raise Halted("--to: at most a week after --from is expected")
        with reading(settings.data_dir / ARCHIVE_FILE) as reader:
            series, capacity_kw = recorded(reader, from_us, to_us)
        trial = Trial(
            id="period",
            title=dict.fromkeys(("en", "de"), f"{options.begin} … {options.end}"),
            judge=("corridor",),
            stages=(),
            follow_s=(to_us - from_us) / 1e6,
        )
        case = Case(ruleset=ruleset, capacity_kw=capacity_kw)
        verdicts = judge.judged(series, trial, case)
        facts = Facts(
            kind="compliance",
            site=settings.site,
            software=version(),
            made_us=clock.now_us(),
            fingerprint=fingerprint,
            settings=settings.model_dump(mode="json", include=SECTIONS),
            plant={},
        )
        key = key_at(options.key_file or settings.data_dir / KEY_FILE)
        folder = options.output or settings.data_dir / REPORTS
        report = document(facts, case, [(trial, series, verdicts)])
        path = written(folder, report, options.language, key)
    except (Halted, NoArchive, ValueError, OSError) as error:
        sys.stderr.write(f"phoenyra-agent: {error}\n")
        return 1
    good = judge.passed(verdicts)
    says = "the rule was kept" if good else "the rule was NOT kept"
    sys.stdout.write(f"{len(series)} seconds: {says}\nreport: {path}\n")
    return 0 if good else 1


def recorded(reader: Reader, from_us: int, to_us: int) -> tuple[Series, float]:
    """Return the seconds in which a product was armed, and its capacity in kW.

    A second of which something needed is not known is left out, as the rule counts valid samples.

    Raises:
        Halted: nothing was armed, or the capacity changed.
    """
    series, capacity_mw = Series(), 0.0
    for rows in reader.rows(from_us, to_us, _NAMES):
        for place, at_us in enumerate(rows.at_us):
            told = {name: rows.columns[name][place] for name in _NAMES}
            known = [told[name] for name in _NEEDED]
            if any(one is None or not math.isfinite(one) for one in known):
                continue
            row = {name: math.nan if value is None else value for name, value in told.items()}
            if row["cap_armed_mw"] <= 0.0:
                continue
            if capacity_mw and abs(row["cap_armed_mw"] - capacity_mw) > _SAME_MW:
                raise Halted("the capacity changed within the period; ask for one capacity at once")
            capacity_mw = row["cap_armed_mw"]
            nem_kw = 0.0 if math.isnan(row["p_nem_kw"]) else row["p_nem_kw"]
            series.add(
                at_s=(at_us - from_us) / 1e6,
                hz=row["f_applied_hz"],
                power_kw=row["p_meas_kw"],
                baseline_kw=row["p_base_kw"] + nem_kw,
                management_kw=nem_kw,
                **{name: row[name] for name in ("soc_pct", "alert", "nem", "aem", "endurance_min")},
            )
    if not len(series):
        raise Halted("no second of this period had an armed product and everything known")
    return series, capacity_mw * 1000.0
