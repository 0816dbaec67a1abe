"""The single writer: takes commands in turn, decides, makes them safe, and only then answers.

While one commit is on its way to the disk the next commands gather; they make the next commit.
So a quiet exchange answers after one sync, and a busy one shares each sync among many. Nothing
leaves before the sync that covers it: no answer, no trade, no price.
"""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cloud.exchange.floor import Floor, NewOrder
from cloud.exchange.journal_v1 import Journal
from cloud.exchange.records import Placed, Record, Turned, Withdrawn
from wire.clock import Clock

BATCH_MAX = 256
"""Commands in one commit."""
INBOX_MAX = 4_096
"""Commands that wait; more are refused at once."""
DISK_FREE_BYTES_MIN = 64 * 1024 * 1024
"""With less room no new order is taken; the rest is kept for withdrawals and closings."""
_CLOCK_BEHIND_US = 60 * 1_000_000
_NAP_S_MAX = 60.0
"""The wall clock may be set meanwhile, so a long wait for a gate is cut in pieces."""

_logger = logging.getLogger(__name__)

Committed = Callable[[Sequence[Record]], None]


class Busy(Exception):
    """More commands wait than the limit allows; come again."""


class Stopped(Exception):
    """The writer has ended; what became of this command shows after the next start."""


@dataclass(frozen=True, slots=True)
class _Withdrawal:
    account: str
    order_id: int


Answer = Placed | Turned | Withdrawn | None


@dataclass(slots=True)
class _Waiting:
    command: NewOrder | _Withdrawal
    answer: asyncio.Future[Answer] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Engine:
    """All books of one hub; `run` is the only task that touches them."""

    def __init__(self, floor: Floor, journal: Journal, clock: Clock, committed: Committed) -> None:
        self._floor = floor
        self._journal = journal
        self._clock = clock
        self._committed = committed
        self._inbox: asyncio.Queue[_Waiting] = asyncio.Queue(INBOX_MAX)
        self._stopped = False

    async def place(self, order: NewOrder) -> Placed | Turned:
        """Return what became of the order, once that is safe.

        A client order id that was answered before gets the same answer, and nothing happens.

        Raises:
            Busy: too many commands wait.
            Stopped: the hub is going down.
        """
        answer = await self._ask(_Waiting(order))
        assert isinstance(answer, Placed | Turned)
        return answer

    async def withdraw(self, account: str, order_id: int) -> Withdrawn | None:
        """Take an order back; None where this account has no such order in a book (any more)."""
        answer = await self._ask(_Waiting(_Withdrawal(account, order_id)))
        assert answer is None or isinstance(answer, Withdrawn)
        return answer

    async def run(self) -> None:
        """Decide and commit until cancelled; a disk that fails ends the process."""
        batch: list[_Waiting] = []
        try:
            with ThreadPoolExecutor(1, "journal") as disk:
                while True:
                    batch = await self._next_batch()
                    await self._handle(batch, disk)
        finally:
            self._stopped = True
            while not self._inbox.empty():
                batch.append(self._inbox.get_nowait())
            for waiting in batch:
                if not waiting.answer.done():
                    waiting.answer.set_exception(Stopped("the exchange is stopping"))
                    waiting.answer.exception()  # whoever still waits gets it; nobody has to

    async def _ask(self, waiting: _Waiting) -> Answer:
        if self._stopped:
            raise Stopped("the exchange is stopping")
        try:
            self._inbox.put_nowait(waiting)
        except asyncio.QueueFull:
            raise Busy(f"{INBOX_MAX} commands wait already") from None
        return await waiting.answer

    async def _next_batch(self) -> list[_Waiting]:
        """Return all that waits, as soon as something does or a gate has to be closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._until_next_close_s()):
                first = await self._inbox.get()
                batch = [first]
                while len(batch) < BATCH_MAX and not self._inbox.empty():
                    batch.append(self._inbox.get_nowait())
                return batch
        return []

    async def _handle(self, batch: Sequence[_Waiting], disk: ThreadPoolExecutor) -> None:
        at_us = self._now_us()
        happened: list[Record] = list(self._floor.close(at_us))
        room = not batch or self._journal.free_bytes() >= DISK_FREE_BYTES_MIN
        answers: list[Answer] = []
        for waiting in batch:
            answer, is_news = self._decide(waiting.command, at_us, room=room)
            answers.append(answer)
            if is_news and answer is not None:
                happened.append(answer)
        if happened:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(disk, self._journal.commit, happened)
            self._committed(happened)
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():  # a client that left does not wait any more
                waiting.answer.set_result(answer)

    def _decide(
        self, command: NewOrder | _Withdrawal, at_us: int, *, room: bool
    ) -> tuple[Answer, bool]:
        """Return the answer, and whether it is to be journalled."""
        if isinstance(command, _Withdrawal):
            return self._floor.withdraw(command.account, command.order_id, at_us), True
        known = self._floor.answered(command.account, command.client_order_id)
        if known is not None:
            return known, False
        if not room:
            contract = command.contract
            return Turned(
                at_us,
                command.account,
                command.client_order_id,
                contract.market,
                contract.start_us,
                "DISK_FULL",
                "the exchange takes no new orders: its disk is nearly full",
            ), False
        return self._floor.place(command, at_us), True

    def _now_us(self) -> int:
        """Return the stamp of this batch: never before the last one, whatever the clock does."""
        return max(self._clock.now_us(), self._floor.last_us)

    def _until_next_close_s(self) -> float:
        closes_us = self._floor.next_close_us()
        if closes_us is None:
            return _NAP_S_MAX
        return min(max(0.0, (closes_us - self._now_us()) / 1e6), _NAP_S_MAX)


@contextmanager
def open_floor(
    path: Path, clock: Clock, replayed: Committed = lambda _: None
) -> Iterator[tuple[Floor, Journal]]:
    """Yield the floor as the journal at `path` left it, and the journal, ready for commits.

    Args:
        replayed: is shown all records of the past, as `Engine` shows those that are new.

    Raises:
        JournalUnusable: it is damaged, of a newer program, or in use.
        ReplayDiffers: this program would have decided otherwise.
    """
    journal = Journal(path)
    try:
        floor = Floor()
        with _without_collector():
            for frame in journal.recover():
                for record in frame.records:
                    floor.replay(record)
                replayed(frame.records)
        behind_us = floor.last_us - clock.now_us()
        if behind_us > _CLOCK_BEHIND_US:
            _logger.warning(
                "the clock is %d s behind the last trade record; stamps wait for it",
                behind_us // 1_000_000,
            )
        yield floor, journal
    finally:
        journal.close()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from walking the growing books again and again: a third quicker.

    A replay makes no cycles that would have to be collected.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
