"""What the verbs ``doctor`` and ``status`` take."""

import argparse
from pathlib import Path


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that both verbs share."""
    parser.add_argument("--config", type=Path, required=True, help="the site's TOML file")
    parser.add_argument("--json", action="store_true", help="tell it to a program")
