"""``phoenyra-agent run``: one command, two processes; whatever is killed comes back by itself."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.agents import LoneBox, lone_box
from tests.support.system import wait_until

HEAL_S = 15.0


@pytest.fixture
def box(tmp_path: Path) -> Iterator[LoneBox]:
    with lone_box(tmp_path) as box:
        box.start_inverter()
        box.system.start("agent", "agent.main", "run", "--config", str(box.config))
        yield box


def children(box: LoneBox) -> dict[str, int]:
    """Return the agent's living processes by role."""
    parent = box.system.processes["agent"].pid
    found: dict[str, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, ppid = stat.read_text().rpartition(")")[2].split()[:2]
            words = (stat.parent / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if int(ppid) == parent and state != "Z" and "agent.main" in words:
            found[words[words.index("agent.main") + 1]] = int(stat.parent.name)
    return found


def picture(box: LoneBox) -> dict[str, Any] | None:
    """Return what the technician's page shows; None while it does not answer."""
    headers = {"Authorization": "Bearer technician-1"}
    try:
        answer = httpx.get(f"http://127.0.0.1:{box.page_port}/api/picture", headers=headers)
    except httpx.TransportError:
        return None
    document: dict[str, Any] = answer.json()
    return document


def works(box: LoneBox) -> bool:
    shown = picture(box)
    return bool(shown and shown["control"] and shown["control"]["mode"] == "automatic")


@pytest.mark.parametrize("role", ["control", "gateway"])
def test_a_killed_process_comes_back_and_the_plant_works_on(box: LoneBox, role: str) -> None:
    wait_until(lambda: works(box), HEAL_S, "the page shows a plant at work")
    before = children(box)
    os.kill(before[role], signal.SIGKILL)

    def is_replaced() -> bool:
        return children(box).get(role, before[role]) != before[role]

    wait_until(is_replaced, HEAL_S, f"{role} is started again")
    wait_until(lambda: works(box), HEAL_S, f"the plant is at work with a new {role}")
    assert len(set(before.items()) & set(children(box).items())) == 1
    assert "Traceback" not in box.system.log("agent")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_both_well_and_leaves_no_process(
    box: LoneBox, number: signal.Signals
) -> None:
    wait_until(lambda: works(box), HEAL_S, "the page shows a plant at work")
    pids = children(box).values()
    agent = box.system.processes["agent"]
    agent.send_signal(number)
    assert agent.wait(timeout=15) == 0
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert "Traceback" not in box.system.log("agent")
