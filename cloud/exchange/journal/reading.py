"""The journal read back: all of it at a start, or its newest end beside the writer.

`replay` is for a start and for snapshots, and checks everything; a follower reads what the writer
says is committed. Both block on the disk.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cloud.exchange.journal import frame, segment
from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.frame import Frame
from cloud.exchange.journal.segment import Header, Segment


class End(NamedTuple):
    """Where the journal ends: what a writer has to know to go on."""

    next_sequence: int
    path: Path | None
    """The last segment; None: there is none yet."""
    last_at: int
    """Where its last commit begins."""
    used_bytes: int
    """Of it, with its header."""
    torn_bytes: int
    """Behind that: of a commit that never ended."""
    hash: bytes
    """What the next segment names."""
    fence: int
    is_empty: bool
    """The last segment holds no commit yet."""
    before: bytes
    """What the last segment names."""


class Replay:
    """All commits behind a sequence; iterate, then look at `end`.

    Args:
        after: facts up to this one are passed over (a snapshot knows them).
        closed_only: leave the last segment alone: a writer is at work in it.

    Raises (while iterating):
        JournalUnusable: damaged before its end, incomplete, or of a newer program.
    """

    def __init__(self, folder: Path, after: int = 0, *, closed_only: bool = False) -> None:
        self.end = End(after + 1, None, 0, 0, 0, segment.NO_HASH, 0, True, segment.NO_HASH)
        self._after = after
        found = valid(folder)
        self._next_firsts = [first for first, _ in found[1:]]
        if closed_only:
            found = found[:-1]
        begins = [first for first, _ in found if first <= after + 1]
        self._skipped = max(0, len(begins) - 1)
        self._paths = [path for _, path in found[self._skipped :]]
        if not begins and (found or after):
            until = found[0][0] - 1 if found else "the end"
            raise JournalUnusable(f"{folder}: facts {after + 1} to {until} are missing")

    def __iter__(self) -> Iterator[Frame]:
        before: bytes | None = None
        for place, path in enumerate(self._paths, self._skipped):
            read = segment.read(path)
            self._check_follows(read, before)
            until = self._next_firsts[place] if place < len(self._next_firsts) else None
            yield from self._frames(read, until)
            before = self.end.hash

    def _frames(self, read: Segment, until: int | None) -> Iterator[Frame]:
        last_at = used = segment.HEADER_BYTES
        expected = read.header.first
        for head in segment.frames(read):
            if until is not None and head.first >= until:
                break
            if head.first + head.facts - 1 > self._after:
                facts = frame.facts(read.content, head)
                skip = max(0, self._after + 1 - head.first)
                yield Frame(head.first + skip, facts[skip:], head.end)
            last_at, used, expected = used, head.end, head.first + head.facts
        torn = 0
        if until is None:
            torn = segment.rest_behind(read, used)
            if expected <= self._after:
                raise JournalUnusable(
                    f"{read.path}: it ends with fact {expected - 1}, and fact {self._after} is"
                    " known; bring back the files from one copy"
                )
        if until is not None and expected != until:
            raise JournalUnusable(
                f"{read.path}: damaged at byte {used}: fact {expected} is expected there,"
                f" the next segment begins with {until}; bring back the file from a copy"
            )
        self.end = End(
            expected,
            read.path,
            last_at,
            used,
            torn,
            segment.hash_until(read, used),
            read.header.fence,
            used == segment.HEADER_BYTES,
            read.header.before,
        )

    def _check_follows(self, read: Segment, before: bytes | None) -> None:
        if before is not None and read.header.before != before:
            raise JournalUnusable(
                f"{read.path}: it does not belong behind the segment before it;"
                " bring back the files from one copy"
            )


def valid(folder: Path) -> list[tuple[int, Path]]:
    """Return the segments of the journal, but for those that a writer made who had lost it.

    Such a one has a smaller number than the segment before it; nothing in it was ever promised.
    """
    found: list[tuple[int, Path]] = []
    newest = 0
    for first, path in segment.listed(folder):
        fence = _header(path).fence
        if fence >= newest:
            found.append((first, path))
            newest = fence
    return found


def newest_fence(folder: Path) -> int:
    """Return the highest number of a writer of any segment, 0 where there is none."""
    return max((_header(path).fence for _, path in segment.listed(folder)), default=0)


def _header(path: Path) -> Header:
    try:
        with path.open("rb") as file:
            return segment.decode(file.read(segment.HEADER_BYTES), path)
    except OSError as error:
        raise JournalUnusable(f"{path}: {error.strerror}") from error


class Follower:
    """Reads commits beside the writer; remembers its place, so that the newest end is quick."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = -1
        self._salt = 0
        self._at = 0
        self._next = 0
        """Sequence of the fact that the next frame here begins with; 0: nothing is open."""

    def read(self, after: int, until: int, frames_max: int) -> list[Frame]:
        """Return the next commits behind fact `after`, none that ends behind `until`.

        `after` must be the end of a commit; `until` what the writer says is committed.

        Raises:
            JournalUnusable: what should be there is not.
        """
        if self._next != after + 1:
            self._seek(after + 1)
        found: list[Frame] = []
        while self._next <= until and len(found) < frames_max:
            one = self._frame()
            if one is None:
                self._seek(self._next)
                one = self._frame()
            if one is None or one.first != self._next:
                raise JournalUnusable(f"{self._folder}: fact {self._next} is not there any more")
            found.append(one)
            self._at, self._next = one.end, one.last + 1
        return found

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file, self._next = -1, 0

    def _seek(self, sequence: int) -> None:
        """Open the segment that holds this fact, at the frame that begins with it."""
        self.close()
        below = [path for first, path in valid(self._folder) if first <= sequence]
        if not below:
            raise JournalUnusable(f"{self._folder}: fact {sequence} is not there any more")
        try:
            self._file = os.open(below[-1], os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise JournalUnusable(f"{below[-1]}: {error.strerror}") from error
        header = segment.decode(os.pread(self._file, segment.HEADER_BYTES, 0), below[-1])
        self._salt, self._at, self._next = header.salt, segment.HEADER_BYTES, header.first
        while self._next < sequence and (one := self._bytes()) is not None:
            head = frame.head(one, 0, self._salt)
            if head is None:
                break
            self._at, self._next = self._at + len(one), head.first + head.facts
        self._next = sequence

    def _bytes(self) -> bytes | None:
        length = frame.length_of(os.pread(self._file, frame.HEAD_BYTES, self._at))
        return os.pread(self._file, length, self._at) if length else None

    def _frame(self) -> Frame | None:
        one = self._bytes()
        head = None if one is None else frame.head(one, 0, self._salt)
        if one is None or head is None:
            return None
        return Frame(head.first, frame.facts(one, head), self._at + len(one))


def since(folder: Path, at_us: int) -> int:
    """Return a sequence behind which is all that happened from `at_us` on, and little more.

    For whoever wants the last day, not the last year: it looks at the beginning of segments.
    """
    after = 0
    for first, _ in valid(folder):
        follower = Follower(folder)
        try:
            begin = follower.read(first - 1, first, 1)
        except JournalUnusable:
            begin = []  # nothing is committed in it yet
        finally:
            follower.close()
        if not begin or begin[0].facts[0].at_us >= at_us:
            break
        after = first - 1
    return after
