"""Uploads: every frame exactly once, and never an acknowledgement before the commit.

A frame is known by (gateway, epoch, number). One transaction stores all that is new in an upload:
chunks as they came, events, newest values, and how far the line is complete. Uploads of one
gateway take turns by a lock on its row, so two at once are as good as one after the other.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store
from cloud.fleet.model import Gateway
from cloud.fleet.service import TELEMETRY_TOPIC, telemetry_topic
from cloud.fleet.tables import EPOCH_MAX
from cloud.fleet.telemetry import chunks as telemetry
from cloud.fleet.telemetry.chunks import LineKey
from cloud.fleet.telemetry.frames import (
    UPLOAD_VALUES_MAX,
    Happenings,
    Opened,
    Samples,
    Unreadable,
    opened_within,
)
from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.kernel.errors import Forbidden, Invalid
from cloud.kernel.events import NewEvent
from wire.block import Quality
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
    async with hub.database.transaction() as connection:
        result = await _store(connection, gateway, upload, contents, now_us)
    if result.new_frames:
        hub.bus.wake(telemetry_topic(gateway.site))
        hub.bus.wake(TELEMETRY_TOPIC)
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
    fresh: Sequence[Opened] = []
    if upload.frames:
        first, last = upload.frames[0].seq, upload.frames[-1].seq
        known = await telemetry.known(connection, key, first, last)
        # What lies below the acknowledged number and is not known was given up: it stays so.
        fresh = [
            content
            for content in contents
            if content.frame.seq > acked and content.frame.seq not in known
        ]
        await _store_contents(connection, key, fresh, now_us)
        if upload.after is not None and upload.after <= acked:
            acked = max(acked, last)
    reached = await telemetry.contiguous(connection, key, acked)
    await telemetry.move_line(connection, key, reached, now_us)
    return Ingested(
        ack=Ack(upload.epoch, reached),
        new_frames=len(fresh),
        new_samples=sum(len(c.block.at_us) for c in fresh if isinstance(c, Samples)),
        quarantined=sum(isinstance(c, Unreadable) for c in fresh),
    )


async def _store_contents(
    connection: AsyncConnection, key: LineKey, fresh: Sequence[Opened], now_us: int
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
    await telemetry.update_newest(connection, _newest(key, fresh))
    happened = [event for content in fresh for event in _events(key, content, site.account, now_us)]
    await events.append(connection, *happened)


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
    if isinstance(content, Samples):
        block = content.block
        device, boot, first_seq, times = block.device, block.boot, block.seq, block.at_us
    else:
        device, boot, first_seq, times = "", "", 0, tuple(e.at_us for e in content.events)
    return {
        **_frame(key, content, now_us),
        "device": device,
        "boot": boot,
        "first_seq": first_seq,
        "n": len(times),
        "t0_us": min(times, default=now_us),
        "t1_us": max(times, default=now_us),
    }


def _newest(key: LineKey, contents: Sequence[Opened]) -> list[dict[str, Any]]:
    """Return one row a point: how it was at last, and the last good number with its time."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for content in contents:
        if not isinstance(content, Samples):
            continue
        block = content.block
        for point, values, quality in zip(block.points, block.values, block.quality, strict=True):
            good = _last_good(values, quality)
            row = {
                "site": key.site,
                "device": block.device,
                "point": point,
                "value": None if good is None else values[good],
                "at_us": block.at_us[-1 if good is None else good],
                "quality": int(quality[-1]),
                "sampled_us": block.at_us[-1],
                "epoch": key.epoch,
                "seq": content.frame.seq,
            }
            before = rows.get((block.device, point))
            if good is None and before is not None and before["value"] is not None:
                row |= {"value": before["value"], "at_us": before["at_us"]}
            rows[block.device, point] = row
    # In one order for everybody, so that two transactions never wait for each other.
    return [rows[name] for name in sorted(rows)]


def _last_good(values: Sequence[float | None], quality: Sequence[Quality]) -> int | None:
    return next(
        (
            index
            for index in reversed(range(len(values)))
            if values[index] is not None and quality[index] is Quality.GOOD
        ),
        None,
    )


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
        for index, event in enumerate(content.events)
    ]
