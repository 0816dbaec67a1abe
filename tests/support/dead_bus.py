"""A grid that collapses while its analyser goes on telling a frequency: recorded, and our own twin.

The recording is Toledo, 28 April 2025. The twin has its shape and none of its numbers, so that the
test of it needs no data: a normal hour, a fall of the frequency with a live voltage, a dead bus
that goes on telling a smooth frequency, and gaps on the way.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf, sin
from pathlib import Path

from agent.control.decide import Decision, Memory, Orders, Rules, decide
from agent.control.interlocks.config import GridSettings
from agent.control.interlocks.rules import GuardRules
from agent.control.plant import FrequencyMeter, PlantState
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, LIMITS, changed
from wire.schedule import FrequencyService, Schedule, Slot

SAMPLE_S = 2.0
CYCLES = 10
"""Of one sample: five decisions a second."""
CAPACITY_KW = 20.0
"""Of the product, in both directions."""
CE_CURVE = ((-0.2, 1.0), (0.2, -1.0))


@dataclass(frozen=True, slots=True)
class Sample:
    at_us: int
    hz: float | None
    """None: the analyser told nothing."""
    volts: float | None


def toledo(path: Path) -> Iterator[Sample]:
    """Yield the recording."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["timestamp_utc"])
            hz, volts = row["frequency_hz"], row["phase_voltage_l1_v"]
            yield Sample(
                round(at.timestamp()) * 1_000_000,
                float(hz) if hz else None,
                float(volts) if volts else None,
            )


def twin(start_us: int, nominal_v: float) -> Iterator[Sample]:
    """Yield five quiet minutes with two gaps, a fall of 8 s, and five minutes of a dead bus."""
    for place in range(300):
        at_us = start_us + round(place * SAMPLE_S * 1e6)
        if place in (50, 100, 225):
            yield Sample(at_us, None, None)
        elif place < 150:
            yield Sample(at_us, 50.0 + 0.02 * sin(place / 7), nominal_v * (1 + 0.01 * sin(place)))
        elif place < 154:
            yield Sample(at_us, 49.7 - 0.4 * (place - 150), nominal_v * (1.04 - place % 4 * 0.03))
        else:
            yield Sample(at_us, 48.4 - 0.005 * (place - 154), nominal_v * 0.001)


def replayed(
    samples: Iterator[Sample], nominal_v: float, *, cycles: int = CYCLES
) -> Iterator[tuple[Sample, list[Decision]]]:
    """Yield each sample with what was decided on it, cycle by cycle, with a product in force.

    A sample stays new until the next is due, as with an analyser that is asked more often than it
    measures. A gap leaves its values as old as they are.
    """
    rules = Rules(limits=LIMITS, guard=GuardRules(grid=GridSettings(nominal_v=nominal_v)))
    memory, schedule = Memory(), None
    at_s, told_s = 1_000.0, -inf
    hz = volts = 0.0
    for sample in samples:
        if schedule is None:
            schedule = _schedule(sample.at_us)
        decisions = []
        for cycle in range(cycles):
            at_s += SAMPLE_S / cycles
            if sample.hz is not None and sample.volts is not None:
                hz, volts, told_s = sample.hz, sample.volts, at_s
            plant = _plant(at_s, Quantity(hz, at_s - told_s), Quantity(volts, at_s - told_s))
            now_us = sample.at_us + round(cycle * SAMPLE_S / cycles * 1e6)
            decision, memory = decide(
                plant, Orders(now_us=now_us, schedule=schedule), rules, memory
            )
            decisions.append(decision)
        yield sample, decisions


def _plant(at_s: float, hz: Quantity, volts: Quantity) -> PlantState:
    known = hz.age_s < inf
    meter = FrequencyMeter(device="meter", hz=hz if known else UNKNOWN)
    return replace(
        changed(HEALTHY, soc_pct=Quantity(60.0, 0.5)),
        at_s=at_s,
        frequencies=(meter,),
        voltages_v=(volts if known else UNKNOWN,),
    )


def _schedule(start_us: int) -> Schedule:
    end_us = start_us + 4 * 3_600_000_000
    return Schedule(
        site="s",
        version=1,
        issued_us=start_us,
        slots=(Slot(start_us, end_us, 0.0),),
        services=(FrequencyService("fcr_ce", start_us, end_us, CAPACITY_KW, CE_CURVE),),
    )
