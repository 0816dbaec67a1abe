"""``phoenyra-sim device``: any profile served with a battery behind it."""

import argparse
import asyncio
import sys
from pathlib import Path

from drivers import document as documents
from drivers import profile as profiles
from drivers.profile import Profile
from simulators import battery, frequency, modbus_server
from simulators.arguments import Parser, number
from simulators.device import Device
from simulators.errors import BadInput
from simulators.frequency import Trace, Wander
from simulators.plant import STEP_S, Plant

READY_LINE = "listening on"
"""The device prints this, host and port when it can be asked."""


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    device = kinds.add_parser(
        "device",
        help="a battery inverter on Modbus TCP",
        description="Serve the device that a profile describes on Modbus TCP, with a battery"
        " behind it. Prints one line when it can be asked; ends with Ctrl-C.",
    )
    device.set_defaults(run=_run)
    device.add_argument(
        "profile",
        metavar="PROFILE",
        help=f"a shipped profile ({', '.join(documents.names())}) or a .toml file",
    )
    device.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    device.add_argument(
        "--port", type=number(int, 0, 65_535), help="0 takes a free one; default: the profile's"
    )
    device.add_argument("--seed", type=int, default=1, help="of the grid frequency (%(default)s)")
    device.add_argument(
        "--capacity-kwh", type=number(float, 0.1, 1e7), default=200.0, help="(%(default)s)"
    )
    device.add_argument(
        "--power-kw", type=number(float, 0.1, 1e7), default=100.0, help="both ways (%(default)s)"
    )
    device.add_argument(
        "--soc", type=number(float, 0, 100), default=60.0, help="at the start, in %% (%(default)s)"
    )
    device.add_argument(
        "--speed",
        type=number(float, 0.001, 10_000),
        default=1.0,
        help="energy and heat run this many times faster; ramp, watchdog and frequency do not",
    )
    device.add_argument(
        "--frequency",
        type=Path,
        metavar="FILE.csv",
        help="replay a recording: a time column and frequency_hz",
    )


async def _run(options: argparse.Namespace) -> None:
    profile = profiles.load(options.profile)
    device, plant = _device(options, profile)
    port = profile.link.port if options.port is None else options.port
    try:
        async with modbus_server.serve(
            device,
            host=options.host,
            port=port,
            unit=profile.link.unit,
            clients_max=profile.link.max_clients,
        ) as port:
            sys.stdout.write(f"{READY_LINE} {options.host}:{port}\n")
            sys.stdout.flush()
            while True:
                plant.catch_up()
                await asyncio.sleep(STEP_S)
    except OSError as error:
        raise BadInput(
            f"--port: {port} on {options.host} cannot be listened on: {error.strerror}"
        ) from error


def _device(options: argparse.Namespace, profile: Profile) -> tuple[Device, Plant]:
    trace: Trace = Wander(options.seed)
    if options.frequency is not None:
        trace = frequency.load(options.frequency)
    rating = battery.Rating(capacity_kwh=options.capacity_kwh, power_kw=options.power_kw)
    plant = Plant(rating, options.soc, trace, asyncio.get_running_loop().time, options.speed)
    return Device(profile, plant), plant
