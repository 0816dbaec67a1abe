"""From the buffer to the hub: in order, again and again, until the hub has committed it.

Every upload begins after the number that the hub has acknowledged and names what is missing in
between, so that neither a dropped frame nor a hub restored from a backup can block the line.
A frame that the hub refuses while it accepts others goes to quarantine, and is never deleted.
What is older than a minute goes out at the meter's pace; what is watched live has its own lane.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

from agent.gateway.backlog import oldest_us
from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked, GatewayError, HubRefused, HubUnreachable
from agent.gateway.hub import Hub
from agent.gateway.meter import OLD_US, Meter
from agent.gateway.outage import Outage
from wire import sync
from wire.clock import Clock
from wire.sync import Ack, Frame, Severity, Upload

QUARANTINE_MAX = 100
"""With so many frames refused the fault is not in the frames; uploading then waits for help."""
WORTH_AN_EVENT_US = 10_000_000
"""Outages shorter than this leave no event."""
_ITS_FRAMES_FAULT = {400, 413, 422}

_logger = logging.getLogger(__name__)


async def _at_once(after: int) -> None:
    """Nothing has to be done before an upload."""


class Uplink:
    """See the module."""

    def __init__(
        self,
        buffer: Buffer,
        hub: Hub,
        gateway: str,
        outage: Outage,
        *,
        clock: Clock,
        meter: Meter,
        ready: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """`ready` returns once what follows a number may be uploaded; None: always."""
        self._buffer = buffer
        self._hub = hub
        self._gateway = gateway
        self._outage = outage
        self._clock = clock
        self._meter = meter
        self._ready = ready or _at_once
        self._uniform = secrets.SystemRandom().uniform
        self._epoch = ""
        self._after = -1
        self._frames_max = sync.FRAMES_MAX
        self._quarantined = 0

    async def run(self) -> None:
        """Upload for ever."""
        state = await self._buffer.state()
        self._epoch, self._after = state.epoch, state.acked
        while True:
            try:
                await self._buffer.wait_for_more(self._after)
                await self._ready(self._after)
                await self._upload(old=await self._is_old())
            except HubUnreachable as error:
                self._meter.failed()
                await self._outage.failed(error)
            except (HubRefused, BufferBlocked) as error:
                await self._outage.failed(error)

    async def _is_old(self) -> bool:
        """Say whether backfill is next; return when it may go."""
        first_us = await oldest_us(self._buffer, self._after)
        old = first_us is not None and self._clock.now_us() - first_us > OLD_US
        if old:
            await asyncio.sleep(self._meter.pause_s(asyncio.get_running_loop().time()))
        return old

    async def _upload(self, *, old: bool) -> None:
        frames = await self._buffer.batch(self._after, self._meter.batch_bytes(old=old))
        frames = frames[: self._frames_max]
        try:
            ack = await self._send(frames, old=old)
        except HubRefused as refused:
            if refused.status not in _ITS_FRAMES_FAULT:
                raise
            await self._narrow(frames, refused)
            return
        await self._acknowledged(ack, frames)

    async def _send(self, frames: list[Frame], *, old: bool = False) -> Ack:
        upload = Upload(self._gateway, self._epoch, tuple(frames), after=self._after)
        body = sync.encode_upload(upload)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        ack = await self._hub.upload(body, self._meter.expected_s(len(body)))
        self._meter.sent(len(body), began_s, loop.time(), old=old)
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
        await self._buffer.release(ack.seq)
        lasted_us = self._outage.succeeded()
        if lasted_us > WORTH_AN_EVENT_US:
            self._meter.back(asyncio.get_running_loop().time(), self._uniform)
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
