"""agent.gateway.commands: written down before anything is done, done once, told until heard."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent.gateway.commands import KEPT_MAX, KEPT_US, Commands
from agent.gateway.executor import Act, ActFailed, Executor
from agent.gateway.lease import Change, Lease
from tests.support.buffers import NOON_US, opened
from tests.support.commands import HOUR_US, command, setpoint
from wire.clock import SetClock
from wire.command import State
from wire.order import ConfigurationOrder, Mode, ModeOrder, Part, RestartOrder

RESTART = RestartOrder(Part.CONTROL)


@asynccontextmanager
async def held(folder: Path, clock: SetClock) -> AsyncIterator[Commands]:
    """Open what was held before."""
    async with opened(folder) as buffer:
        commands = Commands(buffer, clock.now_us)
        await commands.restore()
        yield commands


class Counted:
    """An act that counts how often it was begun, and waits or fails if asked to."""

    def __init__(self, *, hangs: bool = False, fails: str = "") -> None:
        self.begun: list[str] = []
        self.resumed: list[tuple[str, str]] = []
        self._hangs = hangs
        self._fails = fails

    async def memo(self) -> str:
        return json.dumps({"run": "first"})

    async def begin(self, lease: Lease) -> str:
        self.begun.append(lease.id)
        if self._hangs:
            await asyncio.Event().wait()
        if self._fails:
            raise ActFailed(self._fails)
        return "well done"

    async def resume(self, lease: Lease) -> str:
        self.resumed.append((lease.id, lease.memo))
        raise ActFailed("interrupted")


async def until(commands: Commands, identity: str, *states: State) -> Lease:
    async with asyncio.timeout(5):
        while (lease := commands.of(identity)).state not in states:
            await commands.wait()
    return lease


@asynccontextmanager
async def executing(commands: Commands, act: Act, clock: SetClock) -> AsyncIterator[None]:
    executor = Executor(commands, {RestartOrder.kind: act}, clock)
    async with asyncio.TaskGroup() as tasks:
        await executor.resume()
        task = tasks.create_task(executor.run())
        try:
            yield
        finally:
            task.cancel()


async def test_the_same_command_a_hundred_times_is_begun_once(tmp_path: Path) -> None:
    clock, act = SetClock(NOON_US), Counted()
    async with held(tmp_path, clock) as commands, executing(commands, act, clock):
        order = command("r-1", RESTART, NOON_US)
        for _ in range(50):
            await commands.take([order, order])
        await until(commands, "r-1", State.DONE)
        await commands.take([order])
    async with held(tmp_path, clock) as commands, executing(commands, act, clock):
        for _ in range(50):
            await commands.take([order])
        assert commands.of("r-1").state is State.DONE
    assert act.begun == ["r-1"]


async def test_what_a_killed_gateway_had_begun_is_never_begun_again(tmp_path: Path) -> None:
    clock, act = SetClock(NOON_US), Counted(hangs=True)
    async with held(tmp_path, clock) as commands, executing(commands, act, clock):
        await commands.take([command("r-1", RESTART, NOON_US)])
        await until(commands, "r-1", State.RUNNING)
    async with held(tmp_path, clock) as commands, executing(commands, act, clock):
        lease = commands.of("r-1")
        assert (lease.state, lease.result.text) == (State.FAILED, "interrupted")
    assert (act.begun, act.resumed) == (["r-1"], [("r-1", '{"run": "first"}')])


async def test_what_waited_beyond_its_end_is_expired_and_never_begun(tmp_path: Path) -> None:
    clock, act = SetClock(NOON_US), Counted()
    async with held(tmp_path, clock) as commands:
        await commands.take([command("r-1", RESTART, NOON_US)])
        assert commands.of("r-1").state is State.RECEIVED
    clock.at_us += HOUR_US
    async with held(tmp_path, clock) as commands, executing(commands, act, clock):
        await until(commands, "r-1", State.EXPIRED)
    assert act.begun == []


async def test_one_that_fails_says_why_and_the_next_is_done(tmp_path: Path) -> None:
    clock = SetClock(NOON_US)
    failing = Counted(fails="no\nway")
    async with held(tmp_path, clock) as commands, executing(commands, failing, clock):
        both = [command("r-1", RESTART, NOON_US), command("r-2", RESTART, NOON_US + 1)]
        await commands.take(both)
        assert (await until(commands, "r-2", State.FAILED)).result.text == "no way"
        assert failing.begun == ["r-1", "r-2"]


async def test_a_kind_that_this_box_cannot_do_is_refused(tmp_path: Path) -> None:
    clock = SetClock(NOON_US)
    async with held(tmp_path, clock) as commands, executing(commands, Counted(), clock):
        await commands.take(
            [command("k-1", ConfigurationOrder("x", False), NOON_US)], [("z-1", "kind: 'dance'")]
        )
        assert (await until(commands, "k-1", State.REFUSED)).result.text
        unreadable = commands.of("z-1")
        assert (unreadable.state, "dance" in unreadable.result.text) == (State.REFUSED, True)


async def test_settings_in_a_command_are_gone_from_the_disk_at_its_end(tmp_path: Path) -> None:
    clock, secret = SetClock(NOON_US), secrets.token_hex(16)
    async with held(tmp_path, clock) as commands:
        await commands.take([command("k-1", ConfigurationOrder(secret, False), NOON_US)])
        await commands.change(Change("k-1", State.REFUSED, "no"))
    async with held(tmp_path, clock) as commands:
        lease = commands.of("k-1")
        assert lease.command is not None
        assert lease.command.order == ConfigurationOrder("#", False)


async def test_a_setpoint_and_a_mode_are_wanted_again_after_a_restart(tmp_path: Path) -> None:
    clock = SetClock(NOON_US)
    async with held(tmp_path, clock) as commands:
        await commands.take(
            [
                command("m-1", ModeOrder(Mode.STANDBY), NOON_US),
                setpoint("c-1", 20.0, NOON_US, after_us=1),
            ]
        )
        for identity in ("m-1", "c-1"):
            await commands.change(Change(identity, State.RUNNING, ""))
        before = commands.steering()
    async with held(tmp_path, clock) as commands:
        assert commands.steering() == before
        assert before.mode is Mode.STANDBY
        assert before.override is not None


async def test_old_ends_are_forgotten_and_a_mode_in_force_is_not(tmp_path: Path) -> None:
    clock = SetClock(NOON_US)
    async with held(tmp_path, clock) as commands:
        await commands.take([command("mode", ModeOrder(Mode.STANDBY), NOON_US)])
        await commands.change(Change("mode", State.RUNNING, ""))
        await commands.change(Change("mode", State.DONE, ""))
        for start in range(0, KEPT_MAX + 40, 20):
            await commands.take(
                [
                    command(f"r-{i}", RESTART, NOON_US - 2 * HOUR_US)
                    for i in range(start, start + 20)
                ]
            )
        await commands._heard([one.result for one in commands.held])
        assert len(commands.held) == KEPT_MAX + 1
        clock.at_us += KEPT_US + 1
        await commands._heard([])
        assert [one.id for one in commands.held] == ["mode"]
    async with held(tmp_path, clock) as commands:
        assert commands.steering().mode is Mode.STANDBY


async def test_results_are_told_until_heard_and_told_again_when_asked_again(
    tmp_path: Path,
) -> None:
    clock = SetClock(NOON_US)
    async with held(tmp_path, clock) as commands:
        order = command("r-1", RESTART, NOON_US)
        await commands.take([order])
        assert [result.state for result in commands._unsaid()] == [State.RECEIVED]
    async with held(tmp_path, clock) as commands:
        (result,) = commands._unsaid()
        await commands.change(Change("r-1", State.RUNNING, ""))
        await commands._heard([result])
        assert [one.state for one in commands._unsaid()] == [State.RUNNING]
        await commands._heard(commands._unsaid())
        assert commands._unsaid() == []
        await commands.take([order])
        assert [one.state for one in commands._unsaid()] == [State.RUNNING]
