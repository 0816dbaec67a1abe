"""The one folder a demonstration keeps everything in: locked while it runs, private, resumable."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulators.errors import BadInput
from wire.clock import QUARTER_HOUR_US

VERSION = 1
LEAD_S = 35.0
"""From the start of the demonstration to the next quarter-hour of its clock."""
SOCKET_PATH_MAX = 100
"""Unix sockets lie in this folder, and the system cuts their paths at 107 bytes."""
_LONGEST_INSIDE = "werk-sued/control.sock"
_QUARTER_HOUR_S = QUARTER_HOUR_US / 1e6


@dataclass(slots=True)
class State:
    """What one start leaves to the next."""

    version: int = VERSION
    shift_s: float = 0.0
    """How far the demonstration's clock runs ahead; never less than before, or time ran back."""
    keys: dict[str, str] = field(default_factory=dict)
    """API keys by use."""
    boxes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Gateway, key id and secret by site."""
    access_codes: dict[str, str] = field(default_factory=dict)
    """Of the technician's pages, by site."""


class Folder:
    """Where things lie."""

    def __init__(self, root: Path, shown: str) -> None:
        self.root = root
        self.shown = shown
        """As the person called it."""
        self.logs = root / "logs"
        self.hub = root / "hub"
        self.admin_key = self.hub / "admin.key"
        self.market_keys = root / "market-keys.json"
        self.market_feeds = root / "market-feeds.toml"
        self._state = root / "demo.json"

    def box(self, site: str) -> Path:
        return self.root / site

    def load(self) -> State:
        """Return the state that was saved, or a new one.

        Raises:
            BadInput: it cannot be read.
        """
        try:
            document: Mapping[str, Any] = json.loads(self._state.read_text(encoding="utf-8"))
            if document["version"] != VERSION:
                raise ValueError(f"version {document['version']} is not {VERSION}")
            return State(**document)
        except FileNotFoundError:
            return State()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise BadInput(
                f"{self._state}: cannot be used ({error}); start over with --fresh"
            ) from error

    def save(self, state: State) -> None:
        """Keep the state, all of it or what was there before."""
        write_private(self._state, json.dumps(asdict(state), indent=1))

    def empty(self) -> None:
        """Remove everything that a demonstration has put here."""
        for path in self.root.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()


_LOCK = "demo.lock"


@contextmanager
def opened(path: Path, *, fresh: bool) -> Iterator[Folder]:
    """Give the folder to one demonstration; made when missing, emptied when `fresh`.

    Raises:
        BadInput: it is in use, is not a demonstration's folder, or cannot be written.
    """
    root = path.resolve()
    if len(os.fsencode(root / _LONGEST_INSIDE)) > SOCKET_PATH_MAX:
        raise BadInput(f"--data: {root} is too long a path; a shorter one is expected")
    try:
        if root.is_dir() and any(root.iterdir()) and not (root / _LOCK).exists():
            raise BadInput(
                f"--data: {path} holds something else; an empty or new folder is expected"
            )
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (root / _LOCK).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BadInput(
                    f"--data: another demonstration runs on {path}; stop it or name another folder"
                ) from None
            folder = Folder(root, str(path))
            if fresh:
                folder.empty()
            folder.logs.mkdir(exist_ok=True)
            yield folder
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise BadInput(f"--data: {path} cannot be used: {error.strerror}") from error


def write_private(path: Path, text: str) -> None:
    """Write a file that only we may read, all of it or nothing."""
    draft = path.with_name(path.name + ".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def next_shift_s(now_us: int, before_s: float) -> float:
    """Return how far to put the clock ahead so that a quarter-hour begins in `LEAD_S`.

    It is the least shift that is not below the one before: the clock never runs back.
    """
    phase_s = (now_us / 1e6 + before_s) % _QUARTER_HOUR_S
    return round(before_s + (_QUARTER_HOUR_S - LEAD_S - phase_s) % _QUARTER_HOUR_S, 3)
