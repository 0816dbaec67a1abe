"""The journal's writer side: commits go to the end, and are on the disk when they return.

A writer has a number, and only a higher one takes the journal from it. Whoever opens it notes his
number in the file ``fence`` before he reads where the journal ends; a writer looks there after
each sync, and before it tells anybody. So what an older writer still appends was either read by
the newer one, or is promised to nobody. On one machine a lock keeps the second one out at once.

A write or sync that fails is not tried again: what the disk holds then is not known until the
files are read again, so the process must end.
"""

import fcntl
import logging
import os
import struct
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from secrets import randbits

from cloud.exchange.facts import Fact
from cloud.exchange.journal import frame, reading, segment
from cloud.exchange.journal.errors import Fenced, JournalUnusable
from cloud.exchange.journal.files import Files, prepare_folder
from cloud.exchange.journal.frame import Frame
from cloud.exchange.journal.reading import End, Replay
from cloud.exchange.journal.segment import HEADER_BYTES, Header

SEGMENT_BYTES = 16 * 1024 * 1024
"""A segment is closed before it grows beyond this; a commit that is larger has one for itself."""
FENCE_FILE = "fence"
_SPARES = "spare-*.tmp"
_FENCE = struct.Struct("<Q")
_ZEROS = bytes(1024 * 1024)

_logger = logging.getLogger(__name__)


