"""Somebody who operates the sites of one account."""

from collections.abc import AsyncIterator

import httpx
import pytest

from cloud.kernel.context import Hub
from cloud.kernel.keys import Role
from tests.support.hub import Box, add_key, client_of


@pytest.fixture
async def operator(hub: Hub, box: Box) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an operator's key of the account that owns werk-sued."""
    assert box
    async with client_of(hub, await add_key(hub, "stadtwerk", Role.OPERATOR)) as client:
        yield client
