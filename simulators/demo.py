"""``./run demo``: the whole system on one computer, as a newcomer's first look at it.

A hub, two battery sites with an agent and a simulated inverter each, and a market: separate
programs, started, watched and stopped together, with everything kept in one folder.
"""

import argparse
import asyncio
import atexit
import gc
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from simulators import demo_folder
from simulators.arguments import Parser, number
from simulators.demo_report import Report
from simulators.demo_run import Demo
from simulators.demo_world import PORT_BASE_MAX, Ports
from simulators.errors import BadInput
from simulators.hub_client import HubRefused, HubUnreachable
from simulators.processes import ChildFailed
from simulators.stopping import until_told_to_stop


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration until Ctrl-C or its time is over; return the exit code."""
    atexit.register(gc.freeze)  # an end that looks for garbage once more takes a tenth of a second
    options = _parser().parse_args(arguments)
    report = Report(time.monotonic)
    try:
        with demo_folder.opened(options.data, fresh=options.fresh) as folder:
            ports = Ports(options.port_base)
            _check_ports(ports)
            demo = Demo(folder, ports, report, options.minutes, browser=not options.no_browser)
            asyncio.run(until_told_to_stop(demo.run()))
            report.ended(folder.shown)
    except BadInput as error:
        sys.stderr.write(f"demo: {error}\n")
        return 2
    except HubRefused as error:
        sys.stderr.write(f"demo: the hub refuses: {error}; --fresh begins anew\n")
        return 1
    except (ChildFailed, HubUnreachable) as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    except BrokenPipeError:
        return 0  # as with 'head': whoever started it has seen enough
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="demo",
        description="Start two simulated battery sites with their agents, a hub and a market, and"
        " say where to look. Needs no internet. Ends with Ctrl-C.",
    )
    parser.add_argument(
        "--minutes",
        type=number(float, 0.1, 100_000),
        metavar="N",
        help="show it for so long, then end",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the hub's page")
    parser.add_argument(
        "--port-base",
        type=number(int, 1024, PORT_BASE_MAX),
        default=9000,
        metavar="P",
        help="hub on P, the boxes' pages from P+81, the inverters from P+502 (%(default)s)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path("demo-data"),
        metavar="DIR",
        help="where everything is kept (%(default)s)",
    )
    parser.add_argument("--fresh", action="store_true", help="forget what earlier starts have left")
    return parser


def _check_ports(ports: Ports) -> None:
    """Raise `BadInput` when something else listens on one of them."""
    taken = [f"{port} ({use})" for port, use in ports.named().items() if not _is_free(port)]
    if taken:
        others = (Ports(base) for base in range(10_000, PORT_BASE_MAX, 1_000))
        free = next((o.base for o in others if all(map(_is_free, o.named()))), ports.base)
        raise BadInput(
            f"in use by another program: port {', '.join(taken)};"
            f" choose others with --port-base, for example --port-base {free}"
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
