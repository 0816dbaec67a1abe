"""The names of points, once in memory for all blocks of a device. Pure."""

from dataclasses import replace

from wire.block import Block


class Names:
    """Remembers the names of each device's newest block."""

    def __init__(self) -> None:
        self._points: dict[str, tuple[str, ...]] = {}

    def shared(self, block: Block) -> Block:
        """Return it with the names that the device's block before had: one copy in memory."""
        points = self._points.setdefault(block.device, block.points)
        if points != block.points:
            self._points[block.device] = block.points
            return block
        return replace(block, points=points)
