"""The fast process: composition root and table of contents of control.

It owns the device connections, touches neither disk nor cloud while it runs, and keeps working on
its last schedule whatever happens to the gateway.
"""

import asyncio
import fcntl
import logging
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from agent.control import realtime
from agent.control.cycle import Cycle, Plan
from agent.control.decide import Rules
from agent.control.equipment import limits, opened_ports
from agent.control.farewell import Farewell
from agent.control.interlocks.rules import guard_rules
from agent.control.local.strategies import SiteRules
from agent.control.outbox import Outbox
from agent.control.port import Port
from agent.control.response.answer import ResponseRules
from agent.control.server import SOCKET_PATH_BYTES_MAX, LinkServer, Takers, listening
from agent.control.sources import Sources
from agent.control.timing import Timing
from agent.control.witness import Archived, Witness
from agent.leaving import Departure
from agent.link import Hello, Pushed
from agent.settings import AgentSettings, BadSettings
from agent.timekeeping import SteadyClock
from agent.watchdog import Notifier
from wire.clock import Clock

OWNER_WAIT_S = 3.0
"""How long a start waits for the control process before it to be gone."""
_OWNER_POLL_S = 0.05

_logger = logging.getLogger(__name__)


async def run(
    settings: AgentSettings, clock: Clock, timing_file: Path | None = None, fingerprint: str = ""
) -> int:
    """Run control until cancelled, or until a signal has ended it in good order.

    Args:
        fingerprint: of the file that the settings come from, for the gateway to compare.

    Raises:
        BadSettings: the settings do not fit together, or the folder cannot be used.
        ProfileError: a device profile cannot be used.
        Left: the gateway asked for it.
    """
    timing = None if timing_file is None else Timing()
    notifier = Notifier(os.environ)
    boot = secrets.token_hex(8)
    steady = SteadyClock(clock, asyncio.get_running_loop().time)
    outbox = Outbox(settings.control.outbox_bytes_max, lambda: steady.offset_us)
    departure, farewell = Departure(), Farewell(settings.control.leave_s)
    with _data_dir(settings.data_dir) as folder:
        async with (
            _only_owner(folder / "control.lock"),
            opened_ports(settings, steady, timing) as (ports, sources),
            listening(settings.socket_path) as connections,
        ):

            def housekeeping() -> None:
                notifier.alive()
                realtime.collect()

            fifo = realtime.take_priority()
            plan = _plan(settings, sources, boot, real_time=fifo)
            witness = _witness(settings, plan, outbox, fingerprint)
            cycle = Cycle(plan, ports, outbox, steady, housekeeping, timing, witness)
            server = LinkServer(
                Hello(boot, settings.site, fingerprint),
                outbox,
                cycle.status,
                _takers(cycle, ports, departure),
                lambda: cycle.quiet,
            )
            if not fifo:
                cycle.report_no_priority()
            realtime.freeze_heap()
            _logger.info("control of site %s begins, boot %s", settings.site, boot)
            try:
                async with asyncio.TaskGroup() as tasks:
                    reading = [
                        tasks.create_task(port.run(), name=f"port {port.device}") for port in ports
                    ]
                    farewell.listen()
                    tasks.create_task(farewell.run(cycle, ports, reading), name="farewell")
                    tasks.create_task(server.run(connections), name="link")
                    tasks.create_task(cycle.run(), name="cycle")
                    tasks.create_task(departure.wait(), name="departure")
            finally:
                notifier.stopping()
                _ended(cycle, timing, timing_file, fifo=fifo)
    return 0


def _ended(cycle: Cycle, timing: Timing | None, path: Path | None, *, fifo: bool) -> None:
    """Say how punctual it was."""
    beats, missed = cycle.metronome.count, cycle.metronome.missed
    _logger.info("control ends after %d beats, %d missed", beats, missed)
    if timing is not None and path is not None:
        timing.save(path, beats=beats, missed=missed, fifo=fifo)


def _witness(settings: AgentSettings, plan: Plan, outbox: Outbox, fingerprint: str) -> Witness:
    archived = Archived(
        settings=settings.archive,
        limits=plan.rules.limits,
        period_s=plan.period_s,
        config=fingerprint,
        nominal_v=plan.rules.guard.grid.nominal_v,
    )
    return Witness(outbox, plan.boot, archived)


def _takers(cycle: Cycle, ports: Sequence[Port], departure: Departure) -> Takers:
    return Takers(
        schedule=cycle.take_schedule,
        pushed=lambda pushed: _tell(ports, pushed),
        steering=cycle.take_steering,
        injection=cycle.take_injection,
        kept=cycle.take_kept,
        recall=cycle.take_recall,
        reset=cycle.take_reset,
        clock=cycle.take_clock,
        leave=lambda leave: departure.leave(leave.reason),
        dropped=cycle.report_dropped,
    )


def _tell(ports: Sequence[Port], pushed: Pushed) -> None:
    for port in ports:
        if port.device == pushed.device:
            port.tell(pushed.readings)


def rules_of(
    settings: AgentSettings, sources: Sequence[Sources], *, real_time: bool | None = None
) -> Rules:
    """Return what the settings mean for the decisions; a rehearsal decides by the same."""
    return Rules(
        limits=limits(settings.control, sources),
        guard=guard_rules(settings.control),
        response=ResponseRules(settings=settings.frequency, real_time=real_time),
        site=SiteRules(connection=settings.connection, local=settings.local),
    )


def _plan(
    settings: AgentSettings, sources: tuple[Sources, ...], boot: str, *, real_time: bool
) -> Plan:
    control = settings.control
    return Plan(
        site=settings.site,
        boot=boot,
        rules=rules_of(settings, sources, real_time=real_time),
        sources=sources,
        period_s=control.period_s,
        record_period_s=control.record_period_s,
        jitter_s=control.ramps.jitter_s,
        frequency_period_s=control.frequency_period_s,
    )


@contextmanager
def _data_dir(folder: Path) -> Iterator[Path]:
    """Make the folder, ours alone, and check that a socket can live in it."""
    socket_bytes = len(os.fsencode(folder / "control.sock"))
    if socket_bytes > SOCKET_PATH_BYTES_MAX:
        raise BadSettings(
            f"data_dir: {str(folder)!r} is not allowed; a path at least"
            f" {socket_bytes - SOCKET_PATH_BYTES_MAX} bytes shorter is expected, because a socket"
            " lives in it"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(f"data_dir: {str(folder)!r} cannot be made: {error.strerror}") from error
    yield folder


@asynccontextmanager
async def _only_owner(path: Path) -> AsyncIterator[None]:
    """Hold the lock that makes this the only control process; the kernel frees it on any death."""
    loop = asyncio.get_running_loop()
    give_up_s = loop.time() + OWNER_WAIT_S
    with _lock_file(path) as descriptor:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if loop.time() >= give_up_s:
                    raise BadSettings(
                        f"data_dir: another control process uses {str(path.parent)!r};"
                        " a folder of its own is expected"
                    ) from error
                await asyncio.sleep(_OWNER_POLL_S)
            else:
                break
        yield


@contextmanager
def _lock_file(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadSettings(f"data_dir: {str(path)!r} cannot be made: {error.strerror}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)
