"""Which values are worth telling again. Pure.

Report by exception: a value goes out when it moved by more than its deadband or its quality
changed, and at the latest after `REPEAT_US`, so that a listener can tell silence from rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from wire.block import Quality, Reading
from wire.points import STANDARD

REPEAT_US = 30_000_000
_DECIMALS = 3
"""Of a point that is not in the table of standard points."""

Named = tuple[str, Reading]
"""A device and one of its readings."""


@dataclass(frozen=True, slots=True)
class _Told:
    value: float | None
    quality: Quality
    told_us: int


class News:
    """What was told, point by point."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], _Told] = {}

    def forget(self) -> None:
        """Tell everything again: the listener starts afresh."""
        self._told.clear()

    def of(self, readings: Iterable[Named], now_us: int) -> list[Named]:
        """Return the readings that are to be told now, and count them as told."""
        fresh = [
            (device, reading) for device, reading in readings if self._due(device, reading, now_us)
        ]
        for device, reading in fresh:
            self._told[device, reading.point] = _Told(reading.value, reading.quality, now_us)
        return fresh

    def _due(self, device: str, reading: Reading, now_us: int) -> bool:
        told = self._told.get((device, reading.point))
        if told is None or told.quality is not reading.quality:
            return True
        if now_us - told.told_us >= REPEAT_US or now_us < told.told_us:
            return True
        if told.value is None or reading.value is None:
            return told.value is not reading.value
        return abs(reading.value - told.value) >= deadband(reading.point)


def deadband(point: str) -> float:
    """Return the smallest change that a person would see."""
    known = STANDARD.get(point)
    return float(10.0 ** -(_DECIMALS if known is None else known.decimals))
