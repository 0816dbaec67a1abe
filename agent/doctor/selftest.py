"""``phoenyra-agent selftest``: does power go where it is told to go? Small pulses both ways.

The running box does it, steered by its gateway, with every interlock in force; what it was passed
with is kept there, and control relies upon it from then on.
"""

import getpass
import sys
from http import HTTPStatus

from agent.doctor import ask
from agent.doctor.ask import NoPicture
from agent.settings import AgentSettings

PATH = "/api/selftest"
ANSWER_S = 600.0
PASSED, NOT_PASSED, NOT_DONE = 0, 1, 3


def run(settings: AgentSettings) -> int:
    """Ask the box for a self-test and tell what came of it; 0: passed, 1: not, 3: not done."""
    sys.stdout.write("small pulses are tried in both directions; this takes about a minute\n")
    sys.stdout.flush()
    try:
        status, document = ask.told(settings, PATH, {"who": _who()}, ANSWER_S)
    except NoPicture as error:
        sys.stdout.write(f"not done: {error}\n")
        return NOT_DONE
    if status != HTTPStatus.OK:
        sys.stdout.write(f"not done: {document.get('message', status)}\n")
        return NOT_DONE
    for pulse in document.get("pulses", []):
        seen = {name: pulse[name][1] for name in ("inverter_kw", "meter_kw")}
        sys.stdout.write(
            f"told {pulse['told_kw']:+.2f} kW: inverter {seen['inverter_kw']:+.2f} kW,"
            f" meter {seen['meter_kw']:+.2f} kW\n"
        )
    passed = document.get("passed") is True
    sys.stdout.write(f"{'passed' if passed else 'NOT passed'}: {document.get('text', '')}\n")
    return PASSED if passed else NOT_PASSED


def _who() -> str:
    """Return whose hand it was, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody at the box"
