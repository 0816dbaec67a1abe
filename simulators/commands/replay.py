"""``phoenyra-sim replay``: an order file traded again on a hub."""

import argparse
import os
import sys
from pathlib import Path

from simulators.arguments import Parser, number
from simulators.errors import BadInput
from simulators.prices import MARKET
from wire import clock

SPEED_MAX = 100_000.0


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    replay = kinds.add_parser(
        "replay",
        help="an order file traded again on a hub",
        description="Enter and cancel what a file says, in its order, with two accounts: one buys,"
        " one sells. The file is CSV: the benchmark's stream kind,order,side,price,quantity, or a"
        " head with at,action,order,side,price_eur_mwh,power_kw and, if wanted, delivery_start,"
        "delivery_end,market,execution. Deliveries are moved by whole quarter-hours, so that the"
        " file's first instant is now.",
    )
    replay.set_defaults(run=_run)
    replay.add_argument("--hub", required=True, metavar="URL", help="http://127.0.0.1:9000")
    replay.add_argument(
        "--keys",
        required=True,
        type=Path,
        metavar="FILE",
        help='JSON with two trader keys of two accounts: {"buyer": "pho_…", "seller": "pho_…"}',
    )
    replay.add_argument("--orders", required=True, type=Path, metavar="FILE", help="the CSV file")
    replay.add_argument(
        "--speed",
        type=number(float, 0.001, SPEED_MAX),
        default=1.0,
        metavar="N",
        help="so many times as fast as the file's own times (%(default)s); a file without times"
        " is traded as fast as the hub answers",
    )
    replay.add_argument("--market", default=MARKET, help="where the file names none (%(default)s)")
    replay.add_argument("--over", choices=("socket", "http"), default="socket", help="(socket)")


async def _run(options: argparse.Namespace) -> None:
    from simulators import replay  # a device shall not carry an HTTP client

    try:
        now = clock.from_environment(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from error
    result = await replay.trade_file(
        options.orders,
        options.hub,
        replay.load_keys(options.keys),
        options.market,
        now,
        speed=options.speed,
        over_socket=options.over == "socket",
    )
    sys.stdout.write("".join(f"{line}\n" for line in result.lines()))
