"""How long a line or a unit that failed is left alone. Pure."""

from collections.abc import Callable

BACK_OFF_S_MIN = 0.1
BACK_OFF_S_MAX = 2.0
"""For a connection, and for a unit that has the line for itself."""
SILENT_S_MIN = 0.5
SILENT_S_MAX = 30.0
"""For a silent unit with neighbours, after its first silence."""
TIMEOUTS_APART = 10
"""So many time-outs lie between two attempts, times the number of silent units: together they
cost at most about a tenth of the line's time."""
_DOUBLINGS_MAX = 10


def connection_pause_s(failures: int, uniform: Callable[[float, float], float]) -> float:
    """Return the pause after a connection that failed, as `failures` before it did.

    `uniform(low, high)` is the source of chance: boxes must not come back all at once.
    """
    return uniform(BACK_OFF_S_MIN / 2, _doubled(BACK_OFF_S_MIN, failures, BACK_OFF_S_MAX))


def unit_pause_s(failures: int) -> float:
    """Return the pause of a unit whose request failed, as `failures` before it did."""
    return _doubled(BACK_OFF_S_MIN, failures, BACK_OFF_S_MAX)


def silent_pause_s(failures: int, timeout_s: float, silent_units: int) -> float:
    """Return the pause of a silent unit that has neighbours, `failures` counted as above.

    The first silence may be one lost frame, and costs no more than on a line of its own.
    """
    if not failures:
        return unit_pause_s(failures)
    most_s = max(BACK_OFF_S_MAX, TIMEOUTS_APART * timeout_s * silent_units)
    return _doubled(SILENT_S_MIN, failures - 1, min(SILENT_S_MAX, most_s))


def _doubled(first_s: float, times: int, most_s: float) -> float:
    return min(most_s, first_s * 2.0 ** min(times, _DOUBLINGS_MAX))
