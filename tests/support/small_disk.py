"""Files on a real file system of a few megabytes: a program run in a mount namespace of its own.

``python -m tests.support.small_disk FOLDER MEGABYTES MODULE``: mounts a memory file system at the
folder, for this process alone, then runs the coroutine function ``main(folder)`` of the module.
"""

import asyncio
import ctypes
import os
import sys
from importlib import import_module
from pathlib import Path

_CLONE_NEWNS = 0x0002_0000
_CLONE_NEWUSER = 0x1000_0000
_MS_REC_PRIVATE = 0x4000 | 0x4_0000
NOT_ALLOWED = 77
"""The exit code where the system does not let us mount."""


def mount(folder: Path, megabytes: int) -> bool:
    """Put a file system of that size there, seen by this process and its children only."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group, own = os.geteuid(), os.getegid(), Path("/proc/self")
    if libc.unshare(_CLONE_NEWNS | (_CLONE_NEWUSER if user else 0)):
        return False
    if user:  # in a namespace of our own we may mount, as the root of it
        (own / "uid_map").write_text(f"0 {user} 1")
        (own / "setgroups").write_text("deny")
        (own / "gid_map").write_text(f"0 {group} 1")
    if libc.mount(b"none", b"/", None, _MS_REC_PRIVATE, None):
        return False
    options = f"size={megabytes}m".encode()
    return int(libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, options)) == 0


if __name__ == "__main__":
    where, size, module = sys.argv[1:]
    if not mount(Path(where), int(size)):
        sys.exit(NOT_ALLOWED)
    asyncio.run(import_module(module).main(Path(where)))
