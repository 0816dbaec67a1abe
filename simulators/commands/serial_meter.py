"""``phoenyra-sim serial-meter``: a meter on a serial line."""

import argparse
from contextlib import AsyncExitStack
from pathlib import Path

from drivers.document import open_document
from drivers.serial.profile import read_profile
from simulators import serial_meter
from simulators.arguments import Parser, number
from simulators.commands.plants import add_plant, plant_of, run
from simulators.errors import BadInput


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    meter = kinds.add_parser(
        "serial-meter",
        help="a frequency or energy meter on a serial line",
        description="Serve the meter that a profile describes on a pty, with a battery site"
        " behind it. Prints one line when it can be read; ends with Ctrl-C.",
    )
    meter.set_defaults(run=_run)
    meter.add_argument(
        "profile",
        metavar="PROFILE",
        help="frequency-meter-line, iec62056-meter, sml-meter, or a .toml file",
    )
    meter.add_argument(
        "--pty", type=Path, required=True, metavar="PATH", help="the link to be made"
    )
    meter.add_argument(
        "--period-s",
        type=number(float, 0.01, 3_600),
        default=serial_meter.PERIOD_S,
        help="how often a meter speaks that is not asked (%(default)s)",
    )
    add_plant(meter)


async def _run(options: argparse.Namespace) -> None:
    plant = plant_of(options)
    meter = serial_meter.SerialMeter(read_profile(open_document(options.profile)), plant)
    async with AsyncExitStack() as stack:
        try:
            path = await stack.enter_async_context(
                serial_meter.serve(meter, options.pty, period_s=options.period_s)
            )
        except OSError as error:
            raise BadInput(f"--pty: {options.pty} cannot be made: {error.strerror}") from error
        await run(options, stack, plant, str(path), meter.power_up)
