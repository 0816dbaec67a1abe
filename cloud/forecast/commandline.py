"""``phoenyra-hub backtest``: what follows it, and nothing that takes time to load."""

import argparse
from datetime import date
from importlib import import_module
from pathlib import Path

_YEARS = range(1990, 2200)
_EPILOG = """\
Files are CSV, plain or gzip: a time first, then numbers. The price is the column that is called \
after the area, else the one that says "price", else the first; columns that are no prices are \
forecasts of load, wind or whatever, known before the gate. Several files follow each other in \
time: quarter-hours may go on from hours. A run that was stopped goes on where it was."""


class BadBacktest(Exception):
    """A backtest cannot be made of what was given; one line says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what follows ``phoenyra-hub backtest``."""
    parser.epilog = _EPILOG
    parser.add_argument("--area", required=True, help="DE-LU, AT, …; holidays are those of it")
    parser.add_argument("--data", required=True, nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--from", type=_day, dest="first", metavar="YYYY-MM-DD", help="first scored day"
    )
    parser.add_argument("--to", type=_day, dest="last", metavar="YYYY-MM-DD", help="last one")
    parser.add_argument("--reference", type=Path, metavar="FILE", help="forecasts to compare with")
    parser.add_argument(
        "--inputs", type=_names, metavar="NAME,…", help="columns that are read beside the price"
    )
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="each plot as a file")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: backtest-AREA")


def run(options: argparse.Namespace) -> None:
    """Make a backtest and its report.

    Raises:
        BadBacktest: see there.
    """
    # Loaded when it is asked for: a hub that serves needs neither solver nor trees.
    import_module("cloud.forecast.report.command").run(options)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; 2026-11-21 is expected")
    return day


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)
