"""``phoenyra-sim``: a simulated device, a market with other traders, an order file."""

import asyncio
import atexit
import gc
import logging
import sys
from collections.abc import Sequence

from drivers.errors import ProfileError
from simulators.arguments import Parser
from simulators.commands import (
    device,
    fleet,
    market,
    mqtt,
    opcua,
    replay,
    rest,
    serial_meter,
    transparency,
)
from simulators.errors import BadInput
from simulators.stopping import until_told_to_stop

_KINDS = (
    device.add,
    fleet.add,
    market.add,
    replay.add,
    rest.add,
    serial_meter.add,
    opcua.add,
    mqtt.add,
    transparency.add,
)
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one simulator until it is told to stop; return the exit code."""
    atexit.register(gc.freeze)  # an end that looks for garbage once more takes a tenth of a second
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT, stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(until_told_to_stop(options.run(options)))
    except (BadInput, ProfileError) as error:
        sys.stderr.write(f"phoenyra-sim: {error}\n")
        return 2
    return 0


def _parser() -> Parser:
    parser = Parser(prog="phoenyra-sim", description="A world to run an agent and a hub in.")
    kinds = parser.add_subparsers(title="what to simulate", required=True, metavar="KIND")
    for add in _KINDS:
        add(kinds)
    return parser


if __name__ == "__main__":
    sys.exit(main())
