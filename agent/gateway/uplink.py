"""From the buffer to the hub: in order, again and again, until the hub has committed it.

Every upload begins after the number that the hub has acknowledged and names what is missing in
between, so that neither a dropped frame nor a hub restored from a backup can block the line.
A frame that the hub refuses while it accepts others goes to quarantine, and is never deleted.
"""

import logging

from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked, GatewayError, HubRefused, HubUnreachable
from agent.gateway.hub import Hub
from agent.gateway.outage import Outage
from wire import sync
from wire.sync import Ack, Frame, Severity, Upload

BATCH_BYTES_MIN = 64 * 1024
"""What a slow line starts with again after a failure."""
BATCH_BYTES_MAX = 1024**2
QUARANTINE_MAX = 100
"""With so many frames refused the fault is not in the frames; uploading then waits for help."""
WORTH_AN_EVENT_US = 10_000_000
"""Outages shorter than this leave no event."""
_ITS_FRAMES_FAULT = {400, 413, 422}

_logger = logging.getLogger(__name__)


class Uplink:
    """See the module."""

    def __init__(self, buffer: Buffer, hub: Hub, gateway: str, outage: Outage) -> None:
        self._buffer = buffer
        self._hub = hub
        self._gateway = gateway
        self._outage = outage
        self._epoch = ""
        self._after = -1
        self._frames_max = sync.FRAMES_MAX
        self._batch_bytes = BATCH_BYTES_MAX
        self._quarantined = 0

    async def run(self) -> None:
        """Upload for ever."""
        state = await self._buffer.state()
        self._epoch, self._after = state.epoch, state.acked
        while True:
            try:
                await self._buffer.wait_for_more(self._after)
                await self._upload()
            except HubUnreachable as error:
                self._batch_bytes = BATCH_BYTES_MIN
                await self._outage.failed(error)
            except (HubRefused, BufferBlocked) as error:
                await self._outage.failed(error)

    async def _upload(self) -> None:
        frames = await self._buffer.batch(self._after, self._batch_bytes)
        frames = frames[: self._frames_max]
        try:
            ack = await self._send(frames)
        except HubRefused as refused:
            if refused.status not in _ITS_FRAMES_FAULT:
                raise
            await self._narrow(frames, refused)
            return
        await self._acknowledged(ack, frames)

    async def _send(self, frames: list[Frame]) -> Ack:
        upload = Upload(self._gateway, self._epoch, tuple(frames), after=self._after)
        ack = await self._hub.upload(sync.encode_upload(upload))
        if ack.epoch != self._epoch:
            raise HubUnreachable(f"the answer is about epoch {ack.epoch}, not {self._epoch}")
        return ack

    async def _acknowledged(self, ack: Ack, frames: list[Frame]) -> None:
        if ack.seq > await self._buffer.newest_seq():
            _logger.warning("the hub has frames up to %d that we never sent", ack.seq)
            await self._buffer.renew_epoch()
            self._epoch, self._after = (await self._buffer.state()).epoch, -1
            return
        if ack.seq < self._after:
            _logger.warning("the hub lost frames %d to %d", ack.seq + 1, self._after)
            text = f"the hub no longer had frames {ack.seq + 1} to {self._after}"
            await self._buffer.report("HUB_FORGOT", Severity.ALARM, text)
            self._after = ack.seq
            return
        if frames and ack.seq == self._after:
            raise HubUnreachable(f"the hub took {len(frames)} frames and acknowledged none")
        self._after = ack.seq
        self._frames_max = sync.FRAMES_MAX
        self._batch_bytes = min(2 * self._batch_bytes, BATCH_BYTES_MAX)
        await self._buffer.release(ack.seq)
        lasted_us = self._outage.succeeded()
        if lasted_us > WORTH_AN_EVENT_US:
            text = f"the hub had not been reachable for {lasted_us / 1e6:.0f} s"
            await self._buffer.report("HUB_BACK", Severity.INFO, text)

    async def _narrow(self, frames: list[Frame], refused: HubRefused) -> None:
        """Look for the one frame that the hub refuses, and set it aside.

        Raises:
            HubRefused: the fault is not in a frame.
        """
        if len(frames) > 1:
            self._frames_max = max(1, len(frames) // 2)
            return
        await self._probe(refused)
        if not frames or self._quarantined >= QUARANTINE_MAX:
            raise refused
        _logger.error("frame %d is set aside: %s", frames[0].seq, refused)
        self._quarantined = await self._buffer.quarantine(frames[0].seq, str(refused))
        self._frames_max = sync.FRAMES_MAX

    async def _probe(self, refused: HubRefused) -> None:
        """Return if the hub takes an upload without frames; else the fault lies elsewhere."""
        try:
            await self._send([])
        except GatewayError:
            raise refused from None
