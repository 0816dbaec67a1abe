"""agent.doctor: the picture judged and shown; what is missing in it is never taken for good."""

from typing import Any

import pytest

from agent.doctor import finding, judge, shown
from agent.doctor.finding import Verdict
from agent.gateway.latest import Lane, Latest
from agent.gateway.picture import Site, picture
from tests.support.messages import AT_US, SCHEDULE, STATUS

SITE = Site(
    site="werk-sued",
    name="Werk Süd",
    discharge_kw_max=100,
    charge_kw_max=100,
    soc_min_pct=10,
    soc_max_pct=90,
    buffer_bytes_max=2**30,
    has_hub=True,
)


def seen() -> dict[str, Any]:
    latest = Latest(status=STATUS, linked=True, schedule=SCHEDULE, stored_us=AT_US)
    latest.up = latest.down = Lane(answered_us=AT_US)
    return picture(SITE, latest, AT_US + 1_000_000)


def verdicts(document: dict[str, Any]) -> dict[str, Verdict]:
    return {found.subject: found.verdict for found in judge.judged(document)}


def test_a_plant_at_work_with_one_lost_meter() -> None:
    assert verdicts(seen()) == {
        "control": Verdict.GOOD,
        "device inverter-1": Verdict.GOOD,
        "device meter": Verdict.BAD,
        "hub": Verdict.GOOD,
        "clock and hub": Verdict.GOOD,
        "clock": Verdict.WARNING,
        "buffer": Verdict.UNKNOWN,
    }


@pytest.mark.parametrize(
    ("change", "subject", "verdict"),
    [
        ({"linked": False}, "control", Verdict.BAD),
        ({"control": None}, "control", Verdict.BAD),
        ({"hub": {"configured": False}}, "hub", Verdict.WARNING),
        ({"clock": {"state": "synchronised", "correction_us": 0}}, "clock", Verdict.GOOD),
        ({"clock": {"state": "confirmed", "correction_us": 0}}, "clock", Verdict.GOOD),
        ({"clock": {"state": "corrected", "correction_us": -9}}, "clock", Verdict.WARNING),
        ({"hub": {"configured": True, "trouble": "no", "code": "CLOCK_OFF"}}, "hub", Verdict.BAD),
        ({"hub": {"configured": True, "answered_us": None}}, "hub", Verdict.WARNING),
        (
            {"hub": {"configured": True, "clock_off_us": 9_000_000}},
            "clock and hub",
            Verdict.WARNING,
        ),
        (
            {"buffer": {"unsent": 1, "bytes": 9, "bytes_max": 10, "trouble": "disk full"}},
            "buffer",
            Verdict.BAD,
        ),
        ({"buffer": {"unsent": 1, "bytes": 9, "bytes_max": 10}}, "buffer", Verdict.WARNING),
        ({"buffer": {"unsent": 1, "bytes": 1, "bytes_max": 10}}, "buffer", Verdict.GOOD),
        (
            {"alarms": [{"source": "meter", "code": "DEVICE_LOST", "text": "silent"}]},
            "alarm meter",
            Verdict.WARNING,
        ),
    ],
)
def test_what_is_wrong_is_found(change: dict[str, Any], subject: str, verdict: Verdict) -> None:
    assert verdicts(seen() | change)[subject] is verdict


BUFFER = {"unsent": 0, "bytes": 0, "bytes_max": 10, "gaps": 0, "quarantined": 0, "dropped": 0}
ALARM = {
    "code": "DEVICE_LOST",
    "source": "meter",
    "text": "silent",
    "raised_us": AT_US,
    "cleared_us": None,
    "acked_us": None,
    "acked_by": "",
    "note": "",
}


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        ({"gaps": 2}, "2 rows in the gap ledger"),
        ({"quarantined": 1, "dropped": 7}, "7 values dropped, 1 blocks set aside as damaged"),
    ],
)
def test_what_was_lost_is_told_by_both_verbs(loss: dict[str, Any], text: str) -> None:
    document = seen() | {"buffer": BUFFER | loss}
    (gaps,) = [found for found in judge.judged(document) if found.subject == "gaps"]
    assert (gaps.verdict, gaps.text) == (Verdict.WARNING, text)
    assert f"  LOST    {text}" in list(shown.lines(document))


