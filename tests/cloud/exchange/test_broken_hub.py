"""A hub whose journal, database or disk is not as it left them: one clear line, or it goes on."""

import os
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from cloud.exchange.journal import segment
from tests.support import full_hub
from tests.support.exchange import MARKET
from tests.support.forked import hub_command, result_of
from tests.support.postgres import Server
from tests.support.system import START_TIMEOUT_S, System, free_port, running_system, wait_until
from wire.clock import SystemClock, quarter_hour_us, utc

pytestmark = pytest.mark.slow

AHEAD_US = 12 * 3_600_000_000
ORDERS = 6


def order(client: httpx.Client, number: int) -> httpx.Response:
    start_us = quarter_hour_us(SystemClock().now_us()) + AHEAD_US
    body = {
        "market": MARKET,
        "delivery_start": utc(start_us).isoformat(),
        "side": ("BUY", "SELL")[number % 2],
        "quantity_mwh": 0.0005,
        "limit_price_eur_mwh": 85.5,
        "client_order_id": f"mine-{number}",
    }
    return client.post("/api/orders", json=body)


def trade(system: System) -> None:
    """Let two accounts trade with each other."""
    for account in ("ada", "bob"):
        system.post("/api/v1/accounts", id=account)
    keys = [system.trader_key(account) for account in ("ada", "bob")]
    for number in range(ORDERS):
        with system.client(keys[number % 2]) as client:
            assert order(client, number).status_code == 200


def refused(folder: Path, **environment: str) -> str:
    """Start a hub that cannot work with what it is given; return what it says."""
    environment = {
        **os.environ,
        "PHOENYRA_HUB_DATA_DIR": str(folder),
        "PHOENYRA_HUB_PORT": str(free_port()),
        **environment,
    }
    ended = hub_command(["serve"], environment, folder.parent)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("phoenyra-hub: ")
    return last


def trades(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "hub.sqlite3")) as database:
        (count,) = database.execute("SELECT count(*) FROM venue_trade").fetchone()
    return int(count)


def let_the_fence_run_out(folder: Path) -> None:
    """What the killed hub held for a while yet is free, as if that were over."""
    with closing(sqlite3.connect(folder / "hub.sqlite3")) as database, database:
        database.execute("UPDATE fence SET until_us = 0")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a hub left behind that has traded and was killed."""
    folder = tmp_path_factory.mktemp("left")
    with running_system(folder) as system:
        trade(system)
        system.kill("hub")
    return folder


@pytest.fixture
def folder(left: Path, tmp_path: Path) -> Path:
    shutil.copytree(left, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def started(folder: Path) -> Iterator[System]:
    system = System(folder)
    yield system
    for process in system.processes.values():
        process.kill()
        process.wait()


def last_segment(folder: Path) -> Path:
    """Return the segment that was written last; it has more facts than the one before."""
    return segment.listed(folder / "hub" / "exchange")[-1][1]


def test_a_database_without_its_journal_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "hub" / "exchange")
    let_the_fence_run_out(folder / "hub")
    assert "they do not belong together" in refused(folder / "hub")


def test_a_journal_without_its_database_is_read_from_the_beginning(
    folder: Path, started: System
) -> None:
    for path in (folder / "hub").glob("hub.sqlite3*"):
        path.unlink()
    started.start_hub()
    started.stop("hub")
    assert trades(folder / "hub") == ORDERS // 2


def test_a_commit_that_was_torn_is_cut_and_the_hub_goes_on(folder: Path, started: System) -> None:
    path = last_segment(folder)
    *_, last = segment.frames(segment.read(path))
    with path.open("r+b") as file:
        file.seek(last.end)
        file.write(b"half a commit")
    started.start_hub()
    assert "of a commit that never ended" in started.log("hub")
    started.stop("hub")
    assert trades(folder / "hub") == ORDERS // 2


def test_a_damaged_journal_stops_the_start(folder: Path) -> None:
    path = last_segment(folder)
    content = bytearray(path.read_bytes())
    content[segment.HEADER_BYTES + 100] ^= 1
    path.write_bytes(content)
    assert "bring back the file from a copy" in refused(folder / "hub")


def test_a_second_hub_in_one_folder_is_refused(folder: Path, started: System) -> None:
    started.start_hub()
    assert "another hub is at work in" in refused(folder / "hub")


def test_a_hub_that_another_one_has_overtaken_answers_nothing_more_and_ends(
    folder: Path, started: System
) -> None:
    started.start_hub()
    with started.client(started.trader_key("ada")) as client:
        assert order(client, ORDERS).status_code == 200
        fence = folder / "hub" / "exchange" / "fence"
        (number,) = struct.unpack("<Q", fence.read_bytes())
        with fence.open("r+b") as file:
            file.write(struct.pack("<Q", number + 1))
        try:
            status = order(client, ORDERS + 1).status_code
        except httpx.TransportError:
            status = 503
    assert status == 503
    again = 1  # systemd starts it again then, and it waits in line
    assert started.processes.pop("hub").wait(timeout=START_TIMEOUT_S) == again
    last = started.log("hub").splitlines()[-1]
    assert last.startswith("phoenyra-hub: ")
    assert f"writer {number + 1} has taken over from writer {number}" in last


def test_of_two_hubs_with_one_database_one_has_the_exchange(
    tmp_path: Path, postgres_server: Server
) -> None:
    """The other one waits; it is not let in with a journal that is not this database's."""
    url = postgres_server.new_database()
    environment = {"PHOENYRA_HUB_DATABASE_URL": url}
    first, second = System(tmp_path / "first"), System(tmp_path / "second")
    for system in (first, second):
        system.folder.mkdir()
    try:
        first.start_hub(**environment)
        trade(first)
        waiting = second.start(
            "hub",
            "cloud.main",
            "serve",
            PHOENYRA_HUB_DATA_DIR=str(second.folder / "hub"),
            PHOENYRA_HUB_PORT=str(free_port()),
            **environment,
        )
        wait_until(lambda: "another hub runs the exchange" in second.log("hub"), 60, "it waits")
        with first.client(first.trader_key("ada")) as client:
            assert order(client, ORDERS).status_code == 200
        first.stop("hub")
        assert waiting.wait(timeout=START_TIMEOUT_S) == 2
        assert "they do not belong together" in second.log("hub").splitlines()[-1]
        second.processes.clear()
        first.start_hub(**environment)
        with first.client(first.trader_key("ada")) as client:
            assert order(client, ORDERS).status_code == 200
    finally:
        for system in (first, second):
            for process in system.processes.values():
                process.kill()
                process.wait()


def test_a_full_and_a_read_only_disk_are_one_line_each(tmp_path: Path) -> None:
    disk, logs = tmp_path / "disk", tmp_path / "logs"
    for made in (disk, logs):
        made.mkdir()
    said = result_of(full_hub.said, disk, 8, logs)  # the database finds room, the journal does not
    if said is None:
        pytest.skip("a file system of its own is not allowed to this user")
    full, read_only = said
    assert full.endswith("hub/exchange: No space left on device")
    assert read_only.endswith("cannot be used; Read-only file system")
