"""A hub on SQLite whose sockets are fed by a real venue."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cloud.kernel.context import Hub
from tests.support.feed_hub import Desk, trading
from tests.support.hub import opened_hub


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with opened_hub(tmp_path) as opened:
        yield opened


@pytest.fixture
async def floor(hub: Hub, tmp_path: Path) -> AsyncIterator[tuple[str, Desk]]:
    async with trading(hub, tmp_path) as found:
        yield found


@pytest.fixture
def url(floor: tuple[str, Desk]) -> str:
    return floor[0]
