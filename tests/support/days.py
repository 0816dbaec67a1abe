"""A plant through hours of decisions, as control's evidence tells of them, without a loop."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent import link
from agent.archive.config import ArchiveSettings
from agent.control.decide import Decision, Memory, Rules
from agent.control.evidence import Record
from agent.control.limits import Limits
from agent.control.outbox import Outbox
from agent.control.plant import FrequencyMeter
from agent.control.quantity import Quantity
from agent.control.response import curve
from agent.control.witness import Archived, Witness
from agent.link import Item
from agent.steering import Override, Steering
from tests.support.plants import HEALTHY, LIMITS, changed, decided
from tests.support.virtual import EPOCH_US
from wire.order import Mode
from wire.schedule import FrequencyService, Schedule, Slot

SECOND_US = 1_000_000
QUARTER_S = 900
RULES = Rules(limits=LIMITS)


def frequencies(seconds: int, chance: random.Random) -> list[float]:
    """Return a frequency for each second: slow, with a disturbance now and then."""
    found, walk = [], 0.0
    for _ in range(seconds):
        walk = 0.99 * walk + chance.gauss(0.0, 0.003)
        if chance.random() < 1 / 3_000:
            walk -= 0.2
        found.append(round(50.0 + walk, 4))
    return found


def schedule(seconds: int, chance: random.Random, capacity_kw: float) -> Schedule:
    end_us = EPOCH_US + seconds * SECOND_US
    slots = tuple(
        Slot(
            EPOCH_US + start * SECOND_US,
            EPOCH_US + (start + QUARTER_S) * SECOND_US,
            float(chance.randrange(-90, 110, 10)),
        )
        for start in range(0, seconds, QUARTER_S)
    )
    fcr = FrequencyService("fcr_ce", EPOCH_US, end_us, capacity_kw, curve.FCR_CE)
    services = (fcr,) if capacity_kw else ()
    return Schedule(site="s", version=1, issued_us=EPOCH_US, slots=slots, services=services)


@dataclass(slots=True)
class Day:
    """One decision a second; what the plant knows is said beforehand, second by second."""

    hz: Sequence[float]
    soc_pct: Sequence[float]
    schedule: Schedule
    allowed_kw: Sequence[float] = ()
    """What the battery allows in both directions; empty: everything."""
    steering: Sequence[Steering] = ()
    rules: Rules = RULES
    memory: Memory = field(default_factory=Memory)
    decisions: list[Decision] = field(default_factory=list)

    def decide(self, second: int) -> Record:
        before = self.decisions[-1].setpoint_kw if self.decisions else 0.0
        allowed = Quantity(self.allowed_kw[second], 0.2) if self.allowed_kw else None
        meter = FrequencyMeter(device="meter", hz=Quantity(self.hz[second], 0.02))
        plant = changed(
            replace(HEALTHY, frequencies=(meter,)),
            at_s=100.0 + second,
            power_kw=Quantity(before, 0.05),
            soc_pct=Quantity(self.soc_pct[second], 0.5),
            discharge_kw_max=allowed,
            charge_kw_max=allowed,
        )
        now_us = EPOCH_US + second * SECOND_US + 40_000
        steering = self.steering[second] if self.steering else Steering(Mode.AUTOMATIC, None)
        decision, self.memory = decided(
            plant, self.schedule, self.memory, now_us, steering, self.rules
        )
        self.decisions.append(decision)
        return Record(at_us=now_us, plant=plant, decision=decision)

    async def items(self, every: int = 30) -> "list[list[Item]]":
        """Return all that the witness told, in parts of so many seconds.

        They are taken before the outbox is crowded: the witness then holds rows back.
        """
        outbox = Outbox(50_000_000)
        witness = Witness(outbox, "b", archived(self.rules.limits))
        parts: list[list[Item]] = []
        for second in range(len(self.hz)):
            witness.beat(self.decide(second), 0)
            if second % every == every - 1 or second == len(self.hz) - 1:
                parts.append(await _taken(outbox))
        return parts


def archived(limits: Limits) -> Archived:
    return Archived(settings=ArchiveSettings(), limits=limits, period_s=1.0, config="c0ffee")


async def _taken(outbox: Outbox) -> list[Item]:
    """Return what is in the outbox as the gateway reads it, and have it forgotten."""
    found = outbox.after(-1, 1_000_000)
    reader = asyncio.StreamReader()
    reader.feed_data(b"".join(frame for _, frame in found))
    messages = [await link.receive(reader) for _ in found]
    outbox.stored(found[-1][0])
    return [message for message in messages if isinstance(message, Item)]


def steered(seconds: int, chance: random.Random) -> list[Steering]:
    """Return orders of operators: an override for some minutes every now and then."""
    found: list[Steering] = []
    while len(found) < seconds:
        lasts = chance.randrange(60, 1_200)
        if chance.random() < 0.3:
            until_us = EPOCH_US + (len(found) + lasts) * SECOND_US
            order = Override(f"o{len(found)}", float(chance.randrange(-50, 60)), until_us)
            found += [Steering(Mode.AUTOMATIC, order)] * lasts
        else:
            mode = Mode.STANDBY if chance.random() < 0.1 else Mode.AUTOMATIC
            found += [Steering(mode, None)] * lasts
    return found[:seconds]
