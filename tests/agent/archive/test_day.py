"""Hours of a plant in the archive: who cut what in each second; a base without a frequency."""

import random
from pathlib import Path

import pytest

from agent.archive.columns import COLUMNS, bit
from agent.archive.timeline import Timeline
from tests.support.archives import reader, store
from tests.support.days import SECOND_US, Day, frequencies, schedule, steered
from tests.support.virtual import EPOCH_US

NAMES = [column.name for column in COLUMNS]
HOURS_S = 3 * 3_600


def walked(
    seconds: int, chance: random.Random, low: float, high: float, step: float
) -> list[float]:
    found, now = [], (low + high) / 2
    for _ in range(seconds):
        now = min(high, max(low, now + chance.gauss(0, step)))
        found.append(round(now, 2))
    return found


def day_of(seconds: int, seed: int, capacity_kw: float = 40.0) -> Day:
    chance = random.Random(seed)
    return Day(
        hz=frequencies(seconds, chance),
        soc_pct=walked(seconds, chance, 5.0, 95.0, 0.3),
        schedule=schedule(seconds, chance, capacity_kw),
        allowed_kw=walked(seconds, chance, 10.0, 150.0, 0.7),
        steering=steered(seconds, chance),
    )


@pytest.mark.slow
async def test_for_every_second_the_archive_answers_who_asked_and_who_cut(tmp_path: Path) -> None:
    day = day_of(HOURS_S, 17)
    with store(tmp_path) as archive:
        for part in await day.items():
            archive.keep("b", part)
    answered = 0
    asked_by: set[str] = set()
    with reader(tmp_path) as archived:
        for told in Timeline(archived, EPOCH_US, EPOCH_US + HOURS_S * SECOND_US, NAMES):
            for place, (at_us, trace) in enumerate(zip(told.rows.at_us, told.traces, strict=True)):
                second = (at_us - EPOCH_US) // SECOND_US
                decision = day.decisions[second]
                assert trace is not None
                assert trace.mode == decision.mode
                told_bits = 0
                for reason in trace.reasons:
                    told_bits |= bit(reason.code)
                assert told.rows.columns["reason_bits"][place] == told_bits
                assert [(r.code, r.source) for r in trace.reasons] == [
                    (r.code, r.source) for r in decision.reasons
                ]
                assert told.rows.columns["p_set_kw"][place] == round(decision.setpoint_kw, 3)
                asked_by |= {reason.code for reason in trace.reasons}
                answered += 1
    assert answered == HOURS_S
    assert asked_by >= {"SCHEDULE", "OPERATOR", "RESPONSE", "I1"}


def test_the_base_does_not_change_by_one_bit_when_the_frequency_is_another() -> None:
    """The same plant, the same schedule and orders; the frequencies of the period permuted."""
    seconds = 2_400
    one, other = day_of(seconds, 5), day_of(seconds, 5)
    permuted = list(one.hz)
    random.Random(99).shuffle(permuted)
    other.hz = permuted
    for second in range(seconds):
        one.decide(second)
        other.decide(second)
    bases = [[decision.base_kw for decision in day.decisions] for day in (one, other)]
    assert bases[0] == bases[1]
    assert len(set(bases[0])) > 20
    responses = [[decision.response_kw for decision in day.decisions] for day in (one, other)]
    assert responses[0] != responses[1]
