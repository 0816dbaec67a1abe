"""Numbers that are missing in what control sends: its ring ran over while nobody listened. Pure."""

from collections.abc import Sequence

from agent.gateway.losses import Loss
from agent.gateway.rows import Cursor
from agent.link import Item
from wire.block import Block
from wire.gap import Cause
from wire.sync import FrameClass


class Holes:
    """Follows what is stored of control's items, and finds what never came."""

    def __init__(self, cursor: Cursor, newest_us: int | None) -> None:
        """Begin behind `cursor`; `newest_us` is the time of the newest that is stored."""
        self._cursor = cursor
        self._newest_us = newest_us

    def before(self, boot: str, items: Sequence[Item]) -> list[Loss]:
        """Return what is missing before and between `items` of one run of control.

        Of a run that began before an empty file did, only later holes are known to be some.
        """
        number = self._cursor.number if self._cursor.boot == boot else -1
        if not self._cursor.boot:
            number = items[0].number - 1
        newest_us = self._newest_us
        found: list[Loss] = []
        for item in items:
            from_us, to_us = _span(item)
            if item.number > number + 1:
                since_us = from_us if newest_us is None else min(newest_us, from_us)
                found.append(_loss(item.number - number - 1, since_us, from_us))
            number, newest_us = item.number, to_us
        return found

    def stored(self, boot: str, items: Sequence[Item]) -> None:
        """Note that `items` are stored."""
        self._cursor = Cursor(boot, items[-1].number)
        self._newest_us = _span(items[-1])[1]


def _span(item: Item) -> tuple[int, int]:
    content = item.content
    if isinstance(content, Block):
        return content.at_us[0], content.at_us[-1]
    return content.at_us, content.at_us


def _loss(count: int, from_us: int, to_us: int) -> Loss:
    return Loss(
        cause=Cause.RING,
        cls=FrameClass.TELEMETRY,
        from_us=from_us,
        to_us=to_us,
        n=None,
        text=f"{count} samples and events: control's memory was too small for the time nobody"
        " listened",
    )
