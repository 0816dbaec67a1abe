"""What a hub says on a disk that is too small for it, or read-only; run by `small_disk`."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from tests.support.system import free_port

GIVEN_UP_S = 100
_MS_RDONLY, _MS_REMOUNT = 1, 32


def said(folder: Path) -> str:
    """Start a hub there; return its last line."""
    ended = subprocess.run(
        [sys.executable, "-m", "cloud.main", "serve"],
        env={
            **os.environ,
            "PHOENYRA_HUB_DATA_DIR": str(folder / "hub"),
            "PHOENYRA_HUB_PORT": str(free_port()),
        },
        check=False,
        capture_output=True,
        text=True,
        timeout=GIVEN_UP_S,
    )
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr.splitlines()[-1]


async def main(folder: Path) -> None:
    assert said(folder).endswith("hub/exchange: No space left on device")
    libc = ctypes.CDLL(None, use_errno=True)
    flags = _MS_REMOUNT | _MS_RDONLY
    assert libc.mount(b"none", os.fsencode(folder), b"tmpfs", flags, None) == 0
    assert said(folder).endswith("cannot be used; Read-only file system")
