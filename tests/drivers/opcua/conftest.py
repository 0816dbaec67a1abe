"""What all OPC UA tests share: the standard's own nodes, built once."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the servers keep the standard's nodes; the first start fills it."""
    return tmp_path_factory.mktemp("opcua") / "standard"
