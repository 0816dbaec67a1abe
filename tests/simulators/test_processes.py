"""`simulators.processes`: what is started is stopped, whatever happens to it or to us."""

import asyncio
import os
import select
import signal
import sys
from pathlib import Path

import pytest

from simulators import processes
from simulators.processes import Child, ChildFailed, Processes

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPER
PARENT = """
import asyncio, os, sys, pathlib
from simulators import processes

async def main():
    async with processes.running(pathlib.Path(sys.argv[1])) as ours:
        child = await ours.start("child", sys.executable, "-c", sys.argv[2], environment=os.environ)
        print(child.process.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def start(ours: Processes, name: str, program: str) -> Child:
    return await ours.start(
        name, sys.executable, "-c", program, environment={**os.environ, "GREETING": "hi"}
    )


async def is_up(ours: Processes, child: Child) -> None:
    async def said_so() -> bool:
        return "up" in child.words()

    await ours.until(said_so, 20.0, child)


async def test_children_are_stopped_at_the_end_of_the_block(tmp_path: Path) -> None:
    async with processes.running(tmp_path) as ours:
        child = await start(ours, "one", SLEEPER)
        await is_up(ours, child)
    assert child.process.returncode == -signal.SIGTERM


async def test_children_are_stopped_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"):
        async with processes.running(tmp_path) as ours:
            child = await start(ours, "one", SLEEPER)
            raise ValueError("no")
    assert child.process.returncode == -signal.SIGTERM


async def test_a_child_that_does_not_listen_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_S", 0.2)
    async with processes.running(tmp_path) as ours:
        child = await start(ours, "deaf", DEAF)
        await is_up(ours, child)
    assert child.process.returncode == -signal.SIGKILL


async def test_a_child_that_ends_by_itself_is_named_with_its_last_words(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    async with processes.running(tmp_path) as ours:
        child = await start(ours, "broken", "import sys; sys.exit('port 9000 is taken')")
        with pytest.raises(ChildFailed) as caught:
            await ours.until(never, 20.0, child)
    assert "broken ended with code 1: port 9000 is taken" in str(caught.value)
    assert str(tmp_path / "broken.log") in str(caught.value)


async def test_a_child_that_is_never_ready_is_named(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    async with processes.running(tmp_path) as ours:
        child = await start(ours, "slow", SLEEPER)
        with pytest.raises(ChildFailed, match=r"slow was not ready within 0\.2 s"):
            await ours.until(never, 0.2, child)


async def test_a_child_gets_its_environment_and_the_log_before_is_kept(tmp_path: Path) -> None:
    for _ in range(2):
        async with processes.running(tmp_path) as ours:
            child = await start(ours, "one", "import os; print(os.environ['GREETING'])")
            await child.process.wait()
            assert child.words() == "hi\n"
    assert (tmp_path / "one.before.log").read_text() == "hi\n"


async def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path), DEAF), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = os.pidfd_open(int(await parent.stdout.readline()))
    assert select.select([child], [], [], 0.0)[0] == [], "readable once the child has ended"
    parent.kill()
    await parent.wait()
    assert select.select([child], [], [], 5.0)[0] == [child]
    os.close(child)


async def test_control_c_in_the_terminal_reaches_the_children_only_through_us(
    tmp_path: Path,
) -> None:
    async with processes.running(tmp_path) as ours:
        child = await start(ours, "one", SLEEPER)
        assert os.getpgid(child.process.pid) != os.getpgid(0)
