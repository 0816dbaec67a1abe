"""Alarms at the hub: how changes of a box's alarms merge, and what the hub raises itself. Pure.

A box's alarm is the box's: its row with the higher `change` replaces the one that is here. Only an
acknowledgement made here stays until the box tells one of its own: from then on both say the same,
because the hub's goes to the box as a command and the box answers with its row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wire.alarm import Alarm
from wire.report import ClockState, Report
from wire.sync import Severity

SILENT_US = 60 * 1_000_000
"""Without an upload or a report; a box reports every 30 s."""
CLOCK_OFF_US_MAX = 2_000_000
CLOCK_UNKNOWN_US = 120 * 1_000_000
"""So long after its start a gateway should know what time it is."""
BACKLOG_US = 600 * 1_000_000
"""How old the oldest sample of a backlog may be."""
HUB_PREFIX = "hub-"
"""Begins the ids of the hub's own alarms; a box's ids are hexadecimal."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a box that lasts and should not."""

    code: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the hub knows of one box."""

    last_seen_us: int | None
    """The last upload or report; None: never."""
    report: Report | None
    quarantined: bool
    """The hub holds frames of it that it could not read."""


def merged(here: Alarm | None, told: Alarm) -> Alarm | None:
    """Return the alarm after what its box told; None: that changes nothing."""
    if here is None:
        return told
    if told.change <= here.change:
        return None
    if told.acked_us is not None or here.acked_us is None:
        return told
    return replace(told, acked_us=here.acked_us, acked_by=here.acked_by, note=here.note)


def acknowledged(here: Alarm, who: str, note: str, now_us: int) -> Alarm | None:
    """Return the alarm acknowledged; None: somebody has done so before."""
    if here.acked_us is not None:
        return None
    return replace(here, acked_us=now_us, acked_by=who, note=note)


def findings(known: Known, since_us: int, now_us: int) -> Mapping[str, Finding]:
    """Return what the hub has to say about a box, by code.

    Args:
        since_us: when the hub began to listen: nobody was silent before.
    """
    if known.last_seen_us is None:
        return {}
    found = [_silent(max(known.last_seen_us, since_us), now_us)]
    if known.report is not None:
        found += [_clock(known.report), _backlog(known.report)]
    found.append(_quarantine(known))
    return {finding.code: finding for finding in found if finding is not None}


def _silent(seen_us: int, now_us: int) -> Finding | None:
    if now_us - seen_us < SILENT_US:
        return None
    text = f"no upload and no report for {SILENT_US // 1_000_000} s"
    return Finding("GATEWAY_SILENT", Severity.ALARM, text)


def _clock(report: Report) -> Finding | None:
    if report.clock is ClockState.CORRECTED and abs(report.clock_off_us) > CLOCK_OFF_US_MAX:
        off_s = report.clock_off_us / 1e6
        text = f"the box's clock is off; the agent adds {off_s:+.1f} s to it"
        return Finding("CLOCK_WRONG", Severity.WARNING, text)
    if report.clock is ClockState.UNKNOWN and report.at_us - report.started_us > CLOCK_UNKNOWN_US:
        return Finding("CLOCK_WRONG", Severity.WARNING, "the box does not know what time it is")
    return None


def _backlog(report: Report) -> Finding | None:
    if report.backlog_from_us is None or report.at_us - report.backlog_from_us < BACKLOG_US:
        return None
    text = f"samples older than {BACKLOG_US // 60_000_000} min wait on the box"
    return Finding("BACKLOG_OLD", Severity.WARNING, text)


def _quarantine(known: Known) -> Finding | None:
    on_box = 0 if known.report is None else known.report.quarantined
    if not known.quarantined and not on_box:
        return None
    where = " and ".join(
        place for place, there in (("the hub", known.quarantined), ("the box", on_box)) if there
    )
    text = f"frames that could not be used are in quarantine at {where}"
    return Finding("QUARANTINE", Severity.WARNING, text)
