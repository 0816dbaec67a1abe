"""Libraries for Node, fetched as npm fetches them: peers that share no code with ours."""

import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL_S_MAX = 120

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="node is not installed"
)


def fetched(package: str, folder: Path) -> Path:
    """Return `folder` with the package in its ``node_modules``; skip where it cannot be had."""
    (folder / "package.json").write_text("{}")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", package],
        cwd=folder,
        capture_output=True,
        timeout=INSTALL_S_MAX,
    )
    if done.returncode:
        pytest.skip(f"the package {package} is not installed")
    return folder
