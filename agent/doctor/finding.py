"""One finding and how a list of them is told. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How good what was looked at is."""

    GOOD = "good"
    WARNING = "warning"
    """It works, and somebody should look at it."""
    BAD = "bad"
    UNKNOWN = "unknown"
    """It could not be looked at; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it is, and what to do."""

    subject: str
    verdict: Verdict
    text: str
    remedy: str = ""
    """What a technician can do; empty: nothing is to be done."""


_MARKS = {
    Verdict.GOOD: "  ok   ",
    Verdict.WARNING: " WARN  ",
    Verdict.BAD: " FAIL  ",
    Verdict.UNKNOWN: "  ?    ",
}
_SUBJECT_WIDTH = 16


def good(subject: str, text: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.GOOD, text=text)


def warning(subject: str, text: str, remedy: str = "") -> Finding:
    return Finding(subject=subject, verdict=Verdict.WARNING, text=text, remedy=remedy)


def bad(subject: str, text: str, remedy: str = "") -> Finding:
    return Finding(subject=subject, verdict=Verdict.BAD, text=text, remedy=remedy)


def unknown(subject: str, text: str, remedy: str = "") -> Finding:
    return Finding(subject=subject, verdict=Verdict.UNKNOWN, text=text, remedy=remedy)


def lines(findings: Sequence[Finding]) -> list[str]:
    """Return a line for each finding, a second one with what to do, and a sum."""
    told: list[str] = []
    for finding in findings:
        subject = f"{finding.subject:<{_SUBJECT_WIDTH}}"
        told.append(f"{_MARKS[finding.verdict]}{subject} {finding.text}")
        if finding.remedy:
            told.append(f"{'':7}{'':{_SUBJECT_WIDTH}} -> {finding.remedy}")
    counts = {verdict: sum(f.verdict is verdict for f in findings) for verdict in Verdict}
    told.append("")
    told.append(
        f"{counts[Verdict.BAD]} failed, {counts[Verdict.WARNING]} to look at,"
        f" {counts[Verdict.UNKNOWN]} not known, {counts[Verdict.GOOD]} good"
    )
    return told


def documents(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Return the findings for a program."""
    return [
        {"subject": f.subject, "verdict": f.verdict.value, "text": f.text, "remedy": f.remedy}
        for f in findings
    ]


def ends_well(findings: Sequence[Finding]) -> bool:
    """Say whether nothing failed."""
    return all(finding.verdict is not Verdict.BAD for finding in findings)
