"""What a buffer may lose, in the words of the gap ledger and of the event that goes with it. Pure.

A loss says how much, or that nobody knows; see `wire.gap.Gap` for the fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.gateway.rows import Draft
from wire.gap import Cause
from wire.sync import Event, FrameClass, Severity

SOURCE = "buffer"
CHANGED = "its CRC does not match: the disk has changed it"
FULL = "the buffer is full"
_CODES = {
    Cause.THINNED: ("BUFFER_THINNED", Severity.WARNING, "thinned"),
    Cause.FULL: ("BUFFER_DROPPED", Severity.ALARM, "dropped"),
    Cause.AGE: ("BUFFER_EXPIRED", Severity.WARNING, "deleted"),
    Cause.DAMAGED: ("BUFFER_DAMAGED", Severity.ALARM, ""),
    Cause.POWER: ("POWER_LOST", Severity.WARNING, ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What is to become a row of the ledger."""

    cause: Cause
    cls: FrameClass
    from_us: int
    to_us: int
    n: int | None
    text: str
    device: str = ""
    first_seq: int | None = None
    last_seq: int | None = None


def event_of(loss: Loss, now_us: int) -> Event:
    """Return what people are told when the buffer itself begins to lose something."""
    code, severity, done = _CODES[loss.cause]
    text = f"the oldest {loss.cls.name.lower()} is {done}: {loss.text}" if done else loss.text
    return Event(at_us=now_us, code=code, severity=severity, source=SOURCE, text=text)


def power(since_us: int, now_us: int) -> Loss:
    """Return what a machine that went out without a word may have sampled and not stored.

    A clock that starts in 1970 does not know yet until when; see `agent.gateway.shift`.
    """
    return Loss(
        cause=Cause.POWER,
        cls=FrameClass.TELEMETRY,
        from_us=since_us,
        to_us=max(since_us, now_us),
        n=None,
        text="the machine stopped without ending in good order; what was not stored yet is lost",
    )


def damage(name: str, from_us: int, now_us: int) -> Loss:
    """Return what was in a damaged file and not yet at the hub."""
    return Loss(
        cause=Cause.DAMAGED,
        cls=FrameClass.TELEMETRY,
        from_us=from_us,
        to_us=now_us,
        n=None,
        text=f"the buffer's file was damaged and set aside as {name}",
    )


def unstored(telemetry: Sequence[Draft]) -> list[Loss]:
    """Return what is lost when the disk takes settlement values and events only."""
    if not telemetry:
        return []
    return [
        Loss(
            cause=Cause.FULL,
            cls=FrameClass.TELEMETRY,
            from_us=min(draft.t0_us for draft in telemetry),
            to_us=max(max(draft.t0_us, draft.t1_us) for draft in telemetry) + 1,
            n=sum(draft.n for draft in telemetry),
            text="the disk is full, and nothing older can make room",
        )
    ]


def of_frame(seq: int, frame: Draft, cause: Cause, text: str) -> Loss:
    """Return the loss of one frame."""
    return Loss(
        cause=cause,
        cls=frame.kind,
        from_us=frame.t0_us,
        to_us=max(frame.t0_us, frame.t1_us) + 1,
        n=frame.n,
        text=text,
        first_seq=seq,
        last_seq=seq,
    )
