"""Sines: what the loop does at each period, and whether the grid stays stable with it. Pure.

Source: Technical Requirements for FCR Provision in the Nordic Synchronous Area v1.1, requirements
8 to 10. The control error is ``e = f_ref - f``; ``L = F·G`` with the critical point -1 (one line
of the source carries another minus sign: check with the TSO's evaluation tool).
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

from agent.prequalify.series import Series
from agent.prequalify.verdict import Verdict

NOMINAL_HZ = 50.0
LOAD_SHARE_PER_HZ = 0.01
"""K_f: how far the load follows the frequency."""
CIRCLE = 0.43
CIRCLE_ACCEPTED = 0.43 * 0.95
PERFORMANCE_FACTOR = 0.95
PERFORMANCE_TIME_S = 70.0


@dataclass(frozen=True, slots=True)
class Grid:
    """A synchronous area as the requirements model it."""

    response_mw: float
    rated_mw: float
    kinetic_mws: float
    span_hz: float
    """Of the product: 0.1 (N), 0.4 (D)."""

    def gain(self, period_s: float) -> complex:
        """Return G(jω), from a change of power to one of frequency."""
        inertia_s = self.kinetic_mws / self.rated_mw
        swing = 2j * math.pi / period_s
        weight = 2.0 * inertia_s * swing + LOAD_SHARE_PER_HZ * NOMINAL_HZ
        return self.response_mw / self.span_hz * NOMINAL_HZ / self.rated_mw / weight


STABILITY = {
    "fcr_n": Grid(600.0, 23_000.0, 120_000.0, 0.1),
    "fcr_d": Grid(1_450.0, 23_000.0, 120_000.0, 0.4),
}
PERFORMANCE = {
    "fcr_n": Grid(600.0, 42_000.0, 190_000.0, 0.1),
    "fcr_d": Grid(1_450.0, 42_000.0, 190_000.0, 0.4),
}


@dataclass(frozen=True, slots=True)
class Wave:
    """A sine fitted to samples."""

    amplitude: complex
    """Its phase is that of a sine that begins at time 0."""
    mean: float
    error_ratio: float
    """Of the residue's standard deviation to that of the samples."""


@dataclass(frozen=True, slots=True)
class Point:
    """The response at one period, per unit of what a product gives at its full deviation."""

    period_s: float
    response: complex
    error_ratio: float


def fitted(at_s: Sequence[float], values: Sequence[float], period_s: float) -> Wave:
    """Return the sine of this period that fits best in the mean square."""
    turn = 2 * math.pi / period_s
    rows = [(math.sin(turn * t), math.cos(turn * t), 1.0) for t in at_s]
    matrix = [[sum(row[i] * row[j] for row in rows) for j in range(3)] for i in range(3)]
    right = [sum(row[i] * value for row, value in zip(rows, values, strict=True)) for i in range(3)]
    sine, cosine, mean = _solved(matrix, right)
    rest = [
        value - sine * row[0] - cosine * row[1] - mean
        for row, value in zip(rows, values, strict=True)
    ]
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    error = math.sqrt(sum(one * one for one in rest) / len(rest))
    return Wave(complex(sine, cosine), mean, error / spread if spread else math.inf)


def measured(
    series: Series,
    period_s: float,
    from_s: float,
    to_s: float,
    full_kw: float,
    span_hz: float,
    meter_s: float,
) -> Point:
    """Return F(jω) over the stationary periods in ``[from_s, to_s]``.

    Args:
        full_kw: the response at full activation.
        span_hz: the deviation of full activation.
        meter_s: time constant of the frequency meter that an injected frequency passes by.
    """
    places = series.span(from_s, to_s)
    at_s = [series.at_s[place] for place in places]
    net_kw = series.net_kw()
    error = fitted(at_s, [NOMINAL_HZ - series.hz[place] for place in places], period_s)
    power = fitted(at_s, [net_kw[place] for place in places], period_s)
    meter = 1.0 / (2j * math.pi / period_s * meter_s + 1.0)
    response = power.amplitude / error.amplitude * span_hz / full_kw * meter
    return Point(period_s, response, power.error_ratio)


def judge(points: Sequence[Point], kind: str) -> list[Verdict]:
    """Return the verdicts on requirements 8, 9 and 10; `kind` is ``fcr_n`` or ``fcr_d``."""
    stability, performance = STABILITY[kind], PERFORMANCE[kind]
    ordered = sorted(points, key=lambda point: point.period_s)
    loop = [point.response * stability.gain(point.period_s) for point in ordered]
    verdicts = [
        Verdict(code="circle", value=distance(loop), low=CIRCLE_ACCEPTED, aim_low=CIRCLE),
        *(_performance(point, performance) for point in ordered),
    ]
    worst_error = max(point.error_ratio for point in ordered)
    return [*verdicts, Verdict(code="sine_error", value=worst_error, high=1.0)]


def _performance(point: Point, grid: Grid) -> Verdict:
    gain = grid.gain(point.period_s)
    shown = PERFORMANCE_FACTOR * abs(gain / (1.0 + point.response * gain))
    allowed = abs(PERFORMANCE_TIME_S * 2j * math.pi / point.period_s + 1.0)
    return Verdict(code="performance", value=shown / allowed, high=1.0, at_s=point.period_s)


def distance(loop: Sequence[complex]) -> float:
    """Return the smallest distance to -1 of the line through the points."""
    if len(loop) == 1:
        return abs(loop[0] + 1.0)
    return min(_to_segment(loop[i], loop[i + 1]) for i in range(len(loop) - 1))


def degrees(point: Point) -> float:
    return math.degrees(cmath.phase(point.response))


def _to_segment(start: complex, end: complex) -> float:
    along = end - start
    if along == 0:
        return abs(start + 1.0)
    share = ((-1.0 - start) * along.conjugate()).real / abs(along) ** 2
    return abs(start + min(1.0, max(0.0, share)) * along + 1.0)


def _solved(matrix: list[list[float]], right: list[float]) -> tuple[float, float, float]:
    """Solve three equations by Cramer's rule."""
    whole = _determinant(matrix)
    found = []
    for column in range(3):
        changed = [
            [right[row] if place == column else matrix[row][place] for place in range(3)]
            for row in range(3)
        ]
        found.append(_determinant(changed) / whole)
    return found[0], found[1], found[2]


def _determinant(m: list[list[float]]) -> float:
    return (
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )
