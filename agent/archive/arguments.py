"""What the verb ``export`` takes."""

import argparse
from pathlib import Path

FORMATS = {
    "archive": "every column of every second, and the words in force (German 1 s archive)",
    "nordic": "the Nordic log file of operation",
    "dutch": "power and baseline in MW for the Dutch grid operator",
    "decisions": "decision traces, a JSON document a line",
    "record": "every beat around events",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="the site's TOML file")
    formats = "; ".join(f"{name}: {what}" for name, what in FORMATS.items())
    parser.add_argument("--format", choices=FORMATS, default="archive", help=formats)
    parser.add_argument("--from", dest="begin", required=True, help="a date or time, UTC")
    parser.add_argument("--to", dest="end", required=True, help="a date or time, UTC, not included")
    parser.add_argument(
        "--out", type=Path, default=Path(), help="a folder or a file; default: this folder"
    )
    parser.add_argument("--resource", default="", help="nordic: the unit's name; default: the site")
    parser.add_argument("--area", default="SE3", help="nordic: the bidding area")
    parser.add_argument("--product", default="fcr_n", help="nordic: fcr_n, fcr_d_up, fcr_d_down")
    parser.add_argument("--timezone", default="CET", help="nordic: CET (no summer time) or UTC")
    parser.add_argument("--date", default="", help="nordic: last part of the file's name")
