"""cloud.fleet.operation.conditions: merging alarms, and what the hub raises itself."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.fleet.operation import conditions
from cloud.fleet.operation.conditions import Known
from tests.support.operation import RAISED, WELL
from wire.alarm import Alarm
from wire.report import ClockState, Report
from wire.sync import Severity

NOW_US = WELL.at_us
LIFE = [
    RAISED,
    replace(RAISED, change=2, text="still does not answer"),
    replace(RAISED, change=3, cleared_us=NOW_US + 5),
]
"""What a box tells of one alarm that nobody acknowledges there."""


def merged(changes: list[Alarm], here: Alarm | None = None) -> Alarm | None:
    for change in changes:
        here = conditions.merged(here, change) or here
    return here


@given(st.lists(st.sampled_from(LIFE), min_size=1, max_size=8))
def test_changes_in_any_order_and_number_leave_the_newest(changes: list[Alarm]) -> None:
    assert merged(changes) == max(changes, key=lambda alarm: alarm.change)


@given(st.lists(st.sampled_from(LIFE[1:]), min_size=1, max_size=8))
def test_an_acknowledgement_at_the_hub_outlives_what_the_box_told_before_it_knew(
    changes: list[Alarm],
) -> None:
    seen = conditions.acknowledged(RAISED, "somebody", "on the way", NOW_US)
    assert seen is not None
    after = merged(changes, seen)
    assert after is not None
    assert (after.acked_us, after.acked_by, after.note) == (NOW_US, "somebody", "on the way")
    assert after.change == max(change.change for change in changes)


def test_once_the_box_tells_an_acknowledgement_both_say_the_same() -> None:
    seen = conditions.acknowledged(RAISED, "somebody", "on the way", NOW_US)
    there = replace(RAISED, change=2, acked_us=NOW_US - 9, acked_by="technician", note="seen")
    assert conditions.merged(seen, there) == there


def test_the_first_acknowledgement_at_the_hub_stays() -> None:
    seen = conditions.acknowledged(RAISED, "first", "", NOW_US)
    assert seen is not None
    assert conditions.acknowledged(seen, "second", "", NOW_US + 1) is None


def known(
    report: Report | None = WELL, seen_us: int | None = NOW_US, *, quarantined: bool = False
) -> Known:
    return Known(last_seen_us=seen_us, report=report, quarantined=quarantined)


def test_of_a_box_that_is_well_and_of_one_that_never_spoke_there_is_nothing_to_say() -> None:
    assert conditions.findings(known(), 0, NOW_US) == {}
    assert conditions.findings(known(None, None), 0, NOW_US) == {}


@pytest.mark.parametrize(("silent_s", "since_s", "said"), [(59, 0, False), (60, 0, True)])
def test_a_box_that_is_silent_for_a_minute_is_an_alarm(
    silent_s: int, since_s: int, said: bool
) -> None:
    now_us = NOW_US + silent_s * 1_000_000
    found = conditions.findings(known(), since_s, now_us)
    assert ("GATEWAY_SILENT" in found) is said
    if said:
        assert found["GATEWAY_SILENT"].severity is Severity.ALARM


def test_nobody_was_silent_before_the_hub_began_to_listen() -> None:
    hour_us = 3_600_000_000
    assert conditions.findings(known(), NOW_US + hour_us - 1, NOW_US + hour_us) == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"clock": ClockState.CORRECTED, "clock_off_us": -3_600_000_000}, "CLOCK_WRONG"),
        ({"clock": ClockState.UNKNOWN}, "CLOCK_WRONG"),
        ({"clock": ClockState.UNKNOWN, "started_us": NOW_US - 1_000_000}, None),
        ({"clock": ClockState.CORRECTED, "clock_off_us": 900_000}, None),
        ({"clock": ClockState.CONFIRMED}, None),
        ({"backlog_from_us": NOW_US - 600_000_000}, "BACKLOG_OLD"),
        ({"backlog_from_us": NOW_US - 599_000_000}, None),
        ({"quarantined": 1}, "QUARANTINE"),
    ],
)
def test_what_a_report_says_is_judged(changes: dict[str, Any], code: str | None) -> None:
    report = replace(WELL, **changes)
    found = conditions.findings(known(report), 0, NOW_US)
    assert list(found) == ([] if code is None else [code])
    assert all(finding.severity is Severity.WARNING for finding in found.values())


def test_frames_in_quarantine_are_told_with_their_place() -> None:
    (both,) = conditions.findings(
        known(replace(WELL, quarantined=2), quarantined=True), 0, NOW_US
    ).values()
    assert both.text == "frames that could not be used are in quarantine at the hub and the box"
