"""agent.watchdog: the service manager hears ready once, alive often, stopping at the end."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.watchdog import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_the_first_sign_of_life_also_says_that_the_start_is_over(manager: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": manager.getsockname()})
    notifier.alive()
    notifier.alive()
    notifier.stopping()
    said = [manager.recv(100) for _ in range(3)]
    assert said == [b"READY=1\nWATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_address_is_understood(tmp_path: Path) -> None:
    name = f"\0{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        Notifier({"NOTIFY_SOCKET": f"@{tmp_path}"}).alive()
        assert listener.recv(100) == b"READY=1\nWATCHDOG=1"


def test_without_a_manager_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    Notifier({}).alive()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).alive()
