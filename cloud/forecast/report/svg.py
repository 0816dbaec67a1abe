"""Small plots as SVG text: axes, lines, bands, bars. Pure.

A plot is 440 wide and scales with its column, so that its text stays readable on a phone. Colours
are classes; the page has the style sheet, light and dark. Numbers carry one decimal of a tenth of
a pixel: two runs give the same bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite, log10

from cloud.forecast.arrays import FloatArray, IntArray

Numbers = Sequence[float] | FloatArray | IntArray

WIDTH, HEIGHT = 440, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 22, 28
_TICKS = 5
_NONE, _MINUS = "\u2013", "\u2212"
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """From where to where, and what is written at which place."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def axis(values: Iterable[float], comma: bool, *, zero: bool = False) -> Axis:
    """Return an axis of round numbers round the values; `comma` separates decimals."""
    known = [value for value in values if isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(factor for factor in _STEPS if factor * power >= rough * 0.999) * power
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    places = max(0, -floor(log10(step)) + (1 if step / power == _STEPS[2] else 0))
    ticks = [
        (number * step, said(number * step, places, comma)) for number in range(first, last + 1)
    ]
    return Axis(first * step, last * step, tuple(ticks))


def said(value: float | None, places: int, comma: bool) -> str:
    """Return a number for a reader, with a true minus; a dash for what is not known."""
    if value is None or not isfinite(value):
        return _NONE
    text = f"{value:,.{places}f}".replace("-", _MINUS)
    if float(f"{value:.{places}f}") == 0.0:
        text = text.replace(_MINUS, "")
    if comma:
        text = text.translate(str.maketrans(",.", ".,"))
    return text


@dataclass(frozen=True, slots=True)
class Plot:
    """The area between two axes."""

    x: Axis
    y: Axis

    def line(self, xs: Numbers, ys: Numbers, kind: str) -> str:
        """Return a line; it is broken where a value is missing."""
        runs: list[list[str]] = [[]]
        for x, y in zip(xs, ys, strict=True):
            if isfinite(y):
                runs[-1].append(f"{self._x(x)},{self._y(y)}")
            elif runs[-1]:
                runs.append([])
        return "".join(
            f'<polyline class="line {kind}" points="{" ".join(run)}"/>' for run in runs if run
        )

    def band(self, xs: Numbers, low: Numbers, high: Numbers, kind: str) -> str:
        """Return the area between two lines, over the places where both are known."""
        rows = [row for row in zip(xs, low, high, strict=True) if all(map(isfinite, row))]
        if not rows:
            return ""
        there = [f"{self._x(x)},{self._y(top)}" for x, _, top in rows]
        back = [f"{self._x(x)},{self._y(bottom)}" for x, bottom, _ in reversed(rows)]
        return f'<polygon class="band {kind}" points="{" ".join(there + back)}"/>'

    def bars(self, xs: Numbers, ys: Numbers, width: float, kind: str) -> str:
        """Return bars from zero, `width` wide in units of the axis, round their places."""
        drawn = []
        for x, y in zip(xs, ys, strict=True):
            if not isfinite(y):
                continue
            left, right = self._at_x(x - width / 2), self._at_x(x + width / 2)
            top, bottom = sorted((self._at_y(y), self._at_y(0.0)))
            drawn.append(
                f'<rect class="bar {kind}" x="{left:.1f}" y="{top:.1f}"'
                f' width="{right - left:.1f}" height="{bottom - top:.1f}"/>'
            )
        return "".join(drawn)

    def level(self, y: float, kind: str) -> str:
        """Return a line right across."""
        return self.line((self.x.low, self.x.high), (y, y), kind)

    def drawn(self, title: str, unit: str, marks: Iterable[str]) -> str:
        """Return the whole plot; `title` is for who does not see it."""
        grid = "".join(
            f'<path class="grid" d="M{_LEFT} {self._y(at)}H{WIDTH - _RIGHT}"/>'
            f'<text class="tick end" x="{_LEFT - 6}" y="{self._at_y(at) + 4:.1f}">'
            f"{escape(text)}</text>"
            for at, text in self.y.ticks
        )
        below = "".join(
            f'<text class="tick mid" x="{self._x(at)}" y="{HEIGHT - 9}">{escape(text)}</text>'
            for at, text in self.x.ticks
        )
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
            f"{grid}{below}"
            f'<text class="tick" x="4" y="13">{escape(unit)}</text>'
            f"{''.join(marks)}</svg>"
        )

    def _at_x(self, value: float) -> float:
        share = (value - self.x.low) / (self.x.high - self.x.low)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def _at_y(self, value: float) -> float:
        share = (value - self.y.low) / (self.y.high - self.y.low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP)

    def _x(self, value: float) -> str:
        return f"{self._at_x(value):.1f}"

    def _y(self, value: float) -> str:
        return f"{self._at_y(value):.1f}"
