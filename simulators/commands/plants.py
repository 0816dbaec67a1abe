"""The plant behind a simulated device of any protocol: its arguments, and making it."""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack

from simulators import battery
from simulators.arguments import Parser, number
from simulators.errors import BadInput
from simulators.frequency import Wander
from simulators.plant import STEP_S, Plant

READY_LINE = "listening on"
"""A device prints this and where, when it can be asked."""
CONTROL_LINE = "faults at"


def add_plant(parser: Parser) -> None:
    """Add the arguments of a plant and of its faults."""
    parser.add_argument(
        "--capacity-kwh", type=number(float, 0.1, 1e7), default=200.0, help="(%(default)s)"
    )
    parser.add_argument(
        "--power-kw", type=number(float, 0.1, 1e7), default=100.0, help="both ways (%(default)s)"
    )
    parser.add_argument(
        "--soc", type=number(float, 0, 100), default=60.0, help="at the start, in %% (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the grid frequency (%(default)s)")
    parser.add_argument(
        "--control-port",
        type=number(int, 0, 65_535),
        metavar="PORT",
        help="faults on demand over HTTP; 0 takes a free port",
    )


def plant_of(options: argparse.Namespace) -> Plant:
    """Return the plant that the arguments describe."""
    rating = battery.Rating(capacity_kwh=options.capacity_kwh, power_kw=options.power_kw)
    return Plant(
        rating, options.soc, Wander(options.seed), asyncio.get_running_loop().time, speed=1.0
    )


async def run(
    options: argparse.Namespace,
    stack: AsyncExitStack,
    plant: Plant,
    where: str,
    power_up: Callable[[], None],
) -> None:
    """Say where the device listens, and let its plant live until cancelled."""
    if options.control_port is not None:
        await _fault_page(options, stack, plant, power_up)
    sys.stdout.write(f"{READY_LINE} {where}\n")
    sys.stdout.flush()
    while True:
        plant.catch_up()
        await asyncio.sleep(STEP_S)


async def _fault_page(
    options: argparse.Namespace,
    stack: AsyncExitStack,
    plant: Plant,
    power_up: Callable[[], None],
) -> None:
    from simulators import fault_page  # a device without one shall not carry a web server

    token = secrets.token_urlsafe(16)
    patient = fault_page.Patient(plant, power_up)
    try:
        port = await stack.enter_async_context(
            fault_page.listening(patient, "127.0.0.1", options.control_port, token)
        )
    except OSError as error:
        raise BadInput(
            f"--control-port: {options.control_port} cannot be listened on: {error.strerror}"
        ) from error
    sys.stdout.write(f"{CONTROL_LINE} http://127.0.0.1:{port} token {token}\n")
