"""Numbers as callers may write them, in a JSON number or in a text; one place for all. Pure."""

import re
from decimal import Decimal

from pydantic import BeforeValidator

EXPONENT_MAX = 30
"""Of a number that was read exactly: to make a whole number of 1e99999999 takes minutes."""
_WRITTEN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def _written_plainly(value: object) -> object:
    """Refuse what Python alone takes for a number: ``true``, ``1_000``, digits of other scripts.

    And what nobody writes out: far more digits than a number has that means anything here.
    """
    if isinstance(value, bool):
        raise ValueError("a number is expected")
    if isinstance(value, Decimal) and not _can_be_written_out(value):
        raise ValueError(f"a number with an exponent of {EXPONENT_MAX} at most is expected")
    if isinstance(value, str) and _WRITTEN.fullmatch(value) is None:
        raise ValueError("a number as 85.5 is expected, in the digits 0 to 9")
    return value


def _can_be_written_out(value: Decimal) -> bool:
    return not value.is_finite() or abs(value.adjusted()) <= EXPONENT_MAX


Plain = BeforeValidator(_written_plainly)
"""For prices, energies and powers of a body; what follows says their type and bounds."""
