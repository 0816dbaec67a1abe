"""Computing processes of the hubs under test are forked: to import them takes most of a test."""

from collections.abc import Iterator

import pytest

from cloud.forecast.service import computing
from tests.support.forked_workers import forking

_HUBS = {"hub", "all_jobs"}
"""Fixtures with hubs of this process, which start computing processes."""


@pytest.fixture(scope="session")
def workers() -> Iterator[tuple[str, ...]]:
    """What starts a computing process that is forked."""
    with forking() as words:
        yield words


@pytest.fixture
def started_workers() -> None:
    """Leave computing processes to be started as a hub does, for tests of how they die."""


@pytest.fixture(autouse=True)
def forked_workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have hubs of this process fork what computes."""
    asked = set(request.fixturenames)
    if asked & _HUBS and "started_workers" not in asked:
        monkeypatch.setattr(computing, "PYTHON", request.getfixturevalue("workers"))
