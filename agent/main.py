"""``phoenyra-agent``: the command line of the box.

Each verb loads only what it needs, so that control never carries the gateway's libraries.
"""

import argparse
import asyncio
import atexit
import gc
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from agent import supervisor
from agent.archive import arguments as archive
from agent.configuration import trial
from agent.discover import arguments as discover
from agent.doctor import arguments as doctor
from agent.enrol import arguments as enrol
from agent.leaving import AGAIN, Left
from agent.prequalify import arguments as prequalify
from agent.settings import AgentSettings, BadSettings, fingerprint, load
from drivers.errors import ProfileError
from wire.clock import SystemClock, from_environment

_BAD_SETTINGS = supervisor.BAD_SETTINGS
_RUNNING = ("run", "control", "gateway")
"""Verbs that new settings are tried with."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the verb on the command line and return the exit code.

    0 good, 2 wrong settings, 75 to be started again.
    """
    atexit.register(gc.freeze)  # an end that looks for garbage once more takes a third of a second
    parsed = _parser().parse_args(arguments)
    _log_as(parsed.verb)
    code = 0
    try:
        code = _verb(parsed)
    except* (BadSettings, ProfileError) as group:
        for line in _lines(group):
            sys.stderr.write(f"phoenyra-agent: {line}\n")
        code = AGAIN if _taken_back(parsed, _lines(group)) else _BAD_SETTINGS
    except* Left as group:
        _logger.info("%s ends to be started again: %s", parsed.verb, _lines(group)[0])
        code = AGAIN
    return code


def _verb(parsed: argparse.Namespace) -> int:
    if parsed.verb == "profile":
        return _profile(parsed)
    if parsed.verb in ("prequalify", "compliance"):
        return _prequalify(parsed)
    if parsed.verb == "discover":
        from agent.discover.main import run as run_discover

        return _until_signal(run_discover(parsed, _clock()))
    settings, seen = _settings(parsed)
    clock = _clock()
    if parsed.verb == "export":
        from agent.archive.export import run as run_export

        return run_export(settings, parsed)
    if parsed.verb == "enrol":
        from agent.enrol.main import run as run_enrol

        return run_enrol(settings, parsed)
    if parsed.verb in ("doctor", "status", "selftest"):
        return _examine(parsed, settings, clock)
    if parsed.verb == "check":
        return _check(settings, clock, parsed.config)
    if parsed.verb == "run":
        command = ("--config", str(parsed.config))
        return _until_signal(
            supervisor.run(
                ("control", "gateway"), lambda role: supervisor.module_command(role, *command)
            )
        )
    if parsed.verb == "control":
        from agent.control.main import run as run_control

        return _until_signal(run_control(settings, clock, parsed.timing, seen))
    from agent.gateway.main import run as run_gateway

    return _until_signal(run_gateway(settings, clock, parsed.config))


def _prequalify(parsed: argparse.Namespace) -> int:
    from agent.prequalify import main as prequalification

    if parsed.verb == "compliance":
        from agent.prequalify import compliance

        return compliance.run(*_clocked(parsed))
    if parsed.ruleset == prequalify.VERIFY:
        return prequalification.verify(parsed)
    if parsed.ruleset == prequalify.LIST:
        return prequalification.listed()
    if parsed.config is None:
        raise BadSettings("--config: is missing; the site's TOML file is expected")
    return _until_signal(prequalification.run(*_clocked(parsed)))


def _clocked(
    parsed: argparse.Namespace,
) -> tuple[AgentSettings, SystemClock, argparse.Namespace, str]:
    settings, seen = _loaded(parsed.config)
    return settings, _clock(), parsed, seen


def _examine(parsed: argparse.Namespace, settings: AgentSettings, clock: SystemClock) -> int:
    from agent.doctor import main as doctors
    from agent.doctor import selftest

    if parsed.verb == "selftest":
        return selftest.run(settings)
    if parsed.verb == "status":
        return _until_signal(doctors.status(settings, parsed))
    return _until_signal(doctors.doctor(settings, clock, parsed))


def _settings(parsed: argparse.Namespace) -> tuple[AgentSettings, str]:
    """Return the settings and their fingerprint, where new ones are on trial after a look at how
    that goes."""
    if parsed.verb in _RUNNING:
        trial.guard(parsed.config, counted=parsed.verb == "gateway")
    try:
        return _loaded(parsed.config)
    except BadSettings as error:
        if parsed.verb in _RUNNING and trial.roll_back(parsed.config, str(error).splitlines()[0]):
            return _loaded(parsed.config)
        raise


