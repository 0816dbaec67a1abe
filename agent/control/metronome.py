"""The beat: phase-locked, counted, never two at once."""

import asyncio
from collections.abc import AsyncIterator


class Metronome:
    """Yields at multiples of the period; a consumer too slow loses beats, not the phase."""

    def __init__(self, period_s: float) -> None:
        self.period_s = period_s
        self.count = 0
        """Beats that began."""
        self.missed = 0
        """Beats skipped because the one before them was not over."""
        self.next_s = 0.0
        """When the beat after the running one is due, on the event loop's clock."""

    async def beats(self) -> AsyncIterator[float]:
        """Yield the lateness of each beat in seconds."""
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            await asyncio.sleep(due_s - loop.time())
            self.count += 1
            self.next_s = due_s + self.period_s
            yield loop.time() - due_s
            skipped = max(0, int((loop.time() - due_s) // self.period_s))
            self.missed += skipped
            due_s += (skipped + 1) * self.period_s
