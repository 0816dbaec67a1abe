"""A technician's page that shows what a test puts into it, served from a thread of its own."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.gateway.latest import Latest
from agent.gateway.picture import Site, picture
from agent.latches import Latch
from agent.web.app import Page, make_app
from agent.web.auth import Door
from agent.web.resets import Desk, Refused
from agent.web.serve import listen, serve
from tests.support.control_peer import status
from tests.support.fleet_messages import INSIGHT
from wire.clock import SystemClock

CODE = "blue-horse-42"
_SITE = Site(
    site="werk-sued",
    name="Werk Süd",
    discharge_kw_max=100,
    charge_kw_max=90,
    soc_min_pct=10,
    soc_max_pct=90,
    buffer_bytes_max=2 * 1024**3,
    has_hub=False,
)
STOP = Latch("I17", "", "input.stop", "emergency stop says stop")


@dataclass
class ShownBox:
    """What is shown, and what people did; `refuse` says no to what they do."""

    latest: Latest
    url: str = ""
    done: list[dict[str, Any]] = field(default_factory=list)
    refuse: Refused | None = None

    def desk(self) -> Desk:
        return Desk(self._latches, self._reset, self._test)

    def _latches(self) -> list[dict[str, str]]:
        return [{"code": latch.code} for latch, _ in self.latest.latches]

    async def _reset(self, code: str, who: str, reason: str) -> None:
        self.done.append({"code": code, "who": who, "reason": reason})
        if self.refuse is not None:
            raise self.refuse
        self.latest.latches = tuple(one for one in self.latest.latches if one[0].code != code)

    async def _test(self, who: str) -> dict[str, Any]:
        self.done.append({"selftest": who})
        if self.refuse is not None:
            raise self.refuse
        pulses = [
            {"told_kw": kw, "inverter_kw": [0.0, kw, 0.0], "meter_kw": [5.0, 5.0 + kw, 5.0]}
            for kw in (8.0, -8.0)
        ]
        return {"passed": True, "text": "both saw both", "fingerprints": ["f"], "pulses": pulses}

    def picture(self) -> dict[str, Any]:
        now_us = SystemClock().now_us()
        shown = picture(_SITE, self.latest, now_us)
        if shown["control"] is not None and self.latest.linked:
            _freshen(shown, now_us)
        return shown


def _freshen(shown: dict[str, Any], now_us: int) -> None:
    """Make what is shown as old as it was in the moment it was made."""
    off_us = now_us - shown["control"]["at_us"]
    shown["control"]["at_us"] = now_us
    for values in (shown["values"], shown["devices"]):
        for value in values:
            key = "at_us" if "at_us" in value else "answered_us"
            value[key] += off_us


@contextmanager
def shown_box(archive: Path | None = None) -> Iterator[ShownBox]:
    """Serve a page until the test is over."""
    now_us = SystemClock().now_us()
    box = ShownBox(Latest(status=status(now_us, insight=INSIGHT), linked=True))
    stopping, loop = asyncio.Event(), asyncio.new_event_loop()
    page = Page(Door(CODE, time.monotonic), box.picture, stopping)
    app = make_app(page, archive=archive, resets=box.desk())
    with listen("127.0.0.1", 0) as listener:
        box.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        task = loop.create_task(serve(app, listener, stopping))

        def work() -> None:
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield box
        finally:
            loop.call_soon_threadsafe(task.cancel)
            thread.join(timeout=20)
            loop.close()
