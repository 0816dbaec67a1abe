"""The box itself: its disk, its folder, its versions."""

import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from agent.doctor.finding import Finding, bad, good, unknown, warning
from agent.doctor.judge import size
from agent.version import version

FREE_BYTES_MIN = 200 * 1024**2
FREE_SHARE_MIN = 0.05
SYNC_S_MAX = 0.5
"""A commit that takes longer holds up events; a worn or wrong card shows so."""
CHECKED_BYTES_MAX = 256 * 1024**2
_PROBE = ".doctor"
_PROBE_BYTES = 4096
_PROBES = 5


def looked_at(
    data_dir: Path, buffer: Path, now_s: Callable[[], float], *, running: bool
) -> Iterator[Finding]:
    """Yield what is to be said of the machine.

    Args:
        now_s: the event loop's time.
        running: the gateway has the buffer open, so that nobody else may look into it.
    """
    yield _versions()
    yield from _disk(data_dir, now_s)
    if not running:
        yield _buffer(buffer)


def _versions() -> Finding:
    python, system = platform.python_version(), platform.platform()
    return good("versions", f"agent {version()}, Python {python}, {system}")


def _disk(folder: Path, now_s: Callable[[], float]) -> Iterator[Finding]:
    if not folder.is_dir():
        yield warning(
            "data folder", f"{folder} is not there", "it is made when the agent first starts"
        )
        return
    usage = shutil.disk_usage(folder)
    text = f"{size(usage.free)} of {size(usage.total)} free"
    if usage.free < max(FREE_BYTES_MIN, usage.total * FREE_SHARE_MIN):
        yield warning("disk", text, "make room: old logs, damaged buffers set aside, packages")
    else:
        yield good("disk", text)
    try:
        worst_s = _slowest_sync_s(folder / _PROBE, now_s)
    except OSError as error:
        yield bad("data folder", f"{folder}: {error.strerror}", "whose is it? chown, remount, fsck")
        return
    text = f"{folder} takes a safe write in {worst_s * 1e3:.0f} ms"
    slow = worst_s > SYNC_S_MAX
    yield (
        warning("data folder", text, "the card may be worn") if slow else good("data folder", text)
    )


def _slowest_sync_s(probe: Path, now_s: Callable[[], float]) -> float:
    """Return how long (s) the slowest of a few small safe writes took."""
    worst_s = 0.0
    descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(_PROBES):
            began_s = now_s()
            os.write(descriptor, b"\0" * _PROBE_BYTES)
            os.fdatasync(descriptor)
            worst_s = max(worst_s, now_s() - began_s)
    finally:
        os.close(descriptor)
        probe.unlink(missing_ok=True)
    return worst_s


def _buffer(path: Path) -> Finding:
    if not path.exists():
        return good("buffer", "there is none yet")
    if path.stat().st_size > CHECKED_BYTES_MAX:
        return unknown("buffer", f"{size(path.stat().st_size)} are too many to check here")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            (waiting,) = database.execute("SELECT count(*) FROM frames").fetchone()
    except sqlite3.Error as error:
        return bad(
            "buffer", f"{path.name}: {error}", "at the next start it is set aside, not deleted"
        )
    if verdict != "ok":
        return bad("buffer", f"{path.name}: {verdict}", "at the next start it is set aside")
    return good("buffer", f"sound, {waiting} frames kept, {size(path.stat().st_size)}")
