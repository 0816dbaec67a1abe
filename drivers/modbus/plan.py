"""Which registers are asked for in which requests. Pure: the time is an argument.

Points of one table that lie close together share a request; a few unnamed registers between them
are read along, and a point is always read together with the register of its scale. What the
device refused is left out for a while: a refused point is not asked for, and no request runs
across a border behind which the device refused to go on.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from drivers.base import Rate
from drivers.point import Kind, Point

REMEMBER_S = 60.0
"""After this long a refused register is tried again: devices change their mind after a start."""
RETRY_S = 2.0
"""The same for a device that gave nothing at all."""

Border = tuple[Kind, int]
"""A request may end before this address or begin at it, but not run across."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may be at most."""

    registers: int
    bits: int
    gap_fill: int
    """How many unnamed registers may be read along between two points."""

    def of(self, kind: Kind) -> int:
        """Return the most registers, or bits, of a request of this kind."""
        return self.bits if kind.of_bits else self.registers


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
    points: Iterable[Point], limits: Limits, borders: Set[Border] = frozenset()
) -> tuple[Request, ...]:
    """Return requests that together cover every point exactly once.

    Args:
        points: in any order; points may share registers (bits of a status word).
        limits: of one request.
        borders: where requests must not run across.
    """
    requests: list[Request] = []
    for point in sorted(points, key=_place):
        joined = _joined(requests[-1], point, limits) if requests else None
        if joined is None or _crosses(joined, borders):
            span = point.span
            requests.append(Request(point.kind, span.start, len(span), (point,)))
        else:
            requests[-1] = joined
    return tuple(requests)


def _place(point: Point) -> tuple[str, int, int]:
    return point.kind, point.span.start, point.span.stop


def _joined(request: Request, point: Point, limits: Limits) -> Request | None:
    span, end = point.span, request.start + request.count
    if point.kind is not request.kind or span.start > end + limits.gap_fill:
        return None
    count = max(end, span.stop) - request.start
    if count > limits.of(point.kind):
        return None
    return Request(request.kind, request.start, count, (*request.points, point))


def _crosses(request: Request, borders: Set[Border]) -> bool:
    return any(
        kind is request.kind and request.start < address < request.start + request.count
        for kind, address in borders
    )


class Planner:
    """The requests of a device by rate, and what it refused lately."""

    def __init__(self, points: Iterable[Point], limits: Limits) -> None:
        readable = [point for point in points if point.readable]
        self._points = {rate: tuple(p for p in readable if p.rate is rate) for rate in Rate}
        self._limits = limits
        self._refused: dict[str, float] = {}
        self._borders: dict[Border, float] = {}
        self._plans: dict[Rate, tuple[Request, ...]] = {}

    def points(self, rate: Rate) -> tuple[Point, ...]:
        """Return what is read at `rate`, in the order of the profile."""
        return self._points[rate]

    def requests(self, rate: Rate, now_s: float) -> tuple[Request, ...]:
        """Return the requests for a rate, without what the device refused lately."""
        self._forget(now_s)
        if rate not in self._plans:
            self._plans[rate] = self._plan(
                point
                for point in self._points[rate]
                if point.name not in self._refused
                and len(point.span) <= self._limits.of(point.kind)
            )
        return self._plans[rate]

    def halves(self, request: Request) -> tuple[tuple[Request, ...], tuple[Request, ...]]:
        """Return a request of several points as the requests for either half of them.

        Points of the very same registers stay together; the first half is empty where all are.
        """
        places = [_place(point) for point in request.points]
        middle = places.index(places[len(places) // 2]) or places.count(places[0]) % len(places)
        return self._plan(request.points[:middle]), self._plan(request.points[middle:])

    def refuse(self, point: Point, now_s: float) -> None:
        """Remember that the device does not give this point, nor a request across it."""
        self._refused[point.name] = now_s + REMEMBER_S
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
        return plan(points, self._limits, self._borders.keys())

    def _forget(self, now_s: float) -> None:
        if any(until_s <= now_s for until_s in self._borders.values()):
            self._refused = {p: until for p, until in self._refused.items() if until > now_s}
            self._borders = {b: until for b, until in self._borders.items() if until > now_s}
            self._plans.clear()
