"""Whose turn it is among the workers of one run of the tests: many at once, or one alone.

A test marked ``alone`` puts load on the machine and measures what becomes of it. It waits until
the tests of the other workers have ended, and they wait until it has: with two files, a gate that
everybody passes and a room that those who are inside hold. Nobody overtakes at the gate, so that
whoever wants the room alone does not wait for ever.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Wait for a turn in the `folder` that all workers share, and have it meanwhile."""
    with (folder / "gate.lock").open("a") as gate, (folder / "room.lock").open("a") as room:
        fcntl.flock(gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        finally:
            fcntl.flock(gate, fcntl.LOCK_UN)
        try:
            yield
        finally:  # said in words: a process that the test has forked may have the file open still
            fcntl.flock(room, fcntl.LOCK_UN)
