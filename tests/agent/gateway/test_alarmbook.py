"""agent.gateway.alarmbook: which events are alarms, and what ends them."""

import re
from dataclasses import replace

from agent.gateway import alarmbook
from agent.gateway.alarmbook import RULES
from agent.status import DeviceState, Status
from tests.support.source import ROOT
from wire.alarm import Alarm
from wire.sync import Event, Severity

NOW_US = 1_790_000_000_000_000
SECOND_US = 1_000_000


def event(code: str, source: str = "inverter", at_us: int = NOW_US) -> Event:
    return Event(at_us=at_us, code=code, severity=Severity.INFO, source=source, text=code.lower())


def raised(code: str, source: str = "inverter", at_us: int = NOW_US) -> Alarm:
    (alarm,) = alarmbook.noted([], event(code, source, at_us), f"id-{code}-{source}")
    return alarm


def picture(*devices: DeviceState, at_us: int = NOW_US + 5 * SECOND_US) -> Status:
    return Status(
        at_us=at_us,
        mode="automatic",
        setpoint_kw=0.0,
        schedule_kw=0.0,
        response_kw=0.0,
        reasons=(),
        devices=devices,
        readings=(),
        schedule_version=None,
        schedule_ends_us=None,
        beats=1,
        missed=0,
        kept_items=0,
        dropped_items=0,
    )


def device(*, connected: bool = True, trouble: str = "") -> DeviceState:
    return DeviceState(device="inverter", connected=connected, answered_us=NOW_US, trouble=trouble)


def test_an_event_raises_its_alarm_once_until_it_is_over() -> None:
    alarm = raised("DEVICE_LOST")
    assert (alarm.change, alarm.severity, alarm.raised_us) == (1, Severity.ALARM, NOW_US)
    assert alarmbook.noted([alarm], event("DEVICE_LOST"), "another") == []
    (over,) = alarmbook.noted([alarm], event("DEVICE_BACK", at_us=NOW_US + 1), "")
    assert (over.id, over.change, over.cleared_us) == (alarm.id, 2, NOW_US + 1)
    (again,) = alarmbook.noted([over], event("DEVICE_LOST", at_us=NOW_US + 2), "another")
    assert again.id == "another"


def test_a_device_that_agrees_again_ends_its_refusal() -> None:
    (over,) = alarmbook.noted([raised("DEVICE_REFUSED")], event("DEVICE_AGREES"), "")
    assert (over.code, over.cleared_us) == ("DEVICE_REFUSED", NOW_US)


def test_every_code_of_control_that_ends_an_alarm_of_a_device_is_one_that_control_tells() -> None:
    watch = (ROOT / "agent/control/watch.py").read_text(encoding="utf-8")
    for code in ("DEVICE_LOST", "DEVICE_REFUSED", "UNIT_BLOCKED"):
        for end in alarmbook.RULES[code].ends:
            assert re.search(rf'_tell\(\s*"{end}"', watch), end


def test_what_another_device_tells_ends_nothing() -> None:
    alarm = raised("DEVICE_LOST")
    assert alarmbook.noted([alarm], event("DEVICE_BACK", "meter"), "") == []
    (second,) = alarmbook.noted([alarm], event("DEVICE_LOST", "meter"), "second")
    assert second.source == "meter"


def test_a_good_clock_ends_all_that_was_wrong_with_it() -> None:
    alarms = [raised("CLOCK_UNSURE"), raised("CLOCK_WRONG")]
    over = alarmbook.noted(alarms, event("CLOCK_GOOD"), "")
    assert {alarm.code for alarm in over} == {"CLOCK_UNSURE", "CLOCK_WRONG"}


def test_an_event_that_is_no_alarm_changes_nothing() -> None:
    assert alarmbook.noted([raised("DEVICE_LOST")], event("SCHEDULE_TAKEN"), "") == []


def test_the_first_to_acknowledge_stays() -> None:
    alarm = raised("DEVICE_LOST")
    seen = alarmbook.acknowledged(alarm, "Meyer", "on my way", NOW_US + 7)
    assert seen is not None
    assert (seen.acked_by, seen.note, seen.acked_us) == ("Meyer", "on my way", NOW_US + 7)
    assert (seen.change, seen.cleared_us) == (2, None)
    assert alarmbook.acknowledged(seen, "Schulz", "me too", NOW_US + 8) is None


def test_what_nothing_can_end_ends_when_a_person_has_seen_it() -> None:
    seen = alarmbook.acknowledged(raised("BUFFER_DROPPED", "buffer"), "Meyer", "", NOW_US + 7)
    assert seen is not None
    assert seen.cleared_us == NOW_US + 7


def test_an_alarm_that_is_over_may_still_be_acknowledged() -> None:
    over = alarmbook.cleared(raised("DEVICE_LOST"), NOW_US + 1)
    seen = alarmbook.acknowledged(over, "Meyer", "", NOW_US + 9)
    assert seen is not None
    assert (seen.cleared_us, seen.acked_us, seen.change) == (NOW_US + 1, NOW_US + 9, 3)


def test_a_picture_made_well_after_the_alarm_knows_that_it_is_over() -> None:
    alarms = [raised("DEVICE_LOST"), raised("CONTROL_LOST", "gateway"), raised("CLOCK_WRONG")]
    over = alarmbook.outlived(alarms, picture(device()), linked=True)
    assert [alarm.code for alarm in over] == ["DEVICE_LOST", "CONTROL_LOST"]
    early = picture(device(), at_us=NOW_US + SECOND_US)
    assert alarmbook.outlived(alarms, early, linked=True) == []
    assert alarmbook.outlived(alarms, picture(device()), linked=False) == []


def test_a_device_that_still_has_its_trouble_keeps_its_alarm() -> None:
    refused = [raised("DEVICE_REFUSED")]
    assert alarmbook.outlived(refused, picture(device(trouble="no")), linked=True) == []
    assert alarmbook.outlived(refused, picture(device(connected=False)), linked=True) == []
    gone = alarmbook.outlived(refused, picture(), linked=True)
    assert [alarm.code for alarm in gone] == ["DEVICE_REFUSED"]


def test_lasting_alarms_come_first_the_worst_and_newest_of_them_on_top() -> None:
    old, new = raised("DEVICE_LOST", "a", NOW_US), raised("DEVICE_LOST", "b", NOW_US + 1)
    mild = raised("OUTBOX_DROPPED", "c", NOW_US + 2)
    over = alarmbook.cleared(raised("DEVICE_LOST", "d", NOW_US + 3), NOW_US + 4)
    done = replace(over, id="done", acked_us=NOW_US + 5)
    shown = alarmbook.shown([done, over, mild, old, new], 10)
    assert [alarm.source for alarm in shown] == ["b", "a", "c", "d"]
    assert len(alarmbook.shown([old, new, mild], 2)) == 2


def test_what_lasts_is_never_forgotten() -> None:
    lasting = [raised("DEVICE_LOST", f"d{i}") for i in range(5)]
    over = [
        replace(raised("DEVICE_LOST", f"o{i}", NOW_US + i), cleared_us=NOW_US + 9) for i in range(5)
    ]
    kept = alarmbook.kept([*over, *lasting], 7)
    assert {alarm.source for alarm in kept} == {"d0", "d1", "d2", "d3", "d4", "o3", "o4"}
    assert len(alarmbook.kept(lasting, 2)) == 5


def test_no_code_both_raises_and_ends() -> None:
    ends = {end for rule in RULES.values() for end in rule.ends}
    assert not ends & RULES.keys()
