"""What waits for a reset, kept through every restart: a small file, and the way to a reset.

A latch that control shows is on the disk before anything else is done about it, and control is
told of it whenever it connects. It is taken out only when somebody has reset it and control shows
it no more: a latch whose cause is still there latches again, and stays.
"""

import asyncio
import json
import logging
from dataclasses import replace
from pathlib import Path

from agent import latches
from agent.durable import replace_durably
from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked
from agent.gateway.inlet import Inlet
from agent.gateway.latest import Latest
from agent.latches import LATCHES_MAX, PROVED_MAX, Kept, Latch
from agent.web.app import NotNow
from wire.clock import Clock
from wire.fields import BadMessage, parse
from wire.sync import EVENT_TEXT_MAX, Event, Severity

FILE = "latches.json"
LOOK_PERIOD_S = 0.2
RESET_S_MAX = 3.0
"""So long control is given to show that a latch is gone."""
SOURCE = "gateway"
ON_SITE_ONLY = frozenset({"I17"})
"""Codes that only somebody on site may reset, from the technician's page."""
UNREADABLE = Latch(
    "I17", "", FILE, f"{FILE} cannot be read: somebody has to see whether something was stopped"
)
"""What holds in place of everything that was kept and is lost."""

_logger = logging.getLogger(__name__)


class NoSuchLatch(Exception):
    """Nothing of this code waits for a reset."""


class StillThere(Exception):
    """It was reset and has latched again: its cause is still there."""


class Latchbook:
    """See the module; `restore` comes first."""

    def __init__(
        self, folder: Path, inlet: Inlet, latest: Latest, buffer: Buffer, clock: Clock
    ) -> None:
        self.kept = Kept()
        self._path = folder / FILE
        self._inlet = inlet
        self._latest = latest
        self._buffer = buffer
        self._clock = clock
        self._resetting = ""
        self._since: dict[tuple[str, str, str], int] = {}
        """When a latch was first seen here."""

    def restore(self) -> None:
        """Read what was kept, and have control told of it."""
        try:
            document = parse(self._path.read_bytes(), FILE)
            self.kept = latches.from_document(document)
            self._since = latches.since(document)
        except FileNotFoundError:
            pass
        except (OSError, BadMessage) as error:
            _logger.error("%s cannot be read, what it held is not known: %s", FILE, error)
            self.kept = Kept((UNREADABLE,))
        self._show()
        self._inlet.say(self.kept)

    async def run(self) -> None:
        """Keep what control shows, for ever."""
        while True:
            status = self._latest.status
            if status is not None and self._latest.linked:
                known = {latch.key for latch in self.kept.latches}
                new = [latch for latch in status.latches if latch.key not in known]
                new = [latch for latch in new if latch.code != self._resetting]
                if new:
                    self._since.update({latch.key: status.at_us for latch in new})
                    await self._keep((*self.kept.latches, *new)[-LATCHES_MAX:])
            await asyncio.sleep(LOOK_PERIOD_S)

    async def reset(self, code: str, who: str, reason: str) -> None:
        """Take every latch of `code` away, if its cause is gone.

        Raises:
            NoSuchLatch: nothing of this code waits.
            StillThere: it has latched again.
            NotNow: control does not answer.
        """
        if not any(latch.code == code for latch in self.kept.latches):
            raise NoSuchLatch(code)
        if self._resetting:
            raise NotNow("another reset is on its way")
        self._resetting = code
        try:
            if not self._inlet.send_reset(code):
                raise NotNow("control does not answer")
            await self._gone(code)
            await self._keep(tuple(latch for latch in self.kept.latches if latch.code != code))
        finally:
            self._resetting = ""
            self._inlet.say(self.kept)
        text = f"{code} was reset by {who}" + (f": {reason}" if reason else "")
        await self.report("LATCH_RESET", Severity.WARNING, text)

    async def prove(self, fingerprints: tuple[str, ...]) -> None:
        """Keep what a self-test was passed with."""
        others = (one for one in self.kept.proved if one not in fingerprints)
        proved = (*others, *fingerprints)[-PROVED_MAX:]
        await self._write(replace(self.kept, proved=proved))

    async def report(self, code: str, severity: Severity, text: str) -> None:
        """Tell something as an event of the gateway."""
        text = text[:EVENT_TEXT_MAX]
        at_us = self._clock.now_us()
        event = Event(at_us=at_us, code=code, severity=severity, source=SOURCE, text=text)
        self._latest.add_event(event)
        try:
            await self._buffer.report(code, severity, text, SOURCE)
        except BufferBlocked as error:
            _logger.error("%s is not stored: %s", code, error)

    async def _gone(self, code: str) -> None:
        """Wait until control shows a picture without it."""
        seen = self._latest.status
        try:
            async with asyncio.timeout(RESET_S_MAX):
                while True:
                    status = self._latest.status
                    if status is not None and status is not seen and _lacks(code, status.latches):
                        return
                    await asyncio.sleep(LOOK_PERIOD_S / 2)
        except TimeoutError as error:
            if not self._latest.linked:
                raise NotNow("control does not answer") from error
            raise StillThere(code) from error

    async def _keep(self, held: tuple[Latch, ...]) -> None:
        await self._write(replace(self.kept, latches=tuple(sorted(held))))

    async def _write(self, kept: Kept) -> None:
        self.kept = kept
        held = tuple(latch for latch in kept.latches if latch.code != self._resetting)
        self._inlet.say(replace(kept, latches=held))
        self._show()
        rows = [[*key, at_us] for key, at_us in sorted(self._since.items())]
        document = json.dumps(
            {**latches.to_document(kept), "since": rows}, ensure_ascii=False, indent=1
        )
        try:
            await asyncio.to_thread(_replaced, self._path, document.encode())
        except OSError as error:
            _logger.error("%s cannot be written: %s", FILE, error)

    def _show(self) -> None:
        held = self.kept.latches
        keys = {latch.key for latch in held}
        self._since = {key: at_us for key, at_us in self._since.items() if key in keys}
        self._latest.latches = tuple((latch, self._since.get(latch.key)) for latch in held)


def _lacks(code: str, held: tuple[Latch, ...]) -> bool:
    return all(latch.code != code for latch in held)


def _replaced(path: Path, content: bytes) -> None:
    """Write the file whole, or leave the old one."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(content)
    replace_durably(draft, path)
