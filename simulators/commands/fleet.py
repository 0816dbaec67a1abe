"""``phoenyra-sim fleet``: hundreds of boxes on one hub."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from simulators.arguments import Parser, number
from simulators.errors import BadInput
from wire import clock


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    boxes = kinds.add_parser(
        "fleet",
        help="hundreds of boxes on one hub",
        description="Play boxes that upload, poll, report and obey, and compare what they have"
        " measured with what the hub tells. Makes an account sim-fleet with a site for each box"
        " and leaves them there: use a hub of its own. Prints a table of what took how long, what"
        " failed and what was lost.",
    )
    boxes.set_defaults(run=_run)
    boxes.add_argument("--hub", required=True, metavar="URL", help="http://127.0.0.1:9000")
    boxes.add_argument(
        "--key-file", required=True, type=Path, metavar="FILE", help="with the key of an admin"
    )
    boxes.add_argument("--gateways", type=number(int, 1, 1_000), default=200, help="(%(default)s)")
    boxes.add_argument(
        "--seconds", type=number(float, 10, 86_400), default=60.0, help="(%(default)s)"
    )
    boxes.add_argument("--seed", type=int, default=1, help="of what is random (%(default)s)")


async def _run(options: argparse.Namespace) -> None:
    from simulators import fleet, hub_client  # a device shall not carry an HTTP client

    try:
        key = (await asyncio.to_thread(options.key_file.read_text)).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--key-file: {options.key_file} cannot be read: {error}") from error
    try:
        now = clock.from_environment(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from error
    found = await fleet.found(options.hub, key, options.gateways, now)
    await found.run(options.seconds, options.seed)
    try:
        sys.stdout.write(await fleet.told(found))
    except (hub_client.HubUnreachable, hub_client.HubRefused) as error:
        raise BadInput(f"--hub: {options.hub} does not tell what it has: {error}") from error
