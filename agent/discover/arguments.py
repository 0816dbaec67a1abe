"""The options of ``phoenyra-agent discover``; light, because every verb's parser carries them."""

import argparse
from pathlib import Path

from agent.discover.targets import PORTS

PER_S = 50.0
PER_S_MAX = 1_000.0
_USUAL = ",".join(str(port) for port in PORTS)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--network", metavar="CIDR", help="192.168.1.0/24, or one address")
    parser.add_argument("--serial", metavar="PORT", help="/dev/ttyUSB0: Modbus units on this line")
    parser.add_argument(
        "--ports", default=_USUAL, help="where to knock: 502,opcua:4841 (default %(default)s)"
    )
    parser.add_argument(
        "--units", default="", help="Modbus units to ask: 1-10,71 (default: as delivered)"
    )
    parser.add_argument(
        "--rate", type=float, default=PER_S, help="connections a second, at most (%(default)g)"
    )
    parser.add_argument(
        "--public", action="store_true", help="the network is really meant to be a public one"
    )
    parser.add_argument("--site", default="my-site", help="its name in the configuration")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the configuration to a new file"
    )