class Journal:
    """The open journal; one process at a time holds it.

    Open it, read all of `recover`, then `commit`. All methods block on the disk.

    Args:
        fence: number of this writer; None: one more than the last one's.

    Raises:
        JournalUnusable: in use, or the folder cannot be used.
        Fenced: a writer with this number, or a higher one, has had it.
    """

    def __init__(
        self,
        folder: Path,
        fence: int | None = None,
        files: Files | None = None,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.folder = folder
        self.next_sequence = 1
        """Of the next fact."""
        self.closed_until = 0
        """Sequence of the last fact in a segment that will never change."""
        self.commits = 0
        self._files = files or Files()
        self._segment_bytes = segment_bytes
        self._file = -1
        self._at = 0
        self._size = 0
        self._salt = 0
        self._hash = sha256()
        self._failed = False
        self._spare = folder
        prepare_folder(folder)
        self._fence_file = _open_locked(folder / FENCE_FILE, self._files)
        try:
            self.fence = self._take(fence)
            self._spare = folder / _SPARES.replace("*", str(self.fence))
        except BaseException:
            self.close()
            raise

    def claim(self, fence: int) -> None:
        """Take a higher number than the one that we found here; before `recover`.

        Raises:
            Fenced: it is not higher than all that were here.
        """
        assert self._file < 0, "the segment that is being written has our number"
        if fence != self.fence:
            self.fence = self._take(fence)
            self._spare = self.folder / _SPARES.replace("*", str(self.fence))

    def recover(self, after: int = 0) -> Iterator[Frame]:
        """Return all commits behind a fact, cut a torn one off the end, and begin to write.

        Raises:
            JournalUnusable: damaged before its end, incomplete, made by a newer program, or there
                is no room to go on.
        """
        replay = Replay(self.folder, after)
        yield from replay
        end = replay.end
        if end.torn_bytes:
            _logger.warning(
                "%s: cut %d bytes of a commit that never ended", end.path, end.torn_bytes
            )
        try:
            self._begin(end)
        except OSError as error:
            raise JournalUnusable(f"{self.folder}: {error.strerror}") from error

    def commit(self, facts: Sequence[Fact]) -> None:
        """Append facts as one frame; it is on the disk, and ours, when this returns.

        Raises:
            OSError: it may or may not be on the disk; the process must end.
            Fenced: another writer goes on from here; the process must end.
        """
        assert self._file >= 0, "read all of `recover` first"
        assert not self._failed, "a journal that failed once is not written again"
        self._failed = True
        data = frame.encode(self.next_sequence, facts, self._salt)
        if self._at + len(data) > self._size and self._at > HEADER_BYTES:
            self._rotate(HEADER_BYTES + len(data))
            data = frame.encode(self.next_sequence, facts, self._salt)
        self._files.write(self._file, data, self._at)
        self._files.sync(self._file)
        self._check_fence()
        self._hash.update(data)
        self._at += len(data)
        self.next_sequence += len(facts)
        self.commits += 1
        self._failed = False

    @property
    def wants_spare(self) -> bool:
        """Tell that the segment is half full, and that it is time to `prepare` the next one."""
        return self._at > self._size // 2 and not self._spare.exists()

    def prepare(self) -> None:
        """Make the next segment's room ahead of time, so that no commit has to wait for it.

        Where there is none, what is left of this segment still takes commits.
        """
        if not self.wants_spare:
            return
        try:
            self._files.close(self._zeros(self._segment_bytes))
        except OSError as error:
            _logger.error("%s: no room for the next segment: %s", self.folder, error.strerror)

    def free_bytes(self) -> int:
        """Return the room that is left on the disk for us."""
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def close(self) -> None:
        for file in (self._file, self._fence_file):
            if file >= 0:
                os.close(file)
        self._file = self._fence_file = -1

    def _take(self, fence: int | None) -> int:
        """Note our number, so that an older writer sees it."""
        last = max(_fence_in(self._fence_file), reading.newest_fence(self.folder))
        mine = last + 1 if fence is None else fence
        if mine <= last:
            raise Fenced(f"{self.folder}: writer {mine} comes too late; writer {last} had it")
        try:
            self._files.write(self._fence_file, _FENCE.pack(mine), 0)
            self._files.sync(self._fence_file)
            self._files.sync_folder(self.folder)
        except OSError as error:
            raise JournalUnusable(f"{self.folder / FENCE_FILE}: {error.strerror}") from error
        return mine

    def _check_fence(self) -> None:
        newest = _fence_in(self._fence_file)
        if newest != self.fence:
            raise Fenced(f"{self.folder}: writer {newest} has taken over from writer {self.fence}")

    def _begin(self, end: End) -> None:
        """Begin a segment of our own behind what is there.

        A spare of before goes first: a kill may have left it as a second name of a segment.
        """
        for spare in self.folder.glob(_SPARES):
            self._files.remove(spare)
        if end.path is not None:
            if end.fence >= self.fence:
                raise Fenced(f"{end.path}: writer {end.fence} has had it, we are {self.fence}")
            self._settle(end.path, end.last_at, end.used_bytes)
        self.next_sequence = end.next_sequence
        self._start(end.before if end.is_empty else end.hash, self._segment_bytes)

    def _settle(self, path: Path, last_at: int, used_bytes: int) -> None:
        """Have what was read of the last segment on the disk, and cut off what is behind it.

        A sync that failed may have left its last commit in memory alone, where no later sync
        sees to it; written again it is on the disk, or this one fails too.
        """
        file = self._files.open(path)
        try:
            last = os.pread(file, used_bytes - last_at, last_at)
            self._files.write(file, last, last_at)
            self._files.truncate(file, used_bytes)
            self._files.sync(file)
        finally:
            self._files.close(file)

    def _rotate(self, bytes_min: int) -> None:
        """Go on in a new segment; the old one has its true size from then on."""
        self._check_fence()
        old, used = self._file, self._at
        self._start(self._hash.digest(), max(bytes_min, self._segment_bytes))
        self._files.truncate(old, used)
        self._files.close(old)

    def _start(self, before: bytes, size: int) -> None:
        header = Header(self.next_sequence, self.fence, randbits(32), before)
        fixed = segment.encode(header)
        file = self._files.open(self._spare)
        if os.fstat(file).st_size != size:
            self._files.close(file)
            file = self._zeros(size)
        self._files.write(file, fixed, 0)
        self._files.sync(file)
        path = self.folder / segment.name_of(header.first)
        try:
            self._files.link(self._spare, path)
        except FileExistsError:
            self._replace(path)
        self._files.sync_folder(self.folder)
        self._file, self._at, self._size, self._salt = file, HEADER_BYTES, size, header.salt
        self._hash = sha256(fixed)
        self.closed_until = self.next_sequence - 1

    def _replace(self, path: Path) -> None:
        """Take the name of a segment without a commit, or of one that was never promised."""
        other = segment.read(path).header
        if other.fence >= self.fence:
            raise Fenced(f"{path}: writer {other.fence} has begun it, we are {self.fence}")
        self._files.rename(self._spare, path)

    def _zeros(self, size: int) -> int:
        """Return a file full of zeros under a name that no reader looks at."""
        file = self._files.create(self._spare)
        try:
            for at in range(0, size, len(_ZEROS)):
                self._files.write(file, memoryview(_ZEROS)[: size - at], at)
            self._files.sync(file)
        except OSError:
            self._files.truncate(file, 0)  # deletions may need what little room there is
            self._files.close(file)
            raise
        return file


def fence_of(folder: Path) -> int:
    """Return the number of the newest writer of a journal, 0 where there was none.

    Raises:
        JournalUnusable: it cannot be read.
    """
    try:
        file = os.open(folder / FENCE_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise JournalUnusable(f"{folder / FENCE_FILE}: {error.strerror}") from error
    try:
        return _fence_in(file)
    finally:
        os.close(file)


def _fence_in(file: int) -> int:
    content = os.pread(file, _FENCE.size, 0)
    return int(_FENCE.unpack(content)[0]) if len(content) == _FENCE.size else 0


def _open_locked(path: Path, files: Files) -> int:
    try:
        file = files.open(path)
    except OSError as error:
        raise JournalUnusable(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        files.close(file)
        raise JournalUnusable(f"{path.parent}: another process is using it") from error
    return file
