"""Curves as inline SVG, for a report that needs no network and no program. Pure."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 860, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 10, 26
TICKS = 5
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One curve; a gap is a NaN."""

    name: str
    css: str
    """Class of the stroke."""
    values: Sequence[float]


Shown = Callable[[float], str]


def chart(
    at: Sequence[float], lines: Sequence[Line], across: str, up: str, shown: Shown = "{:g}".format
) -> str:
    """Return a chart of lines over the same places.

    Args:
        across: names the axis of the places, `up` the other one.
        shown: writes a number of an axis.
    """
    known = [value for line in lines for value in line.values if math.isfinite(value)]
    if not known or len(at) < 2:
        return ""
    low, high = _widened(min(known), max(known))
    plane = _Plane(at[0], at[-1], low, high)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(up)}">',
        *_grid(plane, shown),
        *(
            f'<polyline class="{line.css}" points="{points}"/>'
            for line in lines
            for points in _pieces(plane, at, line.values)
        ),
        f'<text class="tick" x="{WIDTH - RIGHT}" y="{HEIGHT - 2}">{escape(across)}</text>',
        "</svg>",
    ]
    legend = "".join(
        f'<span><i class="{line.css}"></i>{escape(line.name)}</span>' for line in lines
    )
    head = f'<p class="head">{escape(up)}</p>'
    return f'{head}{"".join(parts)}<p class="legend">{legend}</p>'


@dataclass(frozen=True, slots=True)
class _Plane:
    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        span = (self.right - self.left) or 1.0
        return LEFT + (value - self.left) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def _pieces(plane: _Plane, at: Sequence[float], values: Sequence[float]) -> Iterator[str]:
    """Yield the points of each piece between two gaps."""
    piece: list[str] = []
    for place, value in zip(at, values, strict=True):
        if math.isfinite(value):
            piece.append(f"{_short(plane.x(place))},{_short(plane.y(value))}")
        elif piece:
            yield " ".join(piece)
            piece = []
    if piece:
        yield " ".join(piece)


def _grid(plane: _Plane, shown: Shown) -> Iterator[str]:
    for value in ticks(plane.low, plane.high):
        y, below = _short(plane.y(value)), _short(plane.y(value) + 4)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="tick" x="{LEFT - 6}" y="{below}">{shown(value)}</text>'
    for value in ticks(plane.left, plane.right):
        x = _short(plane.x(value))
        bottom = HEIGHT - BOTTOM
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}"/>'
        yield f'<text class="under" x="{x}" y="{bottom + 12}">{shown(value)}</text>'


def ticks(low: float, high: float) -> list[float]:
    """Return about `TICKS` round numbers between two others."""
    rough = (high - low) / TICKS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * nice for nice in _NICE if size * nice >= rough - 1e-12)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 9) for index in range(first, last + 1)]


def _widened(low: float, high: float) -> tuple[float, float]:
    room = 0.05 * (high - low) or max(0.01, 0.01 * abs(high))
    return low - room, high + room


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
