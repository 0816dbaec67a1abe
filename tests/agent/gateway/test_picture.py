"""agent.gateway.picture: what the page is told, also when little is known."""

import json
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent import metrics
from agent.gateway.backlog import Backlog
from agent.gateway.latest import EVENTS_MAX, Lane, Latest
from agent.gateway.picture import Site, picture, steps
from agent.gateway.rows import Cursor, State
from agent.latches import Latch
from tests.support.control_peer import status
from tests.support.fleet_messages import INSIGHT
from wire.clock import QUARTER_HOUR_US, quarter_hour_us
from wire.schedule import Schedule, Slot
from wire.sync import Event, Severity

NOW_US = 1_790_000_000_000_000
QUARTER_US = quarter_hour_us(NOW_US)
SITE = Site(
    site="werk-sued",
    name="",
    discharge_kw_max=100,
    charge_kw_max=100,
    soc_min_pct=10,
    soc_max_pct=90,
    buffer_bytes_max=1024**2,
    has_hub=True,
)


def schedule(*powers_kw: float | None) -> Schedule:
    """Return a schedule with one quarter-hour for each power from now on; None leaves a gap."""
    slots = tuple(
        Slot(QUARTER_US + i * QUARTER_HOUR_US, QUARTER_US + (i + 1) * QUARTER_HOUR_US, power_kw)
        for i, power_kw in enumerate(powers_kw)
        if power_kw is not None
    )
    return Schedule(site="werk-sued", version=3, issued_us=NOW_US, slots=slots)


def quarters(number: int) -> int:
    return QUARTER_US + number * QUARTER_HOUR_US


def test_equal_slots_become_one_step_and_gaps_are_nothing_to_do() -> None:
    assert list(steps(schedule(30, 30, None, -50), NOW_US)) == [
        (NOW_US, 30.0),
        (quarters(2), 0.0),
        (quarters(3), -50.0),
        (quarters(4), None),
    ]


def test_a_schedule_that_begins_later_begins_with_nothing_to_do() -> None:
    assert list(steps(schedule(None, 20), NOW_US)) == [
        (NOW_US, 0.0),
        (quarters(1), 20.0),
        (quarters(2), None),
    ]


def test_a_schedule_that_has_run_out_knows_nothing() -> None:
    assert list(steps(schedule(20), quarters(5))) == [(quarters(5), None)]


@given(st.lists(st.one_of(st.none(), st.sampled_from([-50.0, 0.0, 30.0])), max_size=12))
def test_steps_rise_in_time_change_in_power_and_end_in_the_unknown(
    powers_kw: list[float | None],
) -> None:
    plan = schedule(*powers_kw)
    found = list(steps(plan, NOW_US))
    times = [at_us for at_us, _ in found]
    assert times == sorted(set(times))
    assert found[-1][1] is None
    assert all(left[1] != right[1] for left, right in pairwise(found))
    for at_us, power_kw in found[:-1]:
        slot = plan.slot_at(at_us)
        assert power_kw == (0.0 if slot is None else slot.power_kw)


def test_the_picture_tells_units_products_frequency_and_what_waits_for_a_reset() -> None:
    latch = Latch("I17", "", "input.stop", "emergency stop says stop")
    latest = Latest(
        status=status(NOW_US, insight=INSIGHT, blocked=("pcs2",)),
        linked=True,
        latches=((latch, NOW_US - 60_000_000), (replace(latch, code="I16"), None)),
    )
    shown = json.loads(json.dumps(picture(SITE, latest, NOW_US)))
    control = shown["control"]
    assert (control["base_kw"], control["management_kw"]) == (30.0, -5.0)
    assert (control["lower_kw"], control["upper_kw"]) == (-90.0, 80.0)
    assert [unit["code"] for unit in control["units"]] == ["", "I12"]
    assert control["blocked"] == ["pcs2"]
    assert control["frequency"]["applied_hz"] == 49.9
    armed, refused = control["products"]
    assert (armed["deviation_hz"], armed["nem"], armed["endurance_min"]) == (-0.1, -1, 27.5)
    assert refused["refusals"] == [
        {"code": "ARM_CLOCK", "text": "nobody knows how wrong the clock is"}
    ]
    assert [one["since_us"] for one in shown["latches"]] == [NOW_US - 60_000_000, None]
    assert shown["latches"][0]["text"] == "emergency stop says stop"


