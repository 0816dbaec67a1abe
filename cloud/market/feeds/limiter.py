"""Not too many requests: one limiter a token, for all jobs of the installation.

Two windows are kept, of a second and of a minute, both rolling: whichever second or minute one
looks at, no more requests began in it. Who asks first goes first. A pause holds everybody.

Time is that of the event loop, which tests replace.
"""

import asyncio
from collections import deque

PER_SECOND = 6
PER_MINUTE = 360
"""The platform allows 400 a minute and shuts the token out for ten after that (market data, §2)."""
PAUSE_S_MIN = 600.0
"""Without a word of the source on how long to wait."""
PAUSE_S_MAX = 6 * 3600.0
"""Longer than this no word of the source is believed."""
_MINUTE_S = 60.0
_SECOND_S = 1.0
_GRAIN_S = 1e-3
"""Windows are this much longer than they are named: clocks are read on both sides of a line."""


class Limiter:
    """Turns to send one request each, shared by all who hold the same token."""

    def __init__(self, per_second: int = PER_SECOND, per_minute: int = PER_MINUTE) -> None:
        assert 0 < per_second <= per_minute
        self._second: deque[float] = deque(maxlen=per_second)
        self._minute: deque[float] = deque(maxlen=per_minute)
        self._paused_until_s = float("-inf")
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Return when one request may be sent; send it at once."""
        async with self._queue:
            while True:
                wait_s = self.wait_s()  # again after each sleep: a pause may have come
                if wait_s <= 0:
                    break
                await asyncio.sleep(wait_s)
            now_s = _now_s()
            self._second.append(now_s)
            self._minute.append(now_s)

    def pause(self, pause_s: float) -> None:
        """Let nobody ask for so long; a pause that lasts longer already stays."""
        pause_s = min(max(pause_s, 0.0), PAUSE_S_MAX)
        self._paused_until_s = max(self._paused_until_s, _now_s() + pause_s)

    def wait_s(self) -> float:
        """Return how long the next request has to wait, 0 for not at all."""
        free_s = self._paused_until_s
        if len(self._second) == self._second.maxlen:
            free_s = max(free_s, self._second[0] + _SECOND_S + _GRAIN_S)
        if len(self._minute) == self._minute.maxlen:
            free_s = max(free_s, self._minute[0] + _MINUTE_S + _GRAIN_S)
        return max(0.0, free_s - _now_s())


def _now_s() -> float:
    return asyncio.get_running_loop().time()
