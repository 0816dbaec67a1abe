"""How long commits take, and how late the loop is: for Prometheus, and of the last minute."""

import asyncio
from collections.abc import Mapping

from cloud.kernel.metrics import histogram
from cloud.kernel.minute import LastMinute

LOOK_S = 0.1
_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_COMMITS = histogram(
    "pho_commit_seconds", "From a commit's turn until it is safe on the disk and shown", _BOUNDS_S
)
_LAGS = histogram(
    "pho_loop_lag_seconds", "How much later than asked the loop came back, ten times a second",
    _BOUNDS_S,
)  # fmt: skip


class Timings:
    """Of one exchange, and of the loop that it runs in."""

    def __init__(self) -> None:
        self.commits = LastMinute()
        self.lags = LastMinute()

    def committed(self, took_s: float) -> None:
        """Count a commit that is safe."""
        _COMMITS.observe(took_s)
        self.commits.add(took_s, asyncio.get_running_loop().time())

    def told(self) -> Mapping[str, float | None]:
        """Return the last minute in ms; None: there was no commit."""
        now_s = asyncio.get_running_loop().time()
        found = {
            "commit_p50_ms": self.commits.at(0.5, now_s),
            "commit_p99_ms": self.commits.at(0.99, now_s),
            "loop_lag_max_ms": self.lags.most(now_s),
        }
        return {name: None if s is None else round(1e3 * s, 2) for name, s in found.items()}

    async def run(self) -> None:
        """Watch the loop until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + LOOK_S
            await asyncio.sleep(LOOK_S)
            lag_s = max(0.0, loop.time() - due_s)
            _LAGS.observe(lag_s)
            self.lags.add(lag_s, loop.time())
