"""Which devices' newest readings are kept, and when: a share in each beat, nobody held up."""

import asyncio
from collections import deque
from collections.abc import Sequence

from agent.control import evidence
from agent.control.port import Port
from agent.control.witness import Witness

POINTS_PER_BEAT_MAX = 2_000
"""So many samples are kept in one beat; more devices have to wait for the next."""
POINTS_AT_ONCE_MAX = 100
"""After a device with more, other tasks have a turn."""


class Samples:
    """The devices of which a sample is due."""

    def __init__(self, ports: Sequence[Port], witness: Witness) -> None:
        self._ports = tuple(ports)
        self._witness = witness
        self._to_keep: deque[Port] = deque()

    async def keep(self, now_us: int, *, due: bool) -> None:
        """Hand over one sample of each device; what did not answer is lost, not old.

        A device with a thousand points takes some ms: after each the others have a turn, and those
        for which this beat has no time come in the next.
        """
        now_s = asyncio.get_running_loop().time()
        if due:
            self._to_keep.extend(port for port in self._ports if port not in self._to_keep)
        left = POINTS_PER_BEAT_MAX
        while self._to_keep and left > 0:
            port = self._to_keep.popleft()
            self._witness.keep(
                port.device, now_us, [evidence.kept(reading) for reading in port.readings(now_s)]
            )
            left -= len(port.seen)
            if len(port.seen) > POINTS_AT_ONCE_MAX:
                await asyncio.sleep(0)
