"""``phoenyra-sim rest``: an inverter with an HTTP API."""

import argparse
import os
from contextlib import AsyncExitStack

from drivers.document import open_document
from drivers.rest.profile import read_profile
from simulators.arguments import Parser, number
from simulators.commands.plants import add_plant, plant_of, run
from simulators.errors import BadInput
from wire import clock


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    rest = kinds.add_parser(
        "rest",
        help="a battery inverter with an HTTP API",
        description="Serve the HTTP API that a profile describes, with a battery behind it."
        " Prints one line when it can be asked; ends with Ctrl-C.",
    )
    rest.set_defaults(run=_run)
    rest.add_argument("profile", metavar="PROFILE", help="generic-rest, or a .toml file")
    rest.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    rest.add_argument(
        "--port", type=number(int, 0, 65_535), default=0, help="0 takes a free one (%(default)s)"
    )
    rest.add_argument("--token", default="", help="what clients must send as Bearer; none without")
    rest.add_argument(
        "--watchdog-s",
        type=number(float, 0, 86_400),
        default=10.0,
        help="without a set-point for so long it falls back to 0 kW; 0 for never (%(default)s)",
    )
    add_plant(rest)


async def _run(options: argparse.Namespace) -> None:
    from simulators import rest_device  # a web server, which other devices need not carry

    profile = read_profile(open_document(options.profile))
    try:
        now = clock.from_environment(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from error
    plant = plant_of(options)
    device = rest_device.RestDevice(
        profile, plant, now, watchdog_s=options.watchdog_s, token=options.token
    )
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(
                rest_device.serve(device, profile, options.host, options.port)
            )
        except OSError as error:
            raise BadInput(
                f"--port: {options.port} on {options.host} cannot be listened on: {error.strerror}"
            ) from error
        await run(options, stack, plant, f"http://{options.host}:{port}", device.power_up)