def test_the_picture_of_a_running_site_has_everything_and_is_json() -> None:
    latest = Latest(
        status=status(NOW_US),
        linked=True,
        buffer=State(epoch="e", acked=5, cursor=Cursor("b", 9), n=42, bytes=1000, dropped=0),
        schedule=schedule(30, -50),
        up=Lane(answered_us=NOW_US - 400_000),
        down=Lane(answered_us=NOW_US - 900_000),
    )
    shown = json.loads(json.dumps(picture(SITE, latest, NOW_US)))
    assert shown["site"]["name"] == "werk-sued", "a site without a name is called by its id"
    assert shown["control"]["reasons"][0] == {
        "code": "SCHEDULE",
        "text": "version 7 asks for 30 kW from 14:00 to 14:15 UTC",
        "power_kw": 30.0,
        "source": "",
        "cls": None,
        "asked_kw": None,
    }
    assert shown["control"]["products"] == [], "an older control tells none"
    soc = next(value for value in shown["values"] if value["point"] == "battery.soc_pct")
    assert soc == {
        "device": "inverter",
        "point": "battery.soc_pct",
        "v": 64.2,
        "q": "good",
        "at_us": NOW_US - 200_000,
    }
    assert shown["schedule"]["bars"][:3] == [30, -50, None]
    assert shown["hub"]["connected"]
    assert shown["hub"]["acked_us"] == NOW_US - 400_000
    assert shown["buffer"]["unsent"] == 42


def test_what_waits_what_is_missing_and_what_the_flash_bears_is_shown_and_measured() -> None:
    latest = Latest(
        buffer=State(epoch="e", acked=5, cursor=Cursor("b", 9), n=42, bytes=1000, dropped=0),
        backlog=Backlog(frames=3, from_us=NOW_US - 5_000_000, quarantined=2, gaps=4),
        written_bytes_day=500_000_000,
        watch=("*",),
    )
    shown = picture(SITE, latest, NOW_US)
    assert shown["buffer"]["from_us"] == NOW_US - 5_000_000
    assert (shown["buffer"]["gaps"], shown["buffer"]["quarantined"]) == (4, 2)
    assert shown["buffer"]["written_bytes_day"] == 500_000_000
    assert shown["hub"]["watched"]
    figures = metrics.render(shown).decode()
    assert "phoenyra_agent_buffer_oldest_age_s 5.0" in figures
    assert "phoenyra_agent_buffer_gaps 4.0" in figures
    assert "phoenyra_agent_disk_written_bytes_day 5e+08" in figures


def test_the_picture_of_a_box_that_has_just_started_claims_nothing() -> None:
    shown = picture(SITE, Latest(), NOW_US)
    assert shown["control"] is None
    assert shown["schedule"] is None
    assert shown["buffer"]["unsent"] is None
    assert not shown["hub"]["connected"]
    assert metrics.render(shown).startswith(b"# HELP")


def test_one_broken_lane_is_a_lost_hub_and_says_why() -> None:
    latest = Latest(
        up=Lane(answered_us=NOW_US, trouble="401 REVOKED: no", code="REVOKED"),
        down=Lane(answered_us=NOW_US),
    )
    hub = picture(SITE, latest, NOW_US)["hub"]
    assert (hub["connected"], hub["code"]) == (False, "REVOKED")


def test_the_newest_event_comes_first_and_old_ones_are_forgotten() -> None:
    latest = Latest()
    for i in range(EVENTS_MAX + 10):
        latest.add_event(
            Event(at_us=i, code="DEVICE_LOST", severity=Severity.ALARM, source="x", text="gone")
        )
    assert len(latest.events) == EVENTS_MAX
    assert picture(SITE, latest, NOW_US)["events"][0]["at_us"] == EVENTS_MAX + 9


def test_a_run_of_the_same_information_is_one_line_with_a_count() -> None:
    latest = Latest()
    for i in range(7):
        latest.add_event(
            Event(at_us=i, code="SCHEDULE_TAKEN", severity=Severity.INFO, source="x", text="v")
        )
    (shown,) = picture(SITE, latest, NOW_US)["events"]
    assert (shown["count"], shown["at_us"]) == (7, 6)