def test_a_box_that_lost_nothing_says_so() -> None:
    document = seen() | {"buffer": BUFFER}
    assert verdicts(document)["gaps"] is Verdict.GOOD
    assert not [line for line in shown.lines(document) if "LOST  " in line]


def test_a_buffer_that_takes_nothing_any_more_is_looked_at() -> None:
    document = seen()
    document["buffer"] = BUFFER | {"stored_us": document["now_us"] - 500_000_000}
    assert verdicts(document)["buffer"] is Verdict.WARNING
    assert verdicts(document | {"linked": False})["buffer"] is Verdict.GOOD


def test_what_waits_is_told_with_its_age_and_the_wear_of_the_disk() -> None:
    document = seen()
    document["buffer"] = BUFFER | {
        "unsent": 3,
        "bytes": 2_000,
        "from_us": document["now_us"] - 7_200_000_000,
        "written_bytes_day": 200_000_000,
    }
    text = "\n".join(shown.lines(document))
    assert "3 blocks wait since 2 h, 2.0 kB; 200.0 MB a day written to the disk" in text


def test_status_says_what_the_clock_is_worth() -> None:
    document = seen() | {"clock": {"state": "corrected", "correction_us": 3_600_000_000}}
    text = "\n".join(shown.lines(document))
    assert "clock   the system's is -3600.0 s off; ours is the hub's" in text


@pytest.mark.parametrize(
    ("change", "said", "judged"),
    [
        ({}, "NOT ACKNOWLEDGED", True),
        ({"acked_us": AT_US, "acked_by": "Meyer", "note": "fuse"}, "by Meyer: fuse", True),
        ({"cleared_us": AT_US}, "over, ", False),
        ({"cleared_us": AT_US, "acked_us": AT_US}, None, False),
    ],
)
def test_an_alarm_is_told_until_it_is_over_and_somebody_has_seen_it(
    change: dict[str, Any], said: str | None, judged: bool
) -> None:
    document = seen() | {"alarms": [ALARM | change]}
    lines = [line for line in shown.lines(document) if "ALARM DEVICE_LOST" in line]
    assert [said in line for line in lines if said] == ([] if said is None else [True])
    assert ("alarm meter" in verdicts(document)) is judged


def test_a_safe_plant_says_what_it_waits_for() -> None:
    document = seen()
    document["control"] |= {"mode": "safe"}
    (control,) = [f for f in judge.judged(document) if f.subject == "control"]
    assert control.verdict is Verdict.WARNING
    assert "schedule asks for 30 kW" in control.text


def test_status_marks_what_is_lost_and_tells_the_sign() -> None:
    text = "\n".join(shown.lines(seen()))
    assert "setpoint +31.5 kW (discharge)" in text
    assert "LOST, last answer never: no answer yet" in text
    assert "site.power_kw" in text
    assert "-" in text.split("site.power_kw")[1].splitlines()[0]


def test_status_of_a_gateway_without_control_is_told_without_numbers() -> None:
    document = picture(SITE, Latest(), AT_US)
    text = "\n".join(shown.lines(document))
    assert "control does not answer" in text
    assert "no schedule" in text


def test_every_finding_is_a_line_and_a_remedy_is_one_below() -> None:
    told = finding.lines([finding.bad("hub", "silent", "call"), finding.good("disk", "9 GB free")])
    assert [line[:7] for line in told] == [" FAIL  ", "       ", "  ok   ", "", "1 faile"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.24, "0.2 s"), (12.4, "12 s"), (150, "2 min"), (8000, "2 h"), (1e6, "12 d")],
)
def test_spans_are_told_as_people_say_them(seconds: float, text: str) -> None:
    assert judge.span(seconds) == text