def _loaded(path: Path) -> tuple[AgentSettings, str]:
    seen = fingerprint(path)  # before: a file that is replaced meanwhile shall not look like ours
    return load(path), seen


def _taken_back(parsed: argparse.Namespace, lines: Sequence[str]) -> bool:
    """Say whether the settings were on trial: then the old ones are back, and a start may help."""
    return parsed.verb in _RUNNING and trial.roll_back(parsed.config, "; ".join(lines))


def _until_signal(work: Coroutine[Any, Any, int]) -> int:
    """Run `work` until it ends or a signal asks for the end, which is a good end."""

    async def guarded() -> int:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work, name="main")
            for number in _SIGNALS:
                loop.add_signal_handler(number, task.cancel)
        return 0 if task.cancelled() else task.result()

    return asyncio.run(guarded())


def _check(settings: AgentSettings, clock: SystemClock, path: Path) -> int:
    asyncio.run(_ports_fit(settings, clock))
    devices = ", ".join(f"{device.id} ({device.profile})" for device in settings.devices)
    sys.stdout.write(f"{path}: good; site {settings.site}, devices {devices}\n")
    return 0


async def _ports_fit(settings: AgentSettings, clock: SystemClock) -> None:
    """Check profiles and roles of the devices as control will, without asking any of them."""
    from agent.control.equipment import opened_ports

    async with opened_ports(settings, clock):
        pass


def _profile(parsed: argparse.Namespace) -> int:
    from agent import profiles

    if parsed.action == "list":
        lines = profiles.listed()
    elif parsed.action == "show":
        lines = profiles.shown(parsed.name, parsed.override)
    else:
        lines = [profiles.checked(parsed.name, parsed.override)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _clock() -> SystemClock:
    try:
        return from_environment(os.environ)
    except ValueError as error:
        raise BadSettings(str(error)) from error


def _lines(group: BaseExceptionGroup[Exception]) -> list[str]:
    lines: list[str] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            lines.extend(_lines(error))
        elif isinstance(error, ProfileError):
            lines.extend(error.lines)
        else:
            lines.extend(str(error).splitlines())
    return lines


def _log_as(name: str) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format=f"%(asctime)s %(levelname)-7s {name} %(message)s",
    )
    for noisy in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="phoenyra-agent", description="The box at a battery: measures, controls, keeps, sends."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, what in (
        ("run", "control and gateway together, each started again when it dies"),
        ("control", "the fast process alone"),
        ("gateway", "the patient process alone"),
        ("check", "look at settings and profiles, start nothing"),
        ("selftest", "have the running box try small pulses both ways: is the sign right?"),
    ):
        child = verbs.add_parser(verb, help=what, description=what)
        child.add_argument("--config", type=Path, required=True, help="the site's TOML file")
        if verb == "control":
            child.add_argument(
                "--timing", type=Path, help="write how punctual the beat was when it ends"
            )
    for verb, what in (
        ("status", "what the running site does now"),
        ("doctor", "look for what is wrong: settings, devices, hub, clock, disk, buffer"),
    ):
        doctor.add(verbs.add_parser(verb, help=what, description=what))
    what = "exchange a one-time code of the hub for the box's own key"
    enrol.add(verbs.add_parser("enrol", help=what, description=what))
    what = "a period of the archive as a file for the grid operator"
    archive.add(verbs.add_parser("export", help=what, description=what))
    what = "a frequency product's tests, at the plant or rehearsed, and their report"
    prequalify.add(verbs.add_parser("prequalify", help=what, description=what))
    what = "judge a past period out of the archive by a frequency product's rules"
    prequalify.add_compliance(verbs.add_parser("compliance", help=what, description=what))
    what = "look for devices on a network or a serial line that you name"
    discover.add(verbs.add_parser("discover", help=what, description=what))
    profile = verbs.add_parser("profile", help="device profiles: list, show, check")
    actions = profile.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the profiles that are shipped")
    for action, what in (("show", "the points of a profile"), ("check", "say what is wrong")):
        child = actions.add_parser(action, help=what)
        child.add_argument("name", help="a shipped profile, or the path of a .toml file")
        child.add_argument(
            "--override", metavar="FILE", help="a .toml file with a site's changes to it"
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
