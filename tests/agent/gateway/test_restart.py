"""agent.gateway.restart and software: processes end, and what came of it is seen after a start."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.gateway import lease as leases
from agent.gateway import restart
from agent.gateway import software as module
from agent.gateway.executor import ActFailed, ActRefused
from agent.gateway.lease import Lease
from agent.gateway.restart import Processes, Restart
from agent.gateway.software import Software
from agent.leaving import Departure, Left
from agent.link import Leave
from tests.support.commands import command
from tests.support.control_peer import ControlPeer, control_peer
from tests.support.inlets import NOON_US, Bench, running
from wire.command import State
from wire.order import Order, Part, RestartOrder, SoftwareOrder


def children() -> set[str]:
    """Return the ids of the processes that this one has started and not yet seen end."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@asynccontextmanager
async def box(folder: Path) -> AsyncIterator[tuple[Bench, ControlPeer, Processes]]:
    async with control_peer(folder / "control.sock") as peer, running(folder) as bench:
        await peer.until_connected()
        await restart.until(lambda: bench.latest.linked, 5)
        yield bench, peer, Processes(bench.inlet, bench.latest, Departure(), "run-2")


def begun(order: Order, run: str, control_boot: str) -> Lease:
    """Return a command that was begun by a gateway's run."""
    received = leases.admitted(command("r-1", order, NOON_US), 0, NOON_US)
    running = received.at(State.RUNNING, "", NOON_US)
    memo = json.dumps({"run": run, "control_boot": control_boot})
    return Lease(command=running.command, result=running.result, issued_us=NOON_US, memo=memo)


async def test_control_that_was_never_asked_is_asked_after_the_start(tmp_path: Path) -> None:
    async with box(tmp_path) as (_, peer, processes), asyncio.TaskGroup() as tasks:
        lease = begun(RestartOrder(Part.CONTROL), "run-1", peer.boot)
        work = tasks.create_task(Restart(processes).resume(lease))
        assert isinstance(await peer.until_wished(1), Leave)
        assert not work.done()
        peer.restart("boot-2")
        assert await work == "control was started again"


async def test_control_that_connects_a_moment_after_the_gateways_start_is_waited_for(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as bench:
        processes = Processes(bench.inlet, bench.latest, Departure(), "run-2")
        async with asyncio.TaskGroup() as tasks:
            asked = tasks.create_task(processes.memo())
            await asyncio.sleep(0)
            assert not asked.done(), "control may still come"
            async with control_peer(tmp_path / "control.sock") as peer:
                document = json.loads(await asked)
                assert document == {"run": "run-2", "control_boot": peer.boot}


async def test_control_that_does_not_connect_is_not_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restart, "CONTROL_LINK_S_MAX", 0.2)
    async with running(tmp_path) as bench:
        act = Restart(Processes(bench.inlet, bench.latest, Departure(), "run-2"))
        assert json.loads(await act.memo())["control_boot"] == ""
        with pytest.raises(ActFailed, match="control is not connected"):
            await act.begin(begun(RestartOrder(Part.CONTROL), "run-2", ""))
        with pytest.raises(ActFailed, match="control is not connected"):
            await act.resume(begun(RestartOrder(Part.CONTROL), "run-1", ""))


async def test_control_that_is_another_run_already_is_left_alone(tmp_path: Path) -> None:
    async with box(tmp_path) as (_, peer, processes):
        lease = begun(RestartOrder(Part.AGENT), "run-1", "boot-0")
        assert await Restart(processes).resume(lease) == "agent was started again"
        assert peer.wishes == []


async def test_control_that_does_not_come_back_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restart, "CONTROL_BACK_S_MAX", 0.3)
    monkeypatch.setattr(restart, "CONTROL_GONE_S_MAX", 0.2)
    async with box(tmp_path) as (_, peer, processes):
        lease = begun(RestartOrder(Part.CONTROL), "run-1", peer.boot)
        with pytest.raises(ActFailed, match="not started again"):
            await Restart(processes).resume(lease)


async def test_the_gateway_ends_itself_with_the_reason(tmp_path: Path) -> None:
    async with box(tmp_path) as (_, _peer, processes):
        act = Restart(processes)
        assert json.loads(await act.memo()) == {"run": "run-2", "control_boot": "boot-1"}
        with pytest.raises(ExceptionGroup) as raised:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(act.begin(begun(RestartOrder(Part.GATEWAY), "run-2", "")))
                tasks.create_task(processes.departure.wait())
        (left,) = raised.value.exceptions
        assert isinstance(left, Left)
        assert "r-1" in str(left)


async def test_another_version_is_fetched_by_the_sites_own_command_and_judged_by_what_runs(
    tmp_path: Path,
) -> None:
    script = tmp_path / "update.py"
    script.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text(sys.argv[2])\n")
    fetched = tmp_path / "version"
    update = (sys.executable, str(script), str(fetched))
    async with box(tmp_path) as (_, peer, processes), asyncio.TaskGroup() as tasks:
        lease = begun(SoftwareOrder("1.2.3"), "run-1", peer.boot)
        work = tasks.create_task(Software(update, "1.2.2", processes).begin(lease))
        assert isinstance(await peer.until_wished(1), Leave)
        assert fetched.read_text() == "1.2.3"
        work.cancel()
        peer.restart("boot-2")
        assert await Software(update, "1.2.3", processes).resume(lease) == "version 1.2.3 runs"
        with pytest.raises(ActFailed, match=r"version 1\.2\.2 runs"):
            await Software(update, "1.2.2", processes).resume(lease)


@pytest.mark.parametrize(
    ("update", "version", "error", "why"),
    [
        ((), "1.2.3", ActRefused, "update.command"),
        (("/no/such/program",), "1.2.3", ActFailed, "No such file"),
        ((sys.executable, "-c", "raise SystemExit('no room')"), "1.2.3", ActFailed, "no room"),
        ((sys.executable,), "--help", ActRefused, "not allowed"),
        ((sys.executable,), "1; reboot", ActRefused, "not allowed"),
    ],
)
async def test_what_cannot_be_fetched_says_why_and_ends_nothing(
    tmp_path: Path,
    update: tuple[str, ...],
    version: str,
    error: type[Exception],
    why: str,
) -> None:
    async with box(tmp_path) as (_, peer, processes):
        with pytest.raises(error, match=why):
            await Software(update, "1.0", processes).begin(
                begun(SoftwareOrder(version), "run-2", "")
            )
        assert peer.wishes == []


async def test_a_command_that_hangs_is_ended_with_all_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UPDATE_S_MAX", 0.5)
    update = (sys.executable, "-c", "import time; time.sleep(60)")
    others = children()
    async with box(tmp_path) as (_, _peer, processes):
        with pytest.raises(ActFailed, match="took more than"):
            await Software(update, "1.0", processes).begin(begun(SoftwareOrder("2"), "r", ""))
        assert children() <= others, "it is gone when the command has failed"


async def test_the_version_that_runs_already_ends_nothing(tmp_path: Path) -> None:
    async with box(tmp_path) as (_, peer, processes):
        said = await Software(("x",), "1.0", processes).begin(begun(SoftwareOrder("1.0"), "r", ""))
        assert said == "version 1.0 runs already"
        assert peer.wishes == []
