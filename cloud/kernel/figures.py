"""Numbers as callers may write them, in a JSON number or in a text; one place for all. Pure."""

import re

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def _written_plainly(value: object) -> object:
    """Refuse what Python alone takes for a number: ``true``, ``1_000``, digits of other scripts."""
    if isinstance(value, bool):
        raise ValueError("a number is expected")
    if isinstance(value, str) and _WRITTEN.fullmatch(value) is None:
        raise ValueError("a number as 85.5 is expected, in the digits 0 to 9")
    return value


Plain = BeforeValidator(_written_plainly)
"""For prices, energies and powers of a body; what follows says their type and bounds."""
