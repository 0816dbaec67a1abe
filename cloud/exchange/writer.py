"""The single writer of a venue: takes commands in turn, decides, makes them safe, then answers.

Two tasks. One decides: up to 256 messages, as soon as any wait. The other commits all that was
decided meanwhile, and answers. So the next messages are decided while the disk is busy, a quiet
venue answers after one sync, and a busy one shares each sync among many, the more the slower the
disk is. Nothing leaves before the sync that covers it: no answer, no trade, no price. What the
venue itself shows may not be safe yet, so views are made from committed facts, never its books.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import NamedTuple, get_args

from cloud.exchange.facts import Fact
from cloud.exchange.journal.codec import INT_MAX
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import State
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import (
    Basket,
    Command,
    Entry,
    Modification,
    Switch,
    SwitchAll,
)
from cloud.exchange.venue.venue import Venue
from wire.clock import Clock

BATCH_MAX = 256
"""Messages that are decided together; an order of a basket is a message."""
AHEAD_MAX = 8
"""Batches that are decided ahead of the disk; they make one commit."""
INBOX_MAX = 4_096
"""Commands that wait; more are refused at once."""
DISK_FREE_BYTES_MIN = 64 * 1024 * 1024
"""With less room no new order is taken; the rest is kept for deletions and closings."""
QUIET_S = 0.5
"""After so long without a command something may be done that takes a moment."""
_CLOCK_BEHIND_US = 60 * 1_000_000
_NAP_S_MAX = 1.0
"""The wall clock may be set ahead meanwhile: gates close so much later at most."""

_logger = logging.getLogger(__name__)

Committed = Callable[[int, Sequence[Fact]], None]
"""Is shown each commit once it is safe: the sequence of its first fact, and the facts."""
Answers = asyncio.Future[list[Answer]]


class Busy(Exception):
    """More commands wait than the limit allows; come again."""


class Stopped(Exception):
    """The writer has ended; what became of this command shows after the next start."""


class _Decided(NamedTuple):
    facts: list[Fact]
    answers: list[tuple[Answers, list[Answer]]]


class Writer:
    """All that changes a venue; `run` is the only task that touches it."""

    def __init__(
        self,
        venue: Venue,
        journal: Journal,
        clock: Clock,
        committed: Committed,
        disk_free_bytes_min: int = DISK_FREE_BYTES_MIN,
        took: Callable[[float], None] | None = None,
    ) -> None:
        """`took` is told how many seconds each commit took until it was safe and shown."""
        self.committed_until = journal.next_sequence - 1
        """Sequence of the last fact that is safe and shown."""
        self._venue = venue
        self._journal = journal
        self._clock = clock
        self._committed = committed
        self._disk_free_bytes_min = disk_free_bytes_min
        self._took = took
        self._inbox: deque[tuple[Command, Answers]] = deque()
        self._wake = asyncio.Event()
        self._decided: asyncio.Queue[_Decided] = asyncio.Queue(AHEAD_MAX)
        self._stopped = False
        self._asked_s = 0.0
        behind_us = venue.desk.last_us - clock.now_us()
        if behind_us > _CLOCK_BEHIND_US:
            _logger.warning(
                "the clock is %d s behind the last trade record; stamps wait for it",
                behind_us // 1_000_000,
            )

    async def ask(self, command: Command) -> list[Answer]:
        """Return what became of each order of a command, once that is safe.

        Raises:
            Busy: too many commands wait.
            Stopped: the hub is going down.
        """
        return await self.submit(command)

    def submit(self, command: Command) -> Answers:
        """Queue a command and return its answers to be; for whoever sends many without waiting.

        A client order id that was answered before gets the same answer, and nothing happens.

        Raises:
            Busy, Stopped: as `ask`; nothing was queued.
        """
        if self._stopped:
            raise Stopped("the exchange is stopping")
        if len(self._inbox) >= INBOX_MAX:
            raise Busy(f"{INBOX_MAX} commands wait already")
        answers: Answers = asyncio.get_running_loop().create_future()
        if unwritable := _too_large(command):
            answers.set_result(
                _turned(command, "NUMBER_RANGE", f"{unwritable} is beyond any number here")
            )
            return answers
        self._inbox.append((command, answers))
        self._asked_s = answers.get_loop().time()
        self._wake.set()
        return answers

    def quiet(self) -> bool:
        """Tell whether nobody has asked for anything for `QUIET_S`."""
        return asyncio.get_running_loop().time() - self._asked_s >= QUIET_S

    async def run(self) -> None:
        """Decide and commit until cancelled; a disk that fails ends the process."""
        try:
            with ThreadPoolExecutor(1, "journal") as disk:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._decide_all(), name="deciding")
                    tasks.create_task(self._commit_all(disk), name="committing")
        finally:
            self._stopped = True
            self._stop()

    async def _decide_all(self) -> None:
        batch: list[tuple[Command, Answers]] = []
        try:
            while True:
                await self._until_due()
                batch = self._next_batch()
                decided = self._decide(batch)
                if decided.facts or decided.answers:
                    await self._decided.put(decided)
                batch = []
        finally:
            self._inbox.extendleft(reversed(batch))

    async def _until_due(self) -> None:
        """Wait until a command comes or a gate has to be closed."""
        if self._inbox:
            await asyncio.sleep(0)
            return
        self._wake.clear()
        timer = asyncio.get_running_loop().call_later(self._until_next_s(), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    def _next_batch(self) -> list[tuple[Command, Answers]]:
        batch: list[tuple[Command, Answers]] = []
        messages = 0
        while self._inbox and messages < BATCH_MAX:
            batch.append(self._inbox.popleft())
            command = batch[-1][0]
            messages += len(command.entries) if isinstance(command, Basket) else 1
        return batch

    def _decide(self, batch: Sequence[tuple[Command, Answers]]) -> _Decided:
        """Let the venue decide; from here on only a commit may tell."""
        venue, at_us = self._venue, self._now_us()
        if not batch:
            return _Decided(venue.advance(at_us), [])
        room = self._journal.free_bytes() >= self._disk_free_bytes_min
        facts: list[Fact] = []
        answers: list[tuple[Answers, list[Answer]]] = []
        for command, answer in batch:
            if room or not _adds(command) or self._known(command):
                facts += venue.handle(command, at_us)
                answers.append((answer, venue.answers()))
            else:
                text = "the exchange takes no new orders: its disk is nearly full"
                answers.append((answer, _turned(command, "DISK_FULL", text)))
        return _Decided(facts, answers)

    async def _commit_all(self, disk: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        decided: _Decided | None = None
        try:
            while True:
                decided = await self._decided.get()
                while not self._decided.empty():
                    more = self._decided.get_nowait()
                    decided.facts.extend(more.facts)
                    decided.answers.extend(more.answers)
                if decided.facts:
                    began_s = loop.time()
                    first = self._journal.next_sequence
                    await loop.run_in_executor(disk, self._journal.commit, decided.facts)
                    self.committed_until = self._journal.next_sequence - 1
                    self._committed(first, decided.facts)
                    if self._took is not None:
                        self._took(loop.time() - began_s)
                for future, answers in decided.answers:
                    if not future.done():  # a client that left does not wait any more
                        future.set_result(answers)
                decided = None
                if self._journal.wants_spare:
                    await loop.run_in_executor(disk, self._journal.prepare)
        except OSError as error:
            _logger.critical("the journal cannot be written, so the exchange ends: %s", error)
            raise
        finally:
            if decided is not None:
                _stop_all(future for future, _ in decided.answers)

    def _stop(self) -> None:
        while not self._decided.empty():
            _stop_all(future for future, _ in self._decided.get_nowait().answers)
        _stop_all(future for _, future in self._inbox)
        self._inbox.clear()

    def _known(self, command: Command) -> bool:
        """Tell whether a command will only get its first answer again."""
        if not isinstance(command, Entry) or not command.client_order_id:
            return False
        answers = self._venue.desk.answers
        return answers.known(command.owner.account, command.client_order_id) is not None

    def _now_us(self) -> int:
        """Return the stamp of this batch: never before the last one, whatever the clock does."""
        return max(self._clock.now_us(), self._venue.desk.last_us)

    def _until_next_s(self) -> float:
        next_us = self._venue.next_us()
        if next_us is None:
            return _NAP_S_MAX
        return min(max(0.0, (next_us - self._now_us()) / 1e6), _NAP_S_MAX)


def _stop_all(futures: Iterable[Answers]) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(Stopped("the exchange is stopping"))
            future.exception()  # whoever still waits gets it; nobody has to


def _adds(command: Command) -> bool:
    """Tell whether a command can bring a new order, or more of one."""
    if isinstance(command, Switch | SwitchAll):
        return command.to is State.ACTIVE
    return isinstance(command, Entry | Basket | Modification)


def _turned(command: Command, code: str, text: str) -> list[Answer]:
    """Answer a command that never came to the venue, and that the journal knows nothing of."""
    count = len(command.entries) if isinstance(command, Basket) else 1
    return [Answer(0, code, text, "", 0, 0, 0, "", 0, 0)] * count


def _too_large(command: Command) -> str:
    """Return the name of a number that the journal cannot hold; '' where there is none."""
    if isinstance(command, Basket):
        return next(filter(None, map(_too_large, command.entries)), "")
    for name in _NUMBERS[type(command)]:
        value = getattr(command, name)
        if type(value) is int and not -INT_MAX <= value <= INT_MAX:
            return name
    return ""


_NUMBERS: Mapping[type[Command], Sequence[str]] = {
    kind: tuple(field.name for field in fields(kind) if field.type in (int, int | None))
    for kind in get_args(Command)
}
"""The fields that may hold a whole number of a client's."""
