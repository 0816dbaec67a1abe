"""agent.control.trace: when a decision is worth telling, and what is told of it."""

from dataclasses import replace

from agent.archive.trace import Trace, capacities_kw
from agent.control.decide import AUTOMATIC, SAFE, Decision
from agent.control.evidence import Record
from agent.control.response.product import ProductState
from agent.control.trace import BURST, Told, told
from agent.status import Reason
from tests.support.plants import HEALTHY
from tests.support.virtual import EPOCH_US

DECISION = Decision(
    mode=AUTOMATIC,
    setpoint_kw=412.0,
    base_kw=400.0,
    schedule_kw=500.0,
    response_kw=12.0,
    lower_kw=-800.0,
    upper_kw=412.0,
    units=(),
    reasons=(
        Reason("SCHEDULE", "asks for 500 kW", 400.0, "schedule", 3, 500.0),
        Reason("RESERVE", "reserve headroom fcr_ce", 400.0, "fcr_ce", 1),
        Reason("I1", "the battery allows 412 kW", 412.0, "bms", 0),
    ),
)


def record(second: float, decision: Decision = DECISION) -> Record:
    plant = replace(HEALTHY, at_s=second)
    return Record(at_us=EPOCH_US + round(second * 1e6), plant=plant, decision=decision)


def day(records: list[Record]) -> list[Trace]:
    memory = Told()
    found: list[Trace] = []
    for one in records:
        trace, memory = told(one, "c0ffee", memory)
        if trace is not None:
            found.append(trace)
    return found


def test_a_trace_names_who_asked_who_cut_and_the_rules_it_was_made_under() -> None:
    product = ProductState(
        product="fcr_ce", capacity_kw=320.0, armed=True, rule="ce-2019 v2", management_kw=0.0
    )
    (trace,) = day([record(0, replace(DECISION, products=(product,)))])
    assert trace.reasons == DECISION.reasons
    assert (trace.command_kw, trace.base_kw, trace.upper_kw) == (412.0, 400.0, 412.0)
    assert (trace.config, trace.rules) == ("c0ffee", "ce-2019 v2")
    assert capacities_kw(trace) == {"fcr_ce": 320.0}


def test_unchanged_reasons_are_told_once_a_minute() -> None:
    found = day([record(second) for second in range(181)])
    assert [(trace.at_us - EPOCH_US) // 1_000_000 for trace in found] == [0, 60, 120, 180]


def test_numbers_that_move_with_the_frequency_are_no_change() -> None:
    moving = [
        record(
            beat / 10,
            replace(
                DECISION,
                setpoint_kw=400.0 + beat,
                reasons=(Reason("RESPONSE", f"{beat} kW", 400.0 + beat, "fcr_ce", 1),),
            ),
        )
        for beat in range(100)
    ]
    assert len(day(moving)) == 1


def test_a_change_of_mode_or_reasons_is_told_in_the_beat_it_comes() -> None:
    records = [record(beat / 10) for beat in range(20)]
    records[7] = record(0.7, replace(DECISION, mode=SAFE))
    found = day(records)
    assert [round((trace.at_us - EPOCH_US) / 1e5) for trace in found] == [0, 7, 8]


def test_reasons_that_flap_every_beat_are_told_once_a_second_with_what_was_left_out() -> None:
    flapping = [
        record(beat / 10, replace(DECISION, mode=SAFE if beat % 2 else AUTOMATIC))
        for beat in range(1_000)
    ]
    found = day(flapping)
    assert len(found) <= BURST + 100 + 1
    assert found[-1].skipped >= 4
    told_in = {(trace.at_us - EPOCH_US) // 1_000_000 for trace in found}
    assert told_in >= set(range(5, 99))
