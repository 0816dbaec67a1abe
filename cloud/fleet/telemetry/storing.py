"""Uploads in the database: those of several gateways in one transaction, a statement for all.

A frame is known by (gateway, epoch, number). What is new in an upload is stored: chunks as they
came, events, newest values, and how far the line is complete; the roll-ups follow
(`telemetry.roller`).
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Gateway
from cloud.fleet.operation import service as operation
from cloud.fleet.telemetry import chunks as telemetry
from cloud.fleet.telemetry import newest
from cloud.fleet.telemetry.chunks import LineKey, Standing
from cloud.fleet.telemetry.frames import Happenings, Opened, Samples, Unreadable
from cloud.fleet.telemetry.newest import Told
from cloud.kernel import events
from cloud.kernel.errors import Forbidden
from cloud.kernel.events import NewEvent
from wire.sync import Ack, Severity, Upload


@dataclass(frozen=True, slots=True)
class Order:
    """An upload that is opened and shall be stored."""

    gateway: Gateway
    upload: Upload
    contents: Sequence[Opened]
    """What is in its frames, one for each."""
    now_us: int

    @property
    def key(self) -> LineKey:
        return LineKey(self.gateway.id, self.upload.epoch, self.gateway.site)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an upload was worth."""

    ack: Ack
    new_frames: int
    new_samples: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class _Part:
    """What one order asks of the transaction."""

    order: Order
    key: LineKey
    standing: Standing
    fresh: Sequence[Opened]
    stored: frozenset[int]
    """Numbers beyond what was acknowledged, once this is committed."""
    reached: int


async def store(connection: AsyncConnection, orders: Sequence[Order]) -> list[Ingested]:
    """Store what is new in these uploads of different gateways; return what each was worth.

    Raises:
        Forbidden: there is no such gateway.
    """
    standings = await telemetry.standings(connection, [order.key for order in orders])
    for order in orders:
        if order.key not in standings:
            raise Forbidden(f"gateway {order.gateway.id!r} is not known")
    parts = [_part(order, standings[order.key]) for order in orders]
    await _store_contents(connection, [part for part in parts if part.fresh])
    for part in parts:
        beyond = {seq for seq in part.stored if seq > part.reached}
        await telemetry.keep_ahead(connection, part.key, part.reached, part.standing.ahead, beyond)
    await telemetry.move_lines(
        connection, ((part.key, part.reached, part.order.now_us) for part in parts)
    )
    return [_ingested(part) for part in parts]


def _part(order: Order, standing: Standing) -> _Part:
    acked, before = standing.acked, standing.ahead
    # What lies below the acknowledged number and is not known was given up: it stays so.
    fresh = [
        content
        for content in order.contents
        if content.frame.seq > acked and content.frame.seq not in before
    ]
    frames, after = order.upload.frames, order.upload.after
    if frames and after is not None and after <= acked:
        acked = max(acked, frames[-1].seq)
    stored = before.union(content.frame.seq for content in fresh)
    return _Part(order, order.key, standing, fresh, stored, _unbroken(stored, acked))


def _ingested(part: _Part) -> Ingested:
    fresh = part.fresh
    return Ingested(
        ack=Ack(part.key.epoch, part.reached),
        new_frames=len(fresh),
        new_samples=sum(len(c.block.at_us) for c in fresh if isinstance(c, Samples)),
        quarantined=sum(isinstance(c, Unreadable) for c in fresh),
    )


def _unbroken(stored: Set[int], since: int) -> int:
    """Return the last number of the unbroken run after `since`."""
    last = since
    while last + 1 in stored:
        last += 1
    return last


async def _store_contents(connection: AsyncConnection, parts: Sequence[_Part]) -> None:
    chunks, unreadable, happened = [], [], []
    for part in parts:
        account, now_us = part.standing.account, part.order.now_us
        for content in part.fresh:
            if isinstance(content, Unreadable):
                unreadable.append({**_frame(part.key, content, now_us), "reason": content.reason})
            else:
                chunks.append(_chunk(part.key, content, now_us))
            happened += _events(part.key, content, account, now_us)
    await telemetry.add_chunks(connection, chunks)
    await telemetry.add_to_quarantine(connection, unreadable)
    await newest.update(connection, [_told(part) for part in parts])
    await events.append(connection, *happened)
    for part in parts:
        for content in part.fresh:
            if isinstance(content, Happenings):
                await operation.take_records(
                    connection,
                    part.order.gateway,
                    part.key.epoch,
                    content.frame.seq,
                    content.records,
                    part.order.now_us,
                )


def _told(part: _Part) -> Told:
    blocks = [(c.frame.seq, c.block) for c in part.fresh if isinstance(c, Samples)]
    return Told(part.key.site, part.key.epoch, blocks)


def _frame(key: LineKey, content: Opened, now_us: int) -> dict[str, Any]:
    return {
        "gateway": key.gateway,
        "epoch": key.epoch,
        "seq": content.frame.seq,
        "site": key.site,
        "kind": int(content.frame.kind),
        "payload": content.frame.payload,
        "received_us": now_us,
    }


def _chunk(key: LineKey, content: Samples | Happenings, now_us: int) -> dict[str, Any]:
    row = _frame(key, content, now_us)
    if isinstance(content, Samples):
        block = content.block
        return row | {
            "device": block.device,
            "boot": block.boot,
            "first_seq": block.seq,
            "n": len(block.at_us),
            "points": len(block.points),
            "step_us": block.step_us,
            "t0_us": int(block.at_us.min()),
            "t1_us": int(block.at_us.max()),
        }
    told = content.records
    times = [event.at_us for event in told.events] + [gap.at_us for gap in told.gaps]
    return row | {
        "device": "",
        "boot": "",
        "first_seq": 0,
        "n": len(told),
        "points": 0,
        "step_us": 0,
        "t0_us": min(times, default=now_us),
        "t1_us": max(times, default=now_us),
    }


def _events(key: LineKey, content: Opened, account: str, now_us: int) -> list[NewEvent]:
    origin = f"{key.gateway}/{key.epoch}/{content.frame.seq}"
    if isinstance(content, Unreadable):
        return [
            NewEvent(
                at_us=now_us,
                code="FRAME_QUARANTINED",
                severity=Severity.WARNING,
                source=key.gateway,
                text=f"frame {content.frame.seq} cannot be read: {content.reason}",
                account=account,
                site=key.site,
                origin=origin,
            )
        ]
    if isinstance(content, Samples):
        return []
    return [
        NewEvent(
            at_us=event.at_us,
            code=event.code,
            severity=event.severity,
            source=event.source,
            text=event.text,
            account=account,
            site=key.site,
            origin=f"{origin}/{index}",
        )
        for index, event in enumerate(content.records.events)
    ]
