"""``phoenyra-sim``: a simulated device, or a market with other traders."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from drivers import profile as profiles
from drivers.errors import ProfileError
from drivers.profile import Profile
from simulators import battery, frequency, modbus_server, prices
from simulators.arguments import Parser, number
from simulators.device import Device
from simulators.errors import BadInput
from simulators.frequency import Trace, Wander
from simulators.plant import STEP_S, Plant
from simulators.stopping import until_told_to_stop
from wire import clock

READY_LINE = "listening on"
"""The device prints this, host and port when it can be asked."""
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one simulator until it is told to stop; return the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT, stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(until_told_to_stop(options.run(options)))
    except (BadInput, ProfileError) as error:
        sys.stderr.write(f"phoenyra-sim: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="phoenyra-sim", description="A world to run an agent and a hub in.")
    kinds = parser.add_subparsers(title="what to simulate", required=True, metavar="KIND")
    _add_device(kinds)
    _add_market(kinds)
    return parser


def _add_device(kinds: "argparse._SubParsersAction[Parser]") -> None:
    device = kinds.add_parser(
        "device",
        help="a battery inverter on Modbus TCP",
        description="Serve the device that a profile describes on Modbus TCP, with a battery"
        " behind it. Prints one line when it can be asked; ends with Ctrl-C.",
    )
    device.set_defaults(run=_run_device)
    device.add_argument(
        "profile",
        metavar="PROFILE",
        help=f"a shipped profile ({', '.join(profiles.names())}) or a .toml file",
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


def _add_market(kinds: "argparse._SubParsersAction[Parser]") -> None:
    traders = kinds.add_parser(
        "market",
        help="other traders on a hub's exchange",
        description="Quote both sides of the next quarter-hours, and take positions for the sites."
        " Goes on through restarts of the hub; ends with Ctrl-C.",
    )
    traders.set_defaults(run=_run_market)
    traders.add_argument("--hub", required=True, metavar="URL", help="http://127.0.0.1:9000")
    traders.add_argument(
        "--keys",
        required=True,
        type=Path,
        metavar="FILE",
        help='JSON with trader keys: {"maker": "pho_…", "crowd": "pho_…", "sites": "pho_…"}',
    )
    traders.add_argument("--seed", type=int, default=1, help="of the order flow (%(default)s)")
    traders.add_argument("--market", default=prices.MARKET, help="(%(default)s)")


async def _run_device(options: argparse.Namespace) -> None:
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


async def _run_market(options: argparse.Namespace) -> None:
    from simulators import market  # a device shall not carry an HTTP client

    keys = market.load_keys(options.keys)
    try:
        now = clock.from_environment(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from error
    await market.run(options.hub, keys, options.market, options.seed, now)


if __name__ == "__main__":
    sys.exit(main())
