"""What follows ``phoenyra-agent enrol`` on the command line."""

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; nothing that they need is loaded yet."""
    parser.add_argument("url", metavar="URL", help="where the hub is: https://…")
    parser.add_argument("code", metavar="CODE", help="the one-time code that the hub printed")
    parser.add_argument("--config", type=Path, required=True, help="the site's TOML file")
    parser.add_argument(
        "--insecure-http",
        action="store_true",
        help="send the code over a line that everybody on the way can read",
    )
