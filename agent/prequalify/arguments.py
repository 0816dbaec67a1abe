"""What the verb ``prequalify`` takes."""

import argparse
from pathlib import Path

LIST = "list"
VERIFY = "verify"


def add(parser: argparse.ArgumentParser) -> None:
    """Add its arguments."""
    parser.add_argument(
        "ruleset",
        metavar="RULESET",
        help="whose tests; 'list' names them, 'verify' checks a report",
    )
    parser.add_argument(
        "report", metavar="REPORT", type=Path, nargs="?", help="with verify: the HTML or JSON file"
    )
    parser.add_argument("--config", type=Path, help="the site's TOML file")
    parser.add_argument(
        "--rehearse", action="store_true", help="against a model of the plant, not the plant itself"
    )
    parser.add_argument(
        "--test", action="append", metavar="ID", help="only this test; may be given several times"
    )
    parser.add_argument(
        "--capacity-kw", type=float, help="of the product; default: what is awarded"
    )
    _report(parser)
    parser.add_argument("--pdf", action="store_true", help="print the report with Chromium as well")
    parser.add_argument(
        "--meter-lag-s", type=float, default=1.0, help="of the frequency meter; for sine tests"
    )
    model = parser.add_argument_group("the model of a rehearsal")
    model.add_argument("--dead-ms", type=float, default=300.0, help="until a setpoint acts")
    model.add_argument("--lag-ms", type=float, default=500.0, help="of the inverter, first order")
    model.add_argument("--noise-pct", type=float, default=1.0, help="± of the rated power")


def add_compliance(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb ``compliance``."""
    parser.add_argument("ruleset", metavar="RULESET", help="by whose rules")
    parser.add_argument("--config", type=Path, required=True, help="the site's TOML file")
    parser.add_argument("--from", dest="begin", required=True, help="2026-05-01T00:00Z")
    parser.add_argument("--to", dest="end", required=True, help="at most a week later")
    _report(parser)


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, help="folder of the report; default: data_dir/reports"
    )
    parser.add_argument("--language", choices=("en", "de"), default="en", help="of the report")
    parser.add_argument("--key-file", type=Path, help="signs; default: data_dir/report.key")
