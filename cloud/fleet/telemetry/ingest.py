"""Uploads: every frame exactly once, and never an acknowledgement before the commit.

What an upload brings is opened here, stored with others (`telemetry.storing`) in a transaction
that they share (`telemetry.intake`), and then told to who waits for news of its site.
"""

import asyncio
from dataclasses import replace

from cloud.fleet.model import Gateway
from cloud.fleet.operation import service as operation
from cloud.fleet.service import TELEMETRY_TOPIC, telemetry_topic
from cloud.fleet.tables import EPOCH_MAX
from cloud.fleet.telemetry.frames import UPLOAD_VALUES_MAX, Happenings, Samples, opened_within
from cloud.fleet.telemetry.intake import Intake
from cloud.fleet.telemetry.partitions import Partitions
from cloud.fleet.telemetry.storing import Ingested, Order
from cloud.kernel.context import Hub
from cloud.kernel.errors import Forbidden, Invalid
from wire.fields import INTEGER_MAX
from wire.sync import Upload

THREAD_BYTES_MIN = 16 * 1024
"""Larger uploads are opened beside the event loop."""


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
    result = await hub.service(Intake).store(Order(gateway, upload, contents, now_us))
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
