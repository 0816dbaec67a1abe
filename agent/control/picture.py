"""The newest picture of the plant and of the last decision, as the gateway is shown it."""

from collections.abc import Sequence

from agent.control.decision import Memory
from agent.control.evidence import Record
from agent.control.interlocks.plant import blocked, latches_of
from agent.control.metronome import Metronome
from agent.control.outbox import Outbox
from agent.control.port import Port
from agent.control.recall import told
from agent.status import Status
from wire.schedule import Schedule


def picture(
    record: Record,
    ports: Sequence[Port],
    schedule: Schedule | None,
    memory: Memory,
    metronome: Metronome,
    outbox: Outbox,
    now_s: float,
) -> Status:
    """Return the picture; `now_s` is the event loop's time."""
    decision = record.decision
    return Status(
        at_us=record.at_us,
        mode=decision.mode,
        setpoint_kw=decision.setpoint_kw,
        schedule_kw=decision.schedule_kw,
        response_kw=decision.response_kw,
        reasons=decision.reasons,
        devices=tuple(port.state() for port in ports),
        readings=tuple(
            (port.device, reading) for port in ports for reading in port.readings(now_s)
        ),
        schedule_version=None if schedule is None else schedule.version,
        schedule_ends_us=None if schedule is None else schedule.ends_us,
        beats=metronome.count,
        missed=metronome.missed,
        kept_items=len(outbox),
        dropped_items=outbox.dropped,
        steering=decision.steering,
        latches=latches_of(memory.guard),
        blocked=blocked(memory.guard),
        recall=told(memory.response),
        proofs=tuple((unit.unit, unit.fingerprint) for unit in record.plant.units),
    )
