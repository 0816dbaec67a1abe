"""Uploads: every frame exactly once, and never an acknowledgement before the commit.

A frame is known by (gateway, epoch, number). One transaction stores all that is new in an upload:
chunks as they came, events, newest values, and how far the line is complete; the roll-ups follow
(`telemetry.roller`). Uploads of one
gateway take turns by a lock on its row, so two at once are as good as one after the other.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store
from cloud.fleet.model import Gateway
from cloud.fleet.operation import service as operation
from cloud.fleet.service import TELEMETRY_TOPIC, telemetry_topic
from cloud.fleet.tables import EPOCH_MAX
from cloud.fleet.telemetry import chunks as telemetry
from cloud.fleet.telemetry import newest
from cloud.fleet.telemetry.chunks import LineKey
from cloud.fleet.telemetry.frames import (
    UPLOAD_VALUES_MAX,
    Happenings,
    Opened,
    Samples,
    Unreadable,
    opened_within,
)
from cloud.fleet.telemetry.partitions import Partitions
from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.kernel.errors import Forbidden, Invalid
from cloud.kernel.events import NewEvent
from wire.fields import INTEGER_MAX
from wire.sync import Ack, Severity, Upload

THREAD_BYTES_MIN = 16 * 1024
"""Larger uploads are opened beside the event loop."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an upload was worth."""

    ack: Ack
    new_frames: int
    new_samples: int
    quarantined: int


async def ingest(hub: Hub, gateway: Gateway, upload: Upload) -> Ingested:
    """Store what is new in the upload; when this returns, it is committed.

    Raises:
        Forbidden: the upload names another gateway than the one that signed it.
        Invalid: an epoch or a number that no buffer of ours writes.
    """
    _check(gateway, upload)
    size = sum(len(frame.payload) for frame in upload.frames)
    if size < THREAD_BYTES_MIN:
        contents = opened_within(upload.frames, UPLOAD_VALUES_MAX)
    else:
        contents = await asyncio.to_thread(opened_within, upload.frames, UPLOAD_VALUES_MAX)
    upload = replace(upload, frames=upload.frames[: len(contents)])
    now_us = hub.clock.now_us()
    begins = (int(c.block.at_us.min()) for c in contents if isinstance(c, Samples))
    await hub.service(Partitions).prepare(begins, now_us)
    async with hub.database.transaction() as connection:
        result = await _store(connection, gateway, upload, contents, now_us)
    if result.new_frames:
        hub.bus.wake(telemetry_topic(gateway.site))
        hub.bus.wake(TELEMETRY_TOPIC)
    if any(isinstance(c, Happenings) and (c.records.alarms or c.records.gaps) for c in contents):
        hub.bus.wake(operation.operation_topic(gateway.site))
    return result


def _check(gateway: Gateway, upload: Upload) -> None:
    if upload.gateway != gateway.id:
        raise Forbidden(
            f"upload.gateway: {upload.gateway!r} is not allowed;"
            f" the request is signed by {gateway.id!r}"
        )
    if len(upload.epoch) > EPOCH_MAX or not upload.epoch.isascii() or "\0" in upload.epoch:
        raise Invalid(
            f"upload.epoch: {upload.epoch[:EPOCH_MAX]!r} is not allowed;"
            f" at most {EPOCH_MAX} ASCII characters are expected"
        )
    if upload.frames and upload.frames[-1].seq >= INTEGER_MAX:
        raise Invalid(
            f"upload.frames: number {upload.frames[-1].seq} is not allowed;"
            f" less than {INTEGER_MAX} is expected"
        )


async def _store(
    connection: AsyncConnection,
    gateway: Gateway,
    upload: Upload,
    contents: Sequence[Opened],
    now_us: int,
) -> Ingested:
    await store.gateway(connection, gateway.id, lock=True)
    key = LineKey(gateway.id, upload.epoch, gateway.site)
    acked = await telemetry.acked(connection, key)
    before = await telemetry.ahead(connection, key, acked)
    # What lies below the acknowledged number and is not known was given up: it stays so.
    fresh = [
        content
        for content in contents
        if content.frame.seq > acked and content.frame.seq not in before
    ]
    if fresh:
        await _store_contents(connection, gateway, key, fresh, now_us)
    if upload.frames and upload.after is not None and upload.after <= acked:
        acked = max(acked, upload.frames[-1].seq)
    stored = before | {content.frame.seq for content in fresh}
    reached = _unbroken(stored, acked)
    beyond = {seq for seq in stored if seq > reached}
    await telemetry.keep_ahead(connection, key, reached, before, beyond)
    await telemetry.move_line(connection, key, reached, now_us)
    return Ingested(
        ack=Ack(upload.epoch, reached),
        new_frames=len(fresh),
        new_samples=sum(len(c.block.at_us) for c in fresh if isinstance(c, Samples)),
        quarantined=sum(isinstance(c, Unreadable) for c in fresh),
    )


def _unbroken(stored: set[int], since: int) -> int:
    """Return the last number of the unbroken run after `since`."""
    last = since
    while last + 1 in stored:
        last += 1
    return last


async def _store_contents(
    connection: AsyncConnection,
    gateway: Gateway,
    key: LineKey,
    fresh: Sequence[Opened],
    now_us: int,
) -> None:
    site = await store.site(connection, key.site)
    assert site is not None, "a gateway's site is kept by a foreign key"
    unreadable = [content for content in fresh if isinstance(content, Unreadable)]
    await telemetry.add_chunks(
        connection, [_chunk(key, c, now_us) for c in fresh if not isinstance(c, Unreadable)]
    )
    await telemetry.add_to_quarantine(
        connection,
        [{**_frame(key, c, now_us), "reason": c.reason} for c in unreadable],
    )
    blocks = [(c.frame.seq, c.block) for c in fresh if isinstance(c, Samples)]
    await newest.update(connection, key.site, key.epoch, blocks)
    happened = [event for content in fresh for event in _events(key, content, site.account, now_us)]
    await events.append(connection, *happened)
    for content in fresh:
        if isinstance(content, Happenings):
            await operation.take_records(
                connection, gateway, key.epoch, content.frame.seq, content.records, now_us
            )


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
