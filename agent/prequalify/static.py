"""Static FCR-D: begins at once, stays, and is released late and slowly. Pure.

Source: Technical Requirements for FCR Provision in the Nordic Synchronous Area v1.1, requirements
1 and 5 to 7. P_ss is the response at full activation, here the capacity. A test names its stages:
``full`` (activated), ``calm`` (back in the band), ``pause`` (out of it again, while the release
runs) and ``end``.
"""

import math
from collections.abc import Iterator, Sequence

from agent.prequalify.nordic import NOISE_SHARE, STEADY_WINDOW_S
from agent.prequalify.series import Series, mean, smoothed
from agent.prequalify.target import Target
from agent.prequalify.verdict import Verdict

STEADY_PCT = (-5.0, 10.0)
PEAK_SHARE = 1.2
START_SHARE, START_S = 0.05, 2.5
CALM_S, READY_S = 60.0, 900.0
LONG_S, LONG_PCT_PER_S = 10.0, 2.5
SHORT_S, SHORT_PCT_PER_S = 1.0, 20.0
MOVED_SHARE = 0.03
"""Of P_ss: so much less is a release, and no noise."""
BACK_SHARE = 0.05
SETTLED_S = 3.0
"""After the frequency has moved, until the power has followed."""


def judge(series: Series, target: Target) -> Iterator[Verdict]:
    """Yield requirements 1 and 5 to 7 of a test whose stages are ``full`` and ``calm``."""
    at_s = {name: start_s for start_s, name in series.marks if name}
    full_s, calm_s = at_s["full"], at_s["calm"]
    change, calm = _changes(series, target, full_s)
    held = series.span(max(full_s, calm_s - STEADY_WINDOW_S / 2), calm_s - 0.05)
    low, high = STEADY_PCT
    yield Verdict(
        code="steady_static",
        value=100.0 * (mean(change, held) - 1.0),
        unit="%",
        low=low,
        high=high,
        aim_low=-1.0,
        aim_high=1.0,
        at_s=full_s,
    )
    whole = series.span(full_s, series.at_s[-1])
    peak = max(change[place] for place in whole)
    yield Verdict(code="static_peak", value=peak, high=PEAK_SHARE, aim_high=1.05, at_s=full_s)
    began = (series.at_s[place] - full_s for place in whole if change[place] >= START_SHARE)
    yield Verdict(code="static_start", value=next(began, None), unit="s", high=START_S, at_s=full_s)
    yield from _released(series, change, calm, calm_s)


def paused(series: Series, target: Target) -> Iterator[Verdict]:
    """Yield that a release stands still while the frequency is far out again."""
    at_s = {name: start_s for start_s, name in series.marks if name}
    _, calm = _changes(series, target, at_s["full"])
    places = series.span(at_s["pause"] + SETTLED_S, at_s["end"] - 0.05)
    fallen_pct = 100.0 * max(0.0, calm[places.start] - min(calm[place] for place in places))
    left_pct = 100.0 * calm[places.start]
    yield Verdict(code="pause_left", value=left_pct, unit="%", low=30.0, high=97.0)
    yield Verdict(code="pause", value=fallen_pct, unit="%", high=100.0 * NOISE_SHARE)
    yield Verdict(
        code="pause_end", value=100.0 * calm[-1], unit="%", low=-5.0, high=100.0 * BACK_SHARE
    )


def _changes(
    series: Series, target: Target, full_s: float
) -> tuple[Sequence[float], Sequence[float]]:
    """Return the activation in shares of P_ss, as measured and as the mean of a second."""
    sign = math.copysign(1.0, target.kw_at(49.0) + target.kw_at(51.0))
    net_kw = series.net_kw()
    zero_kw = mean(net_kw, series.span(full_s - 10.0, full_s - 0.05))
    change = [sign * (one - zero_kw) / target.capacity_kw for one in net_kw]
    return change, smoothed(series.at_s, change, 1.0)


def _released(
    series: Series, change: Sequence[float], calm: Sequence[float], calm_s: float
) -> Iterator[Verdict]:
    """Yield requirements 6 and 7; `calm_s`: when the frequency was back in its band."""
    places = series.span(calm_s, series.at_s[-1])
    moved = (series.at_s[place] - calm_s for place in places if calm[place] < 1.0 - MOVED_SHARE)
    yield Verdict(code="release_wait", value=next(moved, None), unit="s", low=CALM_S, at_s=calm_s)
    back = (
        series.at_s[place] - calm_s - CALM_S
        for place in places
        if abs(calm[place]) <= BACK_SHARE and series.at_s[place] > calm_s
    )
    yield Verdict(code="release_ready", value=next(back, None), unit="s", high=READY_S, at_s=calm_s)
    for code, span_s, allowed in (
        ("release_10", LONG_S, LONG_PCT_PER_S),
        ("release_1", SHORT_S, SHORT_PCT_PER_S),
    ):
        fastest = _fastest(series, calm if code == "release_10" else change, places, span_s)
        yield Verdict(code=code, value=100.0 * fastest, unit="%/s", high=allowed, at_s=calm_s)


def _fastest(series: Series, values: Sequence[float], places: range, span_s: float) -> float:
    """Return the largest fall per second over a span of time."""
    most, before = 0.0, places.start
    for place in places:
        while series.at_s[place] - series.at_s[before] > span_s + 1e-6:
            before += 1
        if series.at_s[place] - series.at_s[before] >= span_s - 1e-6:
            most = max(most, (values[before] - values[place]) / span_s)
    return most
