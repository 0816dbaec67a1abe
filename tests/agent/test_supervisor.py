"""agent.supervisor: children are started again when they die, and never outlive their parent."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent import supervisor
from tests.support.patience import eventually

SLEEPS = "import time; time.sleep(600)"
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def child(folder: Path, role: str, *then: str) -> Sequence[str]:
    """Return a child that writes its process id under its role's name and does what comes then."""
    note = f"import os; open({str(folder)!r} + '/{role}', 'w').write(str(os.getpid()))"
    return (sys.executable, "-S", "-c", "; ".join([*then[:-1], note, *then[-1:]]))


def pid_of(folder: Path, role: str) -> int | None:
    path = folder / role
    text = path.read_text() if path.exists() else ""
    return int(text) if text else None


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@asynccontextmanager
async def supervised(folder: Path, *roles: str, then: Sequence[str]) -> AsyncIterator[None]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(supervisor.run(roles, lambda role: child(folder, role, *then)))
        await eventually(lambda: all(pid_of(folder, role) for role in roles))
        yield
        run.cancel()


async def test_a_killed_child_is_started_again_and_the_other_goes_on(tmp_path: Path) -> None:
    async with supervised(tmp_path, "control", "gateway", then=[SLEEPS]):
        control, gateway = pid_of(tmp_path, "control"), pid_of(tmp_path, "gateway")
        assert control is not None
        os.kill(control, signal.SIGKILL)
        await eventually(lambda: pid_of(tmp_path, "control") not in (control, None))
        assert pid_of(tmp_path, "gateway") == gateway


async def test_stopping_ends_all_children(tmp_path: Path) -> None:
    async with supervised(tmp_path, "control", "gateway", then=[SLEEPS]):
        pids = [pid_of(tmp_path, role) for role in ("control", "gateway")]
    assert not any(is_alive(pid) for pid in pids if pid is not None)


async def test_a_child_that_does_not_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_S_MAX", 0.2)
    async with supervised(tmp_path, "control", then=[IGNORES_SIGTERM, SLEEPS]):
        pid = pid_of(tmp_path, "control")
    assert pid is not None
    assert not is_alive(pid)


async def test_wrong_settings_of_a_child_end_everything_with_code_2(tmp_path: Path) -> None:
    def command(role: str) -> Sequence[str]:
        return child(tmp_path, role, "raise SystemExit(2)" if role == "control" else SLEEPS)

    async with asyncio.timeout(30):
        assert await supervisor.run(("gateway", "control"), command) == supervisor.BAD_SETTINGS
    gateway = pid_of(tmp_path, "gateway")
    assert gateway is None or not is_alive(gateway)


async def test_what_a_child_finds_wrong_later_costs_the_other_nothing(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    once = f"import pathlib, sys; ran = pathlib.Path({str(ran)!r}); new = not ran.exists()"
    then = "ran.touch() if new else None; sys.exit(1 if new else 2)"

    def command(role: str) -> Sequence[str]:
        return child(tmp_path, role, *([once, then] if role == "gateway" else [SLEEPS]))

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        run = tasks.create_task(supervisor.run(("control", "gateway"), command))
        await eventually(ran.exists)
        first = pid_of(tmp_path, "gateway")
        await eventually(lambda: pid_of(tmp_path, "gateway") not in (first, None))
        second = pid_of(tmp_path, "gateway")
        await eventually(lambda: pid_of(tmp_path, "gateway") not in (second, None))
        control = pid_of(tmp_path, "control")
        assert control is not None
        assert is_alive(control)
        run.cancel()


async def test_a_child_that_keeps_ending_is_started_at_a_growing_pause(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with supervised(tmp_path, "control", then=["raise SystemExit(1)"]):
        await eventually(lambda: len(caplog.records) >= 3)
    pauses = [record.getMessage().split()[-2] for record in caplog.records[:3]]
    assert pauses == ["0.2", "0.4", "0.8"]


async def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    command = child(tmp_path, "control", SLEEPS)
    script = (
        "import asyncio; from agent import supervisor;"
        f" asyncio.run(supervisor.run(('control',), lambda role: {command!r}))"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    try:
        await eventually(lambda: pid_of(tmp_path, "control"))
    finally:
        parent.kill()
        await parent.wait()
    pid = pid_of(tmp_path, "control")
    assert pid is not None
    await eventually(lambda: not is_alive(pid))
