"""``phoenyra-sim device``: any profile served with a battery behind it."""

import argparse
import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from drivers import document as documents
from drivers import profile as profiles
from drivers.document import Protocol
from drivers.profile import Profile
from simulators import battery, frequency, modbus_rtu, modbus_server, sunspec
from simulators.arguments import Parser, number
from simulators.commands import plants
from simulators.device import Device
from simulators.errors import BadInput
from simulators.frequency import Trace, Wander
from simulators.plant import Plant
from simulators.sunspec import SunSpecDevice
from simulators.sunspec_image import Image


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    device = kinds.add_parser(
        "device",
        help="a battery inverter on Modbus, TCP or serial",
        description="Serve the device that a profile describes on Modbus, with a battery"
        " behind it. Prints one line when it can be asked; ends with Ctrl-C.",
    )
    device.set_defaults(run=_run)
    device.add_argument(
        "profile",
        metavar="PROFILE",
        help=f"a shipped profile ({', '.join(documents.names())}) or a .toml file",
    )
    device.add_argument(
        "--override", metavar="FILE.toml", help="a site's own changes to the profile"
    )
    device.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    device.add_argument(
        "--port", type=number(int, 0, 65_535), help="0 takes a free one; default: the profile's"
    )
    plants.add_plant(device)
    device.add_argument(
        "--speed",
        type=number(float, 0.001, 10_000),
        default=1.0,
        help="energy and heat run this many times faster; ramp, watchdog and frequency do not",
    )
    device.add_argument(
        "--pty", type=Path, metavar="PATH", help="serve a serial line instead: a link to be made"
    )
    device.add_argument(
        "--frequency",
        type=Path,
        metavar="FILE.csv",
        help="replay a recording: a time column and frequency_hz",
    )


async def _run(options: argparse.Namespace) -> None:
    profile = profiles.load(options.profile, options.override)
    device, plant = _device(options, profile)
    async with AsyncExitStack() as stack:
        where = await _listening(options, stack, profile, device, plant)
        await plants.run(options, stack, plant, where, device.power_up)


async def _listening(
    options: argparse.Namespace,
    stack: AsyncExitStack,
    profile: Profile,
    device: Device | SunSpecDevice,
    plant: Plant,
) -> str:
    """Serve the device on its line, and say where."""
    link = profile.link
    if options.pty is not None:
        try:
            path = await stack.enter_async_context(
                modbus_rtu.serve(device, options.pty, unit=link.unit, faults=plant.faults)
            )
        except OSError as error:
            raise BadInput(f"--pty: {options.pty} cannot be made: {error.strerror}") from error
        return str(path)
    port = link.port if options.port is None else options.port
    try:
        bound = await stack.enter_async_context(
            modbus_server.serve(
                device,
                host=options.host,
                port=port,
                unit=link.unit,
                clients_max=link.max_clients,
                faults=plant.faults,
            )
        )
    except OSError as error:
        raise BadInput(
            f"--port: {port} on {options.host} cannot be listened on: {error.strerror}"
        ) from error
    return f"{options.host}:{bound}"


def _device(options: argparse.Namespace, profile: Profile) -> tuple[Device | SunSpecDevice, Plant]:
    trace: Trace = Wander(options.seed)
    if options.frequency is not None:
        trace = frequency.load(options.frequency)
    rating = battery.Rating(capacity_kwh=options.capacity_kwh, power_kw=options.power_kw)
    plant = Plant(rating, options.soc, trace, asyncio.get_running_loop().time, options.speed)
    if profile.protocol is Protocol.SUNSPEC:
        image = Image(sunspec.parts(sunspec.models_of(profile)))
        return SunSpecDevice(image, plant, rating), plant
    return Device(profile, plant), plant
