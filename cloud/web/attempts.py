"""How often an address may try to log in. Pure but for what it remembers."""

from collections import OrderedDict, deque

ATTEMPTS_MAX = 5
"""Failures of one address within the window; further tries are not even looked at."""
WINDOW_US = 60 * 1_000_000
ADDRESSES_MAX = 10_000
"""Remembered at once; the one that failed longest ago is forgotten first."""


class Attempts:
    """Failed log-ins of the last minute by address."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[int]] = OrderedDict()

    def exhausted(self, address: str, now_us: int) -> bool:
        """Say whether `address` has to wait."""
        failures = self._failures.get(address, deque())
        return sum(at_us > now_us - WINDOW_US for at_us in failures) >= ATTEMPTS_MAX

    def failed(self, address: str, now_us: int) -> None:
        """Count a failure."""
        failures = self._failures.setdefault(address, deque(maxlen=ATTEMPTS_MAX))
        failures.append(now_us)
        self._failures.move_to_end(address)
        while len(self._failures) > ADDRESSES_MAX:
            self._failures.popitem(last=False)
