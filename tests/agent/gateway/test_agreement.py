"""agent.gateway.reconfigure: control that runs with other settings than the file starts again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.configuration import trial
from agent.configuration.health import Trial
from agent.gateway.reconfigure import Reconfigure
from agent.gateway.restart import Processes
from agent.leaving import Departure
from agent.link import Leave
from agent.settings import fingerprint, load
from tests.support.control_peer import ControlPeer, control_peer
from tests.support.inlets import SITE, Bench, running

OLD = f"""\
site = "{SITE}"
data_dir = "data"
[control]
discharge_kw_max = 100
charge_kw_max = 100
[[devices]]
id = "inverter"
kind = "modbus_tcp"
profile = "reference-inverter"
host = "127.0.0.1"
port = 502
"""
NEW = OLD.replace("discharge_kw_max = 100", "discharge_kw_max = 90")
TRIAL = Trial(command="k-1", old=trial.digest(OLD), new=trial.digest(NEW), control_boot="boot-0")
SOON_S = 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The settings file of a box; control is said to have been started with another one."""
    path = tmp_path / "site.toml"
    path.write_text(OLD)
    return path


@asynccontextmanager
async def box(path: Path, settings: str) -> AsyncIterator[tuple[Bench, ControlPeer, Reconfigure]]:
    """A gateway that starts with the file, and a control that says what it was started with."""
    folder = path.parent
    async with control_peer(folder / "control.sock") as peer, running(folder) as bench:
        peer.settings = settings
        processes = Processes(bench.inlet, bench.latest, Departure(), "run-2")
        yield (
            bench,
            peer,
            Reconfigure(path, load(path), fingerprint(path), processes, bench.buffer, lambda: None),
        )


def seen_as(text: str) -> str:
    return trial.digest(text)[:16]


async def agreed(reconfigure: Reconfigure) -> None:
    async with asyncio.timeout(SOON_S):
        await reconfigure.agree()


async def test_control_with_settings_that_were_taken_back_is_asked_to_leave_once(
    path: Path,
) -> None:
    trial.begin(path, NEW, TRIAL)
    assert trial.roll_back(path, "not well")
    async with box(path, seen_as(NEW)) as (bench, peer, reconfigure), asyncio.TaskGroup() as tasks:
        work = tasks.create_task(reconfigure.agree())
        assert isinstance(await peer.until_wished(1), Leave)
        peer.settings = seen_as("another file still")
        peer.restart("boot-2")
        async with asyncio.timeout(SOON_S):
            await work
        await peer.until_connected(2)
        assert "SETTINGS_DIFFER" in await bench.codes()
        assert len(peer.wishes) == 1


@pytest.mark.parametrize("says", [seen_as(OLD), ""])
async def test_control_with_the_settings_of_the_file_or_that_does_not_say_stays(
    path: Path, says: str
) -> None:
    async with box(path, says) as (_, peer, reconfigure):
        await agreed(reconfigure)
        assert peer.wishes == []


async def test_while_new_settings_are_on_trial_the_trial_decides(path: Path) -> None:
    trial.begin(path, NEW, TRIAL)
    async with box(path, seen_as(OLD)) as (_, peer, reconfigure):
        await agreed(reconfigure)
        assert peer.wishes == []


async def test_a_file_that_this_gateway_was_not_started_with_is_nobodys_business(
    path: Path,
) -> None:
    async with box(path, seen_as(NEW)) as (_, peer, reconfigure):
        trial.begin(path, NEW, TRIAL)
        trial.finish(path)
        await agreed(reconfigure)
        assert peer.wishes == []
