"""What a device told last, point by point: for devices that speak unasked.

A value counts from its own time, which its message states or its arrival gives. One that came
already old (a retained message, a source whose clock stands still) is STALE from the start and
never refreshes what is known. A value that its device tells only when it changes stays true for
as long as the device is `confirm`-ed to be there, unless a word that came later was dropped: it
said something else, and was either overtaken or told by a clock that has been set back.
"""

from collections.abc import Iterable, Sequence

from drivers.base import Rate
from drivers.tag import Tag
from wire.block import Quality, Reading

AHEAD_US_MAX = 60_000_000
"""A value further in the future than this comes from a wrong clock and is not believed."""
OLD_US_MAX = 3_600_000_000
"""A value older than this never counts as live, whatever its tag says."""


class Newest:
    """The newest reading of every tag of one device."""

    def __init__(self, tags: Iterable[Tag]) -> None:
        self._tags = {tag.name: tag for tag in tags}
        self._readings: dict[str, Reading] = {}
        self._stated_us: dict[str, int] = {}
        """The time that the source stated, which may be ahead of ours; messages go by it."""
        self._doubted: set[str] = set()
        """Points of which the last word was dropped, and differed from what is known."""
        self._confirmed_us: int | None = None

    def add(self, tag: Tag) -> None:
        """Know one more tag, of a device whose points are not all in its profile."""
        self._tags[tag.name] = tag

    def put(self, name: str, value: float | None, at_us: int, now_us: int) -> None:
        """Take one value in; None is a value that cannot be used.

        An older one than what is known is dropped, so a late or repeated message changes no value.
        What is only `confirm`-ed is doubted then, until something newer comes.
        """
        before_us = self._stated_us.get(name, at_us)
        if at_us < min(before_us, now_us) and before_us <= now_us + AHEAD_US_MAX:
            self._doubt(name, value)
            return
        quality = Quality.GOOD if value is not None else Quality.BAD
        if at_us > now_us + AHEAD_US_MAX:
            quality, value, at_us = Quality.BAD, None, now_us
        self._readings[name] = Reading(name, value, quality, min(at_us, now_us))
        self._stated_us[name] = at_us
        self._doubted.discard(name)

    def _doubt(self, name: str, value: float | None) -> None:
        if value == self._readings[name].value:
            self._doubted.discard(name)
        else:
            self._doubted.add(name)

    def forget(self, name: str) -> None:
        """Forget one point, so that what comes next counts whatever its time."""
        self._readings.pop(name, None)
        self._stated_us.pop(name, None)
        self._doubted.discard(name)

    def confirm(self, now_us: int) -> None:
        """Note that the device is there and that whatever changed has been told."""
        self._confirmed_us = now_us

    def lose(self) -> None:
        """Note that the device is gone: nothing it said counts until it says it again."""
        self._readings.clear()
        self._stated_us.clear()
        self._doubted.clear()
        self._confirmed_us = None

    def readings(self, rate: Rate, now_us: int) -> Sequence[Reading]:
        """Return one reading for each tag of `rate`, in the order of the profile."""
        return [self._reading(tag, now_us) for tag in self._tags.values() if tag.rate is rate]

    def _reading(self, tag: Tag, now_us: int) -> Reading:
        reading = self._readings.get(tag.name)
        if reading is None:
            return Reading(tag.name, None, Quality.LOST, now_us)
        if reading.quality is not Quality.GOOD:
            return reading
        if reading.at_us > now_us:  # our own clock was set back: it ages from now on
            reading = Reading(tag.name, reading.value, reading.quality, now_us)
            self._readings[tag.name] = reading
        age_us = now_us - reading.at_us
        if tag.stale_s is not None:
            stale = age_us > min(tag.stale_s * 1_000_000, OLD_US_MAX)
            return _stale(reading) if stale else reading
        if self._confirmed_us is None:
            return _stale(reading) if age_us > OLD_US_MAX else reading
        if tag.name in self._doubted:
            return _stale(reading)
        return Reading(
            tag.name, reading.value, Quality.GOOD, max(reading.at_us, self._confirmed_us)
        )


def _stale(reading: Reading) -> Reading:
    return Reading(reading.point, reading.value, Quality.STALE, reading.at_us)
