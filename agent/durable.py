"""A file that takes another one's place: after a loss of power the one or the other is there."""

import os
from pathlib import Path


def replace_durably(draft: Path, path: Path) -> None:
    """Put a draft that has been written and closed in the place of `path`, in the same folder.

    Raises:
        OSError: it cannot be; the old file is still there.
    """
    _sync(draft)
    draft.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
