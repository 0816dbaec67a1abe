"""``phoenyra-agent discover``: what is connected here, and a configuration to begin with."""

import argparse
import stat
import sys
from pathlib import Path

from agent.discover import report
from agent.discover.arguments import PER_S_MAX
from agent.discover.modbus import NobodyThere
from agent.discover.progress import Progress
from agent.discover.scan import Scan
from agent.discover.targets import BadTarget, parse_ports, parse_units, targets
from agent.settings import BadSettings
from wire.clock import Clock


async def run(options: argparse.Namespace, clock: Clock) -> int:
    """Search what the options name, and only that.

    Raises:
        BadSettings: nothing was named, or it cannot be searched; one line says why.
    """
    if not (options.network or options.serial):
        raise BadSettings(
            "discover: name what to look at: --network 192.168.1.0/24 or --serial /dev/ttyUSB0"
        )
    if not 0 < options.rate <= PER_S_MAX:
        raise BadSettings(
            f"--rate: {options.rate:g} is not allowed; more than 0 up to {PER_S_MAX:g} is expected"
        )
    if options.out is not None and options.out.exists():
        raise BadSettings(f"--out: {options.out} exists; the name of a new file is expected")
    found = await _search(options, clock)
    for line in report.lines(found):
        sys.stdout.write(f"{line}\n")
    if not found:
        sys.stdout.write("nothing answered\n")
        return 1
    configuration = report.configuration(found, options.site)
    if options.out is None:
        sys.stdout.write(f"\n{configuration}")
    else:
        _write(options.out, configuration)
    return 0


async def _search(options: argparse.Namespace, clock: Clock) -> list[report.Found]:
    try:
        units = parse_units(options.units) if options.units else []
        asked = []
        if options.network:
            asked = targets(options.network, parse_ports(options.ports), public=options.public)
        bar: Progress | None = None

        def step(where: str, found: int) -> None:
            if bar is not None:
                bar.step(where, found)

        scan = Scan(clock, units, step)
        if options.serial and not _is_terminal(options.serial):
            raise BadTarget(f"serial: {options.serial!r} is no serial port")
    except BadTarget as error:
        raise BadSettings(str(error)) from error
    if asked:
        bar = Progress(sys.stderr, len(asked), "network")
        await scan.network(asked, options.rate)
        bar.end()
    if options.serial:
        bar = Progress(sys.stderr, scan.questions(options.serial), "serial line")
        try:
            await scan.serial(options.serial)
        except NobodyThere as error:
            raise BadSettings(f"serial: {error}") from error
        bar.end()
    return sorted(scan.found, key=lambda one: (one.where, one.unit or 0))


def _is_terminal(path: str) -> bool:
    try:
        return stat.S_ISCHR(Path(path).stat().st_mode)
    except OSError:
        return False


def _write(path: Path, configuration: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(configuration)
    except OSError as error:
        raise BadSettings(f"--out: {path} cannot be written: {error.strerror}") from error
    sys.stdout.write(f"written to {path}\n")
