"""What the gateway has not been told yet of the newest readings, in portions. Pure.

A large plant has ten thousand points, and its picture is sent several times a second: so a
picture carries only the readings that are new, at most so many, and goes on where the one before
it ended. No point has to wait longer than one round.
"""

from collections.abc import Sequence

from wire.block import Reading

Picture = Sequence[tuple[str, Reading]]
"""(device, newest reading) of every point, in an order that stays."""

PORTION_MAX = 2_000


class Changes:
    """What one connection has been told."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], Reading] = {}
        self._next = 0

    def take(self, picture: Picture, most: int = PORTION_MAX) -> tuple[tuple[str, Reading], ...]:
        """Return what is new in `picture`, and count it as told."""
        told = self._told
        new: list[tuple[str, Reading]] = []
        start = self._next if self._next < len(picture) else 0
        self._next = 0
        for index in (*range(start, len(picture)), *range(start)):
            device, reading = picture[index]
            before = told.get((device, reading.point))
            if before is reading or before == reading:
                continue
            if len(new) == most:
                self._next = index
                break
            told[device, reading.point] = reading
            new.append(picture[index])
        return tuple(new)
