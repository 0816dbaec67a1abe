"""Journals to test with: facts by the number, disks that fail, tear and forget."""

import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

from cloud.exchange.facts import Entered, Fact, Traded, Withdrawn
from cloud.exchange.journal.files import Files
from cloud.exchange.journal.frame import Frame
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import Action, Execution, Kind, Side, State, Validity

SMALL_SEGMENT = 2_048
SECTOR = 512


def entered(number: int, client_order_id: str = "", text: str = "") -> Entered:
    return Entered(
        1_000 + number, number, 3, 4, Side.BUY, Kind.LIMIT, Execution.NON, Validity.GFS,
        State.ACTIVE, -8_500, 10, 0, 0, 0, client_order_id, text, Action.ADDED, 0,
    )  # fmt: skip


def batch(first: int, size: int = 3) -> list[Fact]:
    """Return facts that tell their own sequence, of three kinds in turn."""
    made: list[Fact] = []
    for n in range(first, first + size):
        if n % 3 == 0:
            made.append(Withdrawn(1_000 + n, n, 5, Action.DELETED, "käme zu spät"))
        elif n % 3 == 1:
            made.append(entered(n, client_order_id=f"mine-{n}"))
        else:
            made.append(Traded(1_000 + n, n, 3, -8_500, 2, n, n, 4, 4, Side.SELL, False))
    return made


def opened(
    folder: Path, fence: int | None = None, files: Files | None = None, after: int = 0
) -> tuple[Journal, list[Frame]]:
    """Return a journal of small segments, ready for commits, and what was in it."""
    journal = Journal(folder, fence, files, SMALL_SEGMENT)
    try:
        return journal, list(journal.recover(after))
    except BaseException:
        journal.close()
        raise


def written(folder: Path, commits: int, size: int = 3) -> list[Fact]:
    """Append commits in a life of its own; return all facts that are in the journal then."""
    journal, frames = opened(folder)
    everything = flat(frames)
    for _ in range(commits):
        more = batch(journal.next_sequence, size)
        journal.commit(more)
        everything += more
    journal.close()
    return everything


def recovered(folder: Path, after: int = 0) -> list[Fact]:
    """Return what a start finds."""
    journal, frames = opened(folder, after=after)
    journal.close()
    return flat(frames)


def flat(frames: Sequence[Frame]) -> list[Fact]:
    return [fact for frame in frames for fact in frame.facts]


class Gone(BaseException):
    """The process is gone at this system call, or the power is."""


class LastCall(Files):
    """A disk at which the process ends with call number `calls`: before it, after it, or half."""

    def __init__(self, calls: int, how: str) -> None:
        self.left = calls
        self.how = how

    def end(self) -> None:
        raise Gone

    def _call(self) -> bool:
        """Count a call; true where it is the last one and is still to be done."""
        self.left -= 1
        if self.left == 0 and self.how == "before":
            self.end()
        return self.left == 0

    def create(self, path: Path) -> int:
        is_last = self._call()
        file = super().create(path)
        if is_last:
            self.end()
        return file

    def write(self, file: int, data: bytes | memoryview, at: int) -> None:
        is_last = self._call()
        super().write(file, data[: len(data) // 2] if is_last and self.how == "half" else data, at)
        if is_last:
            self.end()

    def sync(self, file: int) -> None:
        is_last = self._call()
        super().sync(file)
        if is_last:
            self.end()

    def truncate(self, file: int, size: int) -> None:
        is_last = self._call()
        super().truncate(file, size)
        if is_last:
            self.end()

    def rename(self, path: Path, to: Path) -> None:
        is_last = self._call()
        super().rename(path, to)
        if is_last:
            self.end()

    def link(self, path: Path, to: Path) -> None:
        is_last = self._call()
        if is_last and self.how == "half":
            os.link(path, to)
        else:
            super().link(path, to)
        if is_last:
            self.end()

    def remove(self, path: Path) -> None:
        is_last = self._call()
        super().remove(path)
        if is_last:
            self.end()

    def sync_folder(self, folder: Path) -> None:
        is_last = self._call()
        super().sync_folder(folder)
        if is_last:
            self.end()


class FailingCall(LastCall):
    """The same, but the call fails, and the program has to see to it."""

    def end(self) -> None:
        raise OSError(5, "Input/output error")


class Forgetful(Files):
    """A disk that keeps what was synced; of the rest, at a power cut, whatever sectors it likes."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[tuple[int, bytes]]] = {}
        self.power_ends = False
        """At the next sync."""

    def write(self, file: int, data: bytes | memoryview, at: int) -> None:
        self._waiting.setdefault(file, []).append((at, bytes(data)))

    def sync(self, file: int) -> None:
        if self.power_ends:
            raise Gone
        for at, data in self._waiting.pop(file, []):
            super().write(file, data, at)
        super().sync(file)

    def close(self, file: int) -> None:
        self._waiting.pop(file, None)
        super().close(file)

    def power_cut(self, random: Random) -> None:
        """Let some of the sectors that were on their way arrive."""
        for file, writes in self._waiting.items():
            for at, data in writes:
                ends = [*range(SECTOR - at % SECTOR, len(data), SECTOR), len(data)]
                begin = 0
                for end in ends:
                    if random.random() < 0.5:
                        super().write(file, data[begin:end], at + begin)
                    begin = end
        self._waiting.clear()


class Deceiving(Files):
    """A disk behind a cache: what a failed sync should have kept is read back until a power cut.

    That is how Linux does it: after an error the pages are taken for clean, and no later sync
    writes them.
    """

    def __init__(self) -> None:
        self._kept: dict[int, bytearray] = {}
        self._dirty: dict[int, list[tuple[int, bytes]]] = {}
        self.fails = False
        """At the next sync."""

    def write(self, file: int, data: bytes | memoryview, at: int) -> None:
        super().write(file, data, at)
        self._dirty.setdefault(os.fstat(file).st_ino, []).append((at, bytes(data)))

    def sync(self, file: int) -> None:
        inode = os.fstat(file).st_ino
        dirty = self._dirty.pop(inode, [])
        if self.fails:
            self.fails = False
            raise OSError(5, "Input/output error")
        kept = self._kept.setdefault(inode, bytearray())
        for at, data in dirty:
            kept.extend(bytes(max(0, at - len(kept))))
            kept[at : at + len(data)] = data

    def truncate(self, file: int, size: int) -> None:
        super().truncate(file, size)
        del self._kept[os.fstat(file).st_ino][size:]

    def power_cut(self, folder: Path) -> None:
        """Leave what is on the disk."""
        for path in folder.iterdir():
            path.write_bytes(self._kept[path.stat().st_ino])
