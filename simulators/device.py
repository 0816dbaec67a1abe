"""A simulated device from the profile that the driver uses: the same map, seen from the other side.

Every point of the profile is served at its address, in its type and scale. What the plant can
measure is measured, what the profile lets us write is kept as written, and everything else stands
at what the profile knows such a device by, or at 0, or as near as its range permits. What is
written commands the plant at once, see `simulators.orders`.
"""

from collections.abc import Mapping, Sequence

from drivers.modbus import codec
from drivers.point import Coding, Kind, Order, Point
from drivers.profile import Profile
from simulators import instruments, orders
from simulators.modbus_server import ExceptionCode, Refusal
from simulators.plant import Plant

Address = tuple[Kind, int]


class Device:
    """The registers of one device; see `simulators.modbus_server.Registers`."""

    def __init__(self, profile: Profile, plant: Plant) -> None:
        self._profile = profile
        self._plant = plant
        self._words: dict[Address, int] = {}
        self._written: set[Point] = set()
        self._owners: dict[Address, list[Point]] = {}
        for point in profile.points:
            for address in _addresses(point):
                self._owners.setdefault(address, []).append(point)
        self._readable = _readable(profile)
        self.power_up()

    def power_up(self) -> None:
        """Start as a device does: its own time-out armed, in its own mode, nothing written."""
        self._words.clear()
        self._written.clear()
        self._plant.faults.start()
        for point in self._profile.points:
            self._put(point, self._standing(point))
        control = self._profile.control
        if control is None:
            return
        for setting in control.stop:
            self._put(setting.point, setting.value)
        if control.timeout is not None:
            self._put(control.timeout.point, self._profile.watchdog.timeout_s)
        self._obey((), ())

    def read(self, kind: Kind, start: int, count: int) -> Sequence[int]:
        addresses = [(kind, address) for address in range(start, start + count)]
        if not self._readable.issuperset(addresses):
            raise Refusal(ExceptionCode.ILLEGAL_ADDRESS)
        measured = instruments.shown(self._plant.measure(), self._plant.rating)
        for point in self._owners_of(addresses):
            if point not in self._written:
                self._show(point, measured)
        return [self._words.get(address, 0) for address in addresses]

    def write(self, kind: Kind, start: int, values: Sequence[int]) -> None:
        addresses = [(kind, start + offset) for offset in range(len(values))]
        owners = [self._owners.get(address, []) for address in addresses]
        if not all(points and points[0].writable for points in owners):
            raise Refusal(ExceptionCode.ILLEGAL_ADDRESS)
        faults = self._plant.faults
        if faults.current.deaf or (faults.starting and self._carries_power(owners)):
            return
        touched = [point for point in self._owners_of(addresses) if point.writable]
        before, values_before = dict(self._words), [self._value(point) for point in touched]
        self._words.update(zip(addresses, values, strict=True))
        values_now = [self._value(point) for point in touched]
        if None in values_now:
            self._words = before
            raise Refusal(ExceptionCode.ILLEGAL_VALUE)
        self._written.update(touched)
        pairs = zip(touched, values_before, values_now, strict=True)
        self._obey(touched, [point for point, old, new in pairs if old != new])

    def _carries_power(self, owners: Sequence[Sequence[Point]]) -> bool:
        control = self._profile.control
        return control is not None and any(
            point in control.setpoints for points in owners for point in points
        )

    def _obey(self, written: Sequence[Point], changed: Sequence[Point]) -> None:
        control, watchdog = self._profile.control, self._profile.watchdog
        if control is None:
            return
        command = orders.command(control, watchdog, self._value, self._plant.rating.power_kw)
        fresh = orders.keeps_alive(self._profile, written, changed)
        self._plant.obey(command, fresh=fresh)

    def _show(self, point: Point, measured: Mapping[str, float]) -> None:
        """Put what the instruments say now; what no instrument says stays as it stands."""
        value = measured.get(point.name)
        if value is None and point.texts:
            value = instruments.state_code(dict(point.texts), measured["ac.power_kw"])
        if value is not None:
            self._put(point, value)

    def _standing(self, point: Point) -> float:
        """Return the value of a point that no instrument measures."""
        low = -float("inf") if point.low is None else point.low
        high = float("inf") if point.high is None else point.high
        for mark in self._profile.identify:
            if mark.point.name == point.name and not mark.text:
                low, high = max(low, mark.low), min(high, mark.high)
        return min(max(0.0, low), high)

    def _put(self, point: Point, value: float) -> None:
        for address, word in zip(_addresses(point), self._encoded(point, value), strict=True):
            self._words[address] = word

    def _encoded(self, point: Point, value: float) -> Sequence[int]:
        """Return the registers; a value that does not fit is not implemented, or the most."""
        if point.coding is Coding.STRING:
            return _text_words(point, self._text_of(point))
        if point.bit is not None:
            return self._with_bit(point, set_=bool(value))
        try:
            return codec.encode(point, value)
        except codec.NotEncodable:
            most = (1 << point.coding.bits - point.coding.signed) - 1
            pattern = min(point.sentinels, default=most if value * point.scale > 0.0 else 0)
            words = [pattern >> 16 * index & 0xFFFF for index in range(point.count)]
            return words if point.word_order is Order.LITTLE else words[::-1]

    def _with_bit(self, point: Point, *, set_: bool) -> Sequence[int]:
        """Return the point's registers as they are, but for its bit."""
        words = [self._words.get(address, 0) for address in _addresses(point)]
        bit = point.bit or 0
        lowest_first = point.word_order is Order.LITTLE
        index = bit // 16 if lowest_first else len(words) - 1 - bit // 16
        mask = 1 << bit % 16
        words[index] = words[index] | mask if set_ else words[index] & ~mask
        return words

    def _text_of(self, point: Point) -> str:
        """Return the name that the profile recognises, or one of a simulator."""
        for mark in self._profile.identify:
            if mark.point.name == point.name:
                return mark.text.replace("*", "")
        return f"SIM-{self._profile.head.id}"

    def _value(self, point: Point) -> float | None:
        return codec.decode(point, [self._words.get(address, 0) for address in _addresses(point)])

    def _owners_of(self, addresses: Sequence[Address]) -> Sequence[Point]:
        found = {
            point.name: point for address in addresses for point in self._owners.get(address, [])
        }
        return tuple(found.values())


def _addresses(point: Point) -> Sequence[Address]:
    return [(point.kind, point.address + offset) for offset in range(point.count)]


def _text_words(point: Point, text: str) -> Sequence[int]:
    """Return ASCII, two letters a register, padded with NUL."""
    letters = text.encode("ascii", "replace")[: 2 * point.count].ljust(2 * point.count, b"\0")
    order = point.byte_order.value
    pairs = [letters[at : at + 2] for at in range(0, len(letters), 2)]
    return [int.from_bytes(pair, "little" if order == "little" else "big") for pair in pairs]


def _readable(profile: Profile) -> frozenset[Address]:
    """Return the addresses that answer: the points, and gaps that the profile reads along."""
    readable: set[Address] = set()
    for kind in Kind:
        end = None
        points = [p for p in profile.points if p.kind is kind and p.readable]
        for point in sorted(points, key=lambda point: point.address):
            if end is not None and 0 < point.address - end <= profile.link.gap_fill:
                readable.update((kind, address) for address in range(end, point.address))
            readable.update((kind, address) for address in point.span)
            end = max(end or 0, point.address + point.count)
    return frozenset(readable)
