"""A direction or a value that closes at once and opens again only after a time of health. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether something is closed, and since when it might be opened again."""

    closed: bool = False
    well_since_s: float | None = None
    """While closed: since when all has been well, by the event loop's time."""

    def after(self, *, bad: bool, well: bool, hold_s: float, at_s: float) -> "Gate":
        """Return the gate once this cycle has been looked at.

        Args:
            bad: it has to be closed now.
            well: it could be open; between the two nothing changes.
            hold_s: how long all has to be well before it opens.
            at_s: the event loop's time.
        """
        if bad:
            return CLOSED
        if not self.closed:
            return self
        if not well:
            return CLOSED
        since_s = at_s if self.well_since_s is None else self.well_since_s
        return OPEN if at_s - since_s >= hold_s else Gate(True, since_s)


OPEN = Gate()
CLOSED = Gate(closed=True)
