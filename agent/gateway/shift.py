"""Stamps put right: what was stamped by a wrong clock, moved as a whole. Pure."""

from dataclasses import replace

from agent.archive.trace import Trace
from wire import block as blocks
from wire import records
from wire.alarm import Alarm
from wire.block import Block
from wire.gap import Cause, Gap
from wire.records import Records
from wire.sync import Event, FrameClass


def content(stamped: Block | Event | Trace, by_us: int) -> Block | Event | Trace:
    """Return samples, an event or a trace `by_us` later."""
    if isinstance(stamped, Trace):
        return replace(stamped, at_us=_at(stamped.at_us, by_us))
    return block(stamped, by_us) if isinstance(stamped, Block) else event(stamped, by_us)


def block(stamped: Block, by_us: int) -> Block:
    return replace(stamped, at_us=tuple(_at(at_us, by_us) for at_us in stamped.at_us))


def event(stamped: Event, by_us: int) -> Event:
    return replace(stamped, at_us=_at(stamped.at_us, by_us))


def payload(kind: FrameClass, stamped: bytes, by_us: int) -> bytes:
    """Return a frame's payload with everything in it `by_us` later.

    Raises:
        BadMessage: it is no payload of that kind.
    """
    if kind is not FrameClass.EVENTS:
        return blocks.encode(block(blocks.decode(stamped), by_us))
    told = records.decode(stamped)
    return records.encode(
        Records(
            events=tuple(event(one, by_us) for one in told.events),
            alarms=tuple(_alarm(one, by_us) for one in told.alarms),
            gaps=tuple(_gap(one, by_us) for one in told.gaps),
        )
    )


def _alarm(alarm: Alarm, by_us: int) -> Alarm:
    return replace(
        alarm,
        raised_us=_at(alarm.raised_us, by_us),
        cleared_us=None if alarm.cleared_us is None else _at(alarm.cleared_us, by_us),
        acked_us=None if alarm.acked_us is None else _at(alarm.acked_us, by_us),
    )


def _gap(gap: Gap, by_us: int) -> Gap:
    at_us = _at(gap.at_us, by_us)
    if gap.cause is Cause.POWER:
        # It began in the run of the machine before, by the clock of that run, and ended now.
        return replace(gap, at_us=at_us, to_us=max(gap.from_us, at_us))
    return replace(gap, at_us=at_us, from_us=_at(gap.from_us, by_us), to_us=_at(gap.to_us, by_us))


def _at(at_us: int, by_us: int) -> int:
    return max(0, at_us + by_us)
