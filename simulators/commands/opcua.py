"""``phoenyra-sim opcua``: a battery inverter behind an OPC UA server."""

import argparse
import os
from contextlib import AsyncExitStack
from pathlib import Path

from drivers.document import open_document
from drivers.opcua.certificates import Identity, identity, make_missing
from drivers.opcua.profile import read_profile
from simulators.arguments import Parser, number
from simulators.commands.plants import add_plant, plant_of, run
from simulators.errors import BadInput
from wire import clock
from wire.clock import Clock


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    server = kinds.add_parser(
        "opcua",
        help="a battery inverter behind an OPC UA server",
        description="Serve the device that an OPC UA profile describes, with a battery behind it."
        " Prints one line when it can be asked; ends with Ctrl-C.",
    )
    server.set_defaults(run=_run)
    server.add_argument("profile", metavar="PROFILE", help="opcua-battery, or a .toml file")
    server.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    server.add_argument("--port", type=number(int, 1, 65_535), default=4840, help="(%(default)s)")
    server.add_argument(
        "--strangers",
        type=number(int, 0, 100),
        default=0,
        help="namespaces numbered before the device's, so that its index moves (%(default)s)",
    )
    server.add_argument(
        "--certificate", type=Path, metavar="FILE", help="take only signed and encrypted lines"
    )
    server.add_argument("--key", type=Path, metavar="FILE", help="both are made when missing")
    add_plant(server)


async def _run(options: argparse.Namespace) -> None:
    from simulators import opcua  # a library that other devices need not carry

    profile = read_profile(open_document(options.profile))
    try:
        now = clock.from_environment(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from error
    plant = plant_of(options)
    simulated = opcua.SimulatedServer(profile, plant, now)
    manners = opcua.Manners(
        host=options.host,
        port=options.port,
        strangers=options.strangers,
        identity=_identity(options, opcua.APPLICATION_URI, now),
    )
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(opcua.serving(simulated, manners))
        except OSError as error:
            raise BadInput(
                f"--port: {options.port} on {options.host} cannot be listened on: {error.strerror}"
            ) from error
        where = f"opc.tcp://{options.host}:{options.port}"
        await run(options, stack, plant, where, simulated.power_up)


def _identity(options: argparse.Namespace, uri: str, now: Clock) -> Identity | None:
    files = options.certificate, options.key
    if files == (None, None):
        return None
    if None in files:
        raise BadInput("--certificate: it is expected together with --key")
    make_missing(*files, uri, now.now_us(), "--certificate", server=True)
    return identity(*files, "--certificate")
