"""A simulated device from the profile that the driver uses: the same map, seen from the other side.

Every point of the profile is served at its address, in its type and scale. What the plant can
measure is measured, what the profile lets us write is kept as written, and everything else stands
at 0 or as near as its range permits. A written setpoint, enable, time-out or fall-back power
commands the plant at once.
"""

from collections.abc import Mapping, Sequence

from drivers.modbus import codec
from drivers.point import Kind, Point
from drivers.profile import Profile
from simulators.battery import Command
from simulators.modbus_server import ExceptionCode, Refusal
from simulators.plant import Plant


class Device:
    """The registers of one device; see `simulators.modbus_server.Registers`."""

    def __init__(self, profile: Profile, plant: Plant) -> None:
        self._profile = profile
        self._plant = plant
        self._words: dict[tuple[Kind, int], int] = {}
        self._owners: dict[tuple[Kind, int], list[Point]] = {}
        for point in profile.points:
            for address in range(point.address, point.address + point.count):
                self._owners.setdefault((point.kind, address), []).append(point)
        self._readable = {kind: _readable(profile, kind) for kind in Kind}
        self.power_up()

    def read(self, kind: Kind, start: int, count: int) -> Sequence[int]:
        addresses = range(start, start + count)
        if any(address not in self._readable[kind] for address in addresses):
            raise Refusal(ExceptionCode.ILLEGAL_ADDRESS)
        self._show(self._owners_of(kind, addresses), self._plant.measure())
        return [self._words.get((kind, address), 0) for address in addresses]

    def write(self, kind: Kind, start: int, values: Sequence[int]) -> None:
        addresses = range(start, start + len(values))
        owners = [self._owners.get((kind, address), []) for address in addresses]
        if not all(points and points[0].writable for points in owners):
            raise Refusal(ExceptionCode.ILLEGAL_ADDRESS)
        before = dict(self._words)
        for address, value in zip(addresses, values, strict=True):
            self._words[kind, address] = value
        touched = self._owners_of(kind, addresses)
        if any(self._value(point) is None for point in touched):
            self._words = before
            raise Refusal(ExceptionCode.ILLEGAL_VALUE)
        self._obey(touched)

    def _obey(self, touched: Sequence[Point]) -> None:
        control = self._profile.control
        if control is not None:
            self._plant.obey(self._command(), fresh=control.setpoint in touched)

    def _command(self) -> Command:
        """Return what the registers say; where the profile has none, what such a device does."""
        control = self._profile.control
        assert control is not None
        enabled = True
        if control.enable is not None:
            enabled = self._value(control.enable.point) == control.enable.value
        timeout_s = self._profile.watchdog.timeout_s
        if control.timeout is not None:
            timeout_s = self._value(control.timeout.point) or 0.0
        reversion_kw = 0.0
        if control.reversion is not None:
            reversion_kw = self._value(control.reversion.point) or 0.0
        power_kw = self._value(control.setpoint) or 0.0
        return Command(
            power_kw=power_kw, enabled=enabled, timeout_s=timeout_s, reversion_kw=reversion_kw
        )

    def power_up(self) -> None:
        """Start as a device does: its own time-out armed, not enabled, nothing written."""
        self._words.clear()
        self._show(self._profile.points, {})
        control = self._profile.control
        if control is None:
            return
        if control.timeout is not None:
            self._put(control.timeout.point, self._profile.watchdog.timeout_s)
        self._plant.obey(self._command(), fresh=False)

    def _show(self, points: Sequence[Point], measured: Mapping[str, float]) -> None:
        for point in points:
            if point.name in measured or not point.writable:
                self._put(point, measured.get(point.name, _nearest_to_zero(point)))

    def _put(self, point: Point, value: float) -> None:
        for offset, word in enumerate(self._encoded(point, value)):
            self._words[point.kind, point.address + offset] = word

    def _encoded(self, point: Point, value: float) -> Sequence[int]:
        """Return the registers for a value; one that the point cannot carry is not implemented."""
        if point.bit is not None:
            word = self._words.get((point.kind, point.address), 0) & ~(1 << point.bit)
            return [word | bool(value) << point.bit]
        try:
            return codec.encode(point, value)
        except codec.NotEncodable:
            pattern = min(point.sentinels, default=0)
            words = [pattern >> 16 * index & 0xFFFF for index in range(point.count)]
            return words if point.word_order is point.word_order.LITTLE else words[::-1]

    def _value(self, point: Point) -> float | None:
        addresses = range(point.address, point.address + point.count)
        return codec.decode(point, [self._words.get((point.kind, a), 0) for a in addresses])

    def _owners_of(self, kind: Kind, addresses: range) -> Sequence[Point]:
        found = {
            point.name: point
            for address in addresses
            for point in self._owners.get((kind, address), [])
        }
        return tuple(found.values())


def _nearest_to_zero(point: Point) -> float:
    return max(0.0, point.low or 0.0) + min(0.0, point.high or 0.0)


def _readable(profile: Profile, kind: Kind) -> frozenset[int]:
    """Return the addresses that answer: the points, and gaps that the profile reads along."""
    readable: set[int] = set()
    end = None
    for point in sorted(profile.points, key=lambda point: point.address):
        if point.kind is not kind:
            continue
        if end is not None and 0 < point.address - end <= profile.link.gap_fill:
            readable.update(range(end, point.address))
        readable.update(range(point.address, point.address + point.count))
        end = max(end or 0, point.address + point.count)
    return frozenset(readable)
