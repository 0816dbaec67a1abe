"""agent.control.evidence: a cycle's numbers as points, its change of mode as an event."""

from agent.control.decide import AUTOMATIC, SAFE, Decision
from agent.control.evidence import Record, mode_changed, readings
from agent.status import Reason
from tests.support.plants import HEALTHY
from wire.block import Quality, Reading
from wire.points import STANDARD
from wire.sync import EVENT_TEXT_MAX, Severity

DECISION = Decision(
    mode=AUTOMATIC,
    setpoint_kw=32.0,
    base_kw=30.0,
    schedule_kw=30.0,
    response_kw=2.0,
    lower_kw=-80.0,
    upper_kw=100.0,
    units=(),
    reasons=(Reason("SCHEDULE", "asks for 30 kW", 30.0),),
)
RECORD = Record(at_us=5, plant=HEALTHY, decision=DECISION)


def test_a_record_becomes_the_standard_points_of_control() -> None:
    assert readings(RECORD) == (
        Reading("control.setpoint_kw", 32.0, Quality.GOOD, 5),
        Reading("control.schedule_kw", 30.0, Quality.GOOD, 5),
        Reading("control.response_kw", 2.0, Quality.GOOD, 5),
    )
    assert all(reading.point in STANDARD for reading in readings(RECORD))


def test_a_change_of_mode_is_an_event_that_gives_the_reasons() -> None:
    event = mode_changed(SAFE, RECORD)
    assert (event.code, event.severity, event.at_us) == ("MODE_CHANGED", Severity.INFO, 5)
    assert event.text == "safe → automatic (SCHEDULE: asks for 30 kW)"


def test_an_event_never_grows_longer_than_a_message_may_be() -> None:
    reasons = tuple(Reason("I9", "x" * 100, 0.0) for _ in range(9))
    decision = Decision(
        mode=SAFE,
        setpoint_kw=0.0,
        base_kw=0.0,
        schedule_kw=0.0,
        response_kw=0.0,
        lower_kw=0.0,
        upper_kw=0.0,
        units=(),
        reasons=reasons,
    )
    event = mode_changed(AUTOMATIC, Record(at_us=5, plant=HEALTHY, decision=decision))
    assert len(event.text) == EVENT_TEXT_MAX
    assert event.severity is Severity.WARNING
