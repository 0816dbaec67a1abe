"""``phoenyra-sim transparency``: a platform of market data to try a hub's feed ``entsoe`` with."""

import argparse
import asyncio
import os
import sys

from simulators.arguments import Parser, number
from simulators.errors import BadInput
from wire import clock

PORT = 9200
GUEST = "simulated-token"
"""Let in unless another one is named."""
_EIC_CHARS = 16


def add(kinds: "argparse._SubParsersAction[Parser]") -> None:
    platform = kinds.add_parser(
        "transparency",
        help="a platform of market data in the manner of ENTSO-E's, without a token of theirs",
        description="Serve documents in the shape of the European transparency platform, made from"
        " numbers of our own: prices of two auctions, load, sun and wind, flows, imbalance,"
        " outages. Nothing is there before its hour. Ends with Ctrl-C.",
    )
    platform.set_defaults(run=_run)
    platform.add_argument(
        "--port", type=number(int, 1, 65_535), default=PORT, help="on 127.0.0.1 (%(default)s)"
    )
    platform.add_argument(
        "--token", default=GUEST, help="the only one that is let in (%(default)s)"
    )
    platform.add_argument(
        "--spoil",
        action="append",
        default=[],
        metavar="EIC=WHAT",
        help="what is wrong with all answers on an area: bomb, external, other, html, empty, half,"
        " unit, kilowatts, hole, trouble; may be given again",
    )


async def _run(options: argparse.Namespace) -> None:
    from simulators.entsoe_platform import Platform  # a device shall not carry a web server
    from simulators.entsoe_server import platform_server
    from simulators.entsoe_spoiling import KINDS

    spoiled = {}
    for text in options.spoil:
        eic, _, what = text.partition("=")
        if len(eic) != _EIC_CHARS or what not in KINDS:
            allowed = ", ".join(KINDS)
            raise BadInput(f"--spoil: {text!r} is not allowed; an EIC=WHAT of {allowed} is")
        spoiled[eic] = what
    try:
        now = clock.from_environment(os.environ)
    except ValueError as error:
        raise BadInput(str(error)) from error
    platform = Platform(token=options.token, now_us=now.now_us, spoiled=spoiled)
    try:
        async with platform_server(platform, int(options.port)) as address:
            sys.stdout.write(f"answering on {address} for token {options.token}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()
    except OSError as error:
        raise BadInput(f"--port: {options.port} cannot be had: {error.strerror}") from error
