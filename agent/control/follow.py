"""The hub's schedule as a proposal, and what holds when it asks for nothing (I14). Pure."""

from collections.abc import Iterator

from agent.control.arbitrate import Proposal
from wire.clock import utc
from wire.schedule import Schedule, Slot

CLASS = 3
IDLE_CLASS = 4
IDLE_US = 10_000_000
"""How long a proposal of the lowest class lives; it is made anew in every cycle."""


def proposals(schedule: Schedule | None, slot: Slot | None, now_us: int) -> Iterator[Proposal]:
    """Yield what the schedule asks for now, and the idle below it."""
    if schedule is not None and slot is not None:
        hours = f"{utc(slot.start_us):%H:%M} to {utc(slot.end_us):%H:%M} UTC"
        yield Proposal(
            source="schedule",
            cls=CLASS,
            code="SCHEDULE",
            text=f"version {schedule.version} asks for {slot.power_kw:g} kW from {hours}",
            valid_from_us=slot.start_us,
            expires_us=slot.end_us,
            preferred_kw=slot.power_kw,
        )
    code, text = _why_idle(schedule, now_us)
    yield Proposal(
        source="idle",
        cls=IDLE_CLASS,
        sub=9,
        code=code,
        text=text,
        valid_from_us=now_us,
        expires_us=now_us + IDLE_US,
        preferred_kw=0.0,
    )


def _why_idle(schedule: Schedule | None, now_us: int) -> tuple[str, str]:
    if schedule is None:
        return "NO_SCHEDULE", "there is no schedule yet"
    if now_us >= schedule.ends_us:
        return "I14", f"version {schedule.version} of the schedule has run out"
    return "IDLE", f"version {schedule.version} of the schedule asks for nothing now"
