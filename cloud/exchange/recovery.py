"""The venue as the journal left it: the newest snapshot, then all that came after it, done again.

The same code makes the next snapshot (`take`), from segments that will never change, in a process
of its own: the writer is neither stopped nor copied.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from cloud.exchange.facts import Fact
from cloud.exchange.journal import snapshot
from cloud.exchange.journal.files import Files
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.reading import Replay
from cloud.exchange.journal.snapshot import Snapshot
from cloud.exchange.venue.snapshot import VERSION

Replayed = Callable[[int, Sequence[Fact]], None]
"""Is shown commits as they are done again: the sequence of the first fact, and the facts."""


class Replayable(Protocol):
    """What is rebuilt from facts: a `Venue`."""

    def replay(self, facts: Sequence[Fact]) -> None:
        """Do whole messages again; raises `ReplayDiffers`."""
        ...

    def dump(self) -> dict[str, Any]:
        """Return the whole state as JSON has it."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Take up what `dump` returned; the venue is new."""
        ...


def recover(journal: Journal, venue: Replayable, replayed: Replayed | None = None) -> None:
    """Bring a new venue to where the journal ends, and the journal to where it can be written.

    Args:
        replayed: is shown what is behind the newest snapshot, not what is in it.

    Raises:
        JournalUnusable: damaged, incomplete, of a newer program, or no room to go on.
        ReplayDiffers: this program would have decided otherwise than the journal says.
    """
    with _without_collector():
        after = _load_newest(journal.folder, venue)
        for frame in journal.recover(after):
            venue.replay(frame.facts)
            if replayed is not None:
                replayed(frame.first, frame.facts)


def take(folder: Path, venue: Replayable, files: Files | None = None) -> Path | None:
    """Write a snapshot of all closed segments; None: there is nothing new in them.

    Args:
        venue: a new one.

    Raises:
        JournalUnusable, ReplayDiffers: as `recover`; the writer is not concerned.
        OSError: it was not written.
    """
    with _without_collector():
        after = _load_newest(folder, venue)
        replay = Replay(folder, after, closed_only=True)
        sequence = after
        for frame in replay:
            venue.replay(frame.facts)
            sequence = frame.last
    if sequence == after:
        return None
    return snapshot.write(folder, Snapshot(sequence, venue.dump()), files or Files())


def _load_newest(folder: Path, venue: Replayable) -> int:
    """Load the newest snapshot and return its sequence, 0 where there is none."""
    found = snapshot.newest(folder, VERSION)
    if found is None:
        return 0
    venue.load(found.state)
    return found.sequence


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
