"""``phoenyra-sim market``: other traders on a hub's exchange."""

import argparse
import os
from pathlib import Path

from simulators.arguments import Parser
from simulators.errors import BadInput
from wire import clock


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    traders = kinds.add_parser(
        "market",
        help="other traders on a hub's exchange",
        description="Quote both sides of the next delivery periods, trade among each other, and"
        " take positions for the sites. Goes on through restarts of the hub; ends with Ctrl-C.",
    )
    traders.set_defaults(run=_run)
    traders.add_argument("--hub", required=True, metavar="URL", help="http://127.0.0.1:9000")
    traders.add_argument(
        "--keys",
        required=True,
        type=Path,
        metavar="FILE",
        help='JSON with trader keys: {"maker": "pho_…", "crowd": "pho_…", "sites": "pho_…"};'
        " several of one role in a list",
    )
    traders.add_argument("--seed", type=int, default=1, help="of the order flow (%(default)s)")
    traders.add_argument(
        "--market",
        action="append",
        default=[],
        help="where to trade; may be given again (default: wherever the hub does)",
    )


async def _run(options: argparse.Namespace) -> None:
    from simulators import market  # a device shall not carry an HTTP client

    keys = market.load_keys(options.keys)
    try:
        now = clock.from_environment(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from error
    await market.run(options.hub, keys, options.market, options.seed, now)
