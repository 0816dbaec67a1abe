"""What computes the jobs of a hub under test."""

from collections.abc import AsyncIterator

import pytest

from cloud.forecast.service.jobs import Jobs
from cloud.kernel.context import Hub
from tests.support.forecasts import MORNING_US
from tests.support.hub import clock_of


@pytest.fixture
async def jobs(hub: Hub) -> AsyncIterator[Jobs]:
    """Computes the jobs of a hub whose clock stands at 10:30Z."""
    clock_of(hub).at_us = MORNING_US
    made = Jobs(hub)
    yield made
    await made.workshop.close()
