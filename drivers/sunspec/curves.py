"""Points of curves: read together with what else their value takes, and shown by it. Pure.

A curve says how many of its points are active; what lies in the registers behind those is no value.
And a long model puts curves out of the reach of a request that begins at their scale factors. So
such a point is read under an inner name, as are the two registers that it depends on, in the same
pass; its own name gets the value that follows, or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from drivers.base import Rate
from drivers.modbus import codec
from drivers.point import Coding, Kind, Point
from drivers.sunspec.resolve import Found
from wire.block import Quality, Reading

_INNER = "@"
"""No name of a profile begins so."""


class Curves:
    """The points among `found` whose own registers do not say all of their value."""

    def __init__(self, found: Mapping[str, Found], max_registers: int) -> None:
        """Args: what a device has, by name; `max_registers` of one request."""
        self._apart = {
            name
            for name, each in found.items()
            if each.counted and len(each.point.span) > max_registers
        }
        self._found = {
            name: each
            for name, each in found.items()
            if each.point.readable and (name in self._apart or each.active_address is not None)
        }

    def read(self, points: Sequence[Point]) -> tuple[Point, ...]:
        """Return what is to be read so that `points` can be shown."""
        asked: dict[str, Point] = {}
        for point in points:
            found = self._found.get(point.name)
            if found is None:
                asked[point.name] = point
                continue
            for address in (found.active_address, self._scale_address(found)):
                if address is not None:
                    word = _word(address, point.rate)
                    asked[word.name] = word
            inner = self._raw(point) if point.name in self._apart else point
            asked[_INNER + point.name] = replace(inner, name=_INNER + point.name)
        return tuple(asked.values())

    def shown(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """Return the readings by their own names, the inner ones put to use."""
        if not self._found:
            return readings
        given = {reading.point: reading for reading in readings}
        plain = [reading for reading in readings if not reading.point.startswith(_INNER)]
        return plain + [
            self._reading(found, given[_INNER + name], given)
            for name, found in self._found.items()
            if _INNER + name in given
        ]

    def inactive(self, readings: Sequence[Reading]) -> tuple[str, ...]:
        """Return the points that their curves do not use, by what was read."""
        given = {reading.point: reading for reading in readings}
        return tuple(
            name
            for name, found in self._found.items()
            if _INNER + name in given and (_beyond(found, given) is True)
        )

    def _reading(self, found: Found, inner: Reading, given: Mapping[str, Reading]) -> Reading:
        point, value = found.point, inner.value
        if value is not None and _beyond(found, given) is not False:
            value = None
        if value is not None and point.name in self._apart:
            scale = _register(_said(self._scale_address(found), point.rate, given))
            exponent = None if scale is None else codec.exponent_in(scale)
            value = codec.decode(point, codec.encode(self._raw(point), value), exponent)
        quality = Quality.BAD if value is None else Quality.GOOD
        return Reading(point.name, value, quality, inner.at_us)

    def _scale_address(self, found: Found) -> int | None:
        return found.point.scale_address if found.point.name in self._apart else None

    @staticmethod
    def _raw(point: Point) -> Point:
        """Return a point whose value is the number in its registers."""
        return replace(point, scale=1.0, offset=0.0, scale_address=None, low=None, high=None)


def _word(address: int, rate: Rate) -> Point:
    return Point(
        name=f"{_INNER}{address} {rate.value}",
        kind=Kind.HOLDING,
        address=address,
        coding=Coding.UINT16,
        rate=rate,
    )


def _said(address: int | None, rate: Rate, given: Mapping[str, Reading]) -> Reading | None:
    return None if address is None else given.get(_word(address, rate).name)


def _register(reading: Reading | None) -> int | None:
    return None if reading is None or reading.value is None else round(reading.value)


def _beyond(found: Found, given: Mapping[str, Reading]) -> bool | None:
    """Return whether its curve has fewer active points; None: the device does not give that.

    A curve that has not implemented the number, 0xFFFF, leaves none out.
    """
    if found.active_address is None:
        return False
    active = _register(_said(found.active_address, found.point.rate, given))
    return None if active is None else found.number > active
