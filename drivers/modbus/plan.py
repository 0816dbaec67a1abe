"""Which registers are asked for in which requests. Pure: the time is an argument.

Points of one table that lie close together share a request; a few unnamed registers between them
are read along. What the device refused is left out for a while: a refused point is not asked for,
and no request runs across a border behind which the device refused to go on.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from drivers.base import Rate
from drivers.point import Kind, Point

BITS_MAX = 2_000
"""Bits of one read; Modbus application protocol 1.1b3, clause 6.1."""
REMEMBER_S = 60.0
"""After this long a refused register is tried again: devices change their mind after a start."""
RETRY_S = 2.0
"""The same for a device that gave nothing at all."""

Border = tuple[Kind, int]
"""A request may end before this address or begin at it, but not run across."""


@dataclass(frozen=True, slots=True)
class Request:
    """One read: `count` registers (or bits) from `start`, and the points that lie in them."""

    kind: Kind
    start: int
    count: int
    points: tuple[Point, ...]
    """By address."""

    def registers_of(self, point: Point, answer: Sequence[int]) -> Sequence[int]:
        """Return the point's own part of the answer, found by address."""
        first = point.address - self.start
        return answer[first : first + point.count]


def plan(
    points: Iterable[Point],
    max_registers: int,
    gap_fill: int,
    borders: Set[Border] = frozenset(),
) -> tuple[Request, ...]:
    """Return requests that together cover every point exactly once.

    Args:
        points: in any order; points may share registers (bits of a status word).
        max_registers: of one request; bits have a limit of their own.
        gap_fill: how many unnamed registers may be read along between two points.
        borders: where requests must not run across.
    """
    requests: list[Request] = []
    ordered = sorted(points, key=lambda point: (point.kind, point.address, point.count))
    for point in ordered:
        joined = _joined(requests[-1], point, max_registers, gap_fill) if requests else None
        if joined is None or _crosses(joined, borders):
            requests.append(Request(point.kind, point.address, point.count, (point,)))
        else:
            requests[-1] = joined
    return tuple(requests)


def _joined(request: Request, point: Point, max_registers: int, gap_fill: int) -> Request | None:
    end = request.start + request.count
    count = max(end, point.address + point.count) - request.start
    most = BITS_MAX if point.kind.of_bits else max_registers
    if point.kind is not request.kind or point.address > end + gap_fill or count > most:
        return None
    return Request(request.kind, request.start, count, (*request.points, point))


def _crosses(request: Request, borders: Set[Border]) -> bool:
    return any(
        kind is request.kind and request.start < address < request.start + request.count
        for kind, address in borders
    )


class Planner:
    """The requests of a device by rate, and what it refused lately."""

    def __init__(self, points: Iterable[Point], max_registers: int, gap_fill: int) -> None:
        readable = [point for point in points if point.readable]
        self._points = {rate: tuple(p for p in readable if p.rate is rate) for rate in Rate}
        self._max_registers = max_registers
        self._gap_fill = gap_fill
        self._refused: dict[Point, float] = {}
        self._borders: dict[Border, float] = {}
        self._plans: dict[Rate, tuple[Request, ...]] = {}

    def points(self, rate: Rate) -> tuple[Point, ...]:
        """Return what is read at `rate`, in the order of the profile."""
        return self._points[rate]

    def requests(self, rate: Rate, now_s: float) -> tuple[Request, ...]:
        """Return the requests for a rate, without what the device refused lately."""
        self._forget(now_s)
        if rate not in self._plans:
            asked = [point for point in self._points[rate] if point not in self._refused]
            self._plans[rate] = self._plan(asked)
        return self._plans[rate]

    def halves(self, request: Request) -> tuple[tuple[Request, ...], tuple[Request, ...]]:
        """Return a request of several points as the requests for either half of them."""
        middle = len(request.points) // 2
        return self._plan(request.points[:middle]), self._plan(request.points[middle:])

    def refuse(self, point: Point, now_s: float) -> None:
        """Remember that the device does not give this point, nor a request across it."""
        self._refused[point] = now_s + REMEMBER_S
        self.separate((point.kind, point.address), now_s)

    def separate(self, border: Border, now_s: float) -> None:
        """Remember that the device gives both sides, but not in one request."""
        self._borders[border] = now_s + REMEMBER_S
        self._plans.clear()

    def retry_soon(self, now_s: float) -> None:
        """Shorten the memory: a device that refuses everything is more likely just starting."""
        soon_s = now_s + RETRY_S
        self._refused = {p: min(until, soon_s) for p, until in self._refused.items()}
        self._borders = {b: min(until, soon_s) for b, until in self._borders.items()}

    def _plan(self, points: Iterable[Point]) -> tuple[Request, ...]:
        return plan(points, self._max_registers, self._gap_fill, self._borders.keys())

    def _forget(self, now_s: float) -> None:
        if any(until_s <= now_s for until_s in self._borders.values()):
            self._refused = {p: until for p, until in self._refused.items() if until > now_s}
            self._borders = {b: until for b, until in self._borders.items() if until > now_s}
            self._plans.clear()
