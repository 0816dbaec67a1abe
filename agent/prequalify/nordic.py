"""The Nordic time-domain requirements and the evenness of small steps. Pure.

Source: Technical Requirements for FCR Provision in the Nordic Synchronous Area v1.1, requirements
1 to 4 and 13 and the linearity test. P_ss is the response at full activation, here the capacity.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from agent.prequalify.series import Series, mean, smoothed
from agent.prequalify.target import Target
from agent.prequalify.verdict import Verdict

STEADY_PCT = (-5.0, 20.0)
LINEAR_PCT = (-5.0, 10.0)
STEADY_WINDOW_S = 60.0
AFTER_S = 7.5
POWER_SHARE, AIM_POWER_SHARE = 0.86, 0.95
ENERGY_S, AIM_ENERGY_S = 3.2, 4.0
BACK_S, AIM_BACK_S = 2.5, 2.2
NADIR_S = 4.4
"""After the begin of ramp 1."""
BACK_WINDOW_S = 40.0
NOISE_SHARE = 0.02
"""Of the capacity: what the mean of a second may be off by while it is held."""
RAMP_LAG_S = 30.0


def levels(series: Series, target: Target) -> Iterator[Verdict]:
    """Yield requirement 1 of FCR-N; its zero is the mean of the two levels at 50 Hz."""
    net_kw = series.net_kw()
    zeros = [_end(series, net_kw, at_s, ends_s) for at_s, ends_s in _parts(series, "zero")]
    zero_kw = sum(zeros) / len(zeros)
    for name, sign in (("low", 1.0), ("high", -1.0)):
        for at_s, ends_s in _parts(series, name):
            change_kw = sign * (_end(series, net_kw, at_s, ends_s) - zero_kw)
            yield _steady(change_kw, target.capacity_kw, at_s)


def fast_ramp(series: Series, target: Target) -> Iterator[Verdict]:
    """Yield requirements 1 to 4 of FCR-D."""
    capacity_kw = target.capacity_kw
    at_s = {name: start_s for start_s, name in series.marks if name}
    sign = math.copysign(1.0, target.kw_at(49.0) + target.kw_at(51.0))
    net_kw = [sign * one for one in series.net_kw()]
    zero_kw = mean(net_kw, series.span(at_s["ramp 1"] - 10.0, at_s["ramp 1"] - 0.05))
    change_kw = [one - zero_kw for one in net_kw]
    full = series.span(at_s["ramp 4"] - STEADY_WINDOW_S, at_s["ramp 4"] - 0.05)
    yield _steady(mean(change_kw, full), capacity_kw, at_s["ramp 3"])
    rest = series.span(at_s["ramp 5"] - STEADY_WINDOW_S, at_s["ramp 5"] - 0.05)
    rest_pct = 100.0 * abs(mean(change_kw, rest)) / capacity_kw
    yield Verdict(code="rest", value=rest_pct, unit="%", high=5.0, at_s=at_s["ramp 4"])
    yield from _sudden(series, change_kw, at_s["ramp 5"], at_s["ramp 6"], capacity_kw)
    nadir_s = at_s["ramp 1"] + NADIR_S
    yield Verdict(
        code="back",
        value=_back_s(series, change_kw, nadir_s, capacity_kw),
        unit="s",
        high=BACK_S,
        aim_high=AIM_BACK_S,
        at_s=nadir_s,
    )
    yield Verdict(code="mode_shift", value=None, note="absent")  # there is but one mode


def combined(series: Series, target: Target) -> Iterator[Verdict]:
    """Yield requirement 1b: the sum of FCR-N and FCR-D after ramps 7 and 8."""
    at_s = {name: start_s for start_s, name in series.marks if name}
    net_kw = series.net_kw()
    zero_kw = _end(series, net_kw, at_s["ramp 6"], at_s["ramp 7"])
    for name, ends_s in (("ramp 7", at_s["ramp 8"]), ("ramp 8", series.at_s[-1])):
        places = series.span(ends_s - STEADY_WINDOW_S, ends_s - 0.05)
        wanted_kw = target.kw_at(series.hz[places.start])
        off_pct = 100.0 * ((mean(net_kw, places) - zero_kw) / wanted_kw - 1.0)
        low, high = STEADY_PCT
        yield Verdict(
            code="sum",
            value=off_pct,
            unit="%",
            low=low,
            high=high,
            aim_low=-1.0,
            aim_high=1.0,
            at_s=at_s[name],
        )


def linearity(series: Series, target: Target) -> Iterator[Verdict]:
    """Yield how far the mean of 10 s leaves the curve, 60 to 120 s after each step."""
    calm_kw = smoothed(series.at_s, series.net_kw(), 10.0)
    ends = [at_s for at_s, _ in series.marks[1:]] + [series.at_s[-1]]
    for (at_s, _), ends_s in zip(series.marks, ends, strict=True):
        places = series.span(at_s + 60.0, min(at_s + 120.0, ends_s) - 0.05)
        if not places:
            continue
        wanted_kw = target.kw_at(series.hz[places.start])
        sign = -1.0 if wanted_kw < 0.0 else 1.0
        off = [sign * (calm_kw[place] - wanted_kw) / target.capacity_kw for place in places]
        yield Verdict(
            code="linearity",
            value=100.0 * max(off, key=abs),
            unit="%",
            low=LINEAR_PCT[0],
            high=LINEAR_PCT[1],
            at_s=at_s,
        )


def ramps(series: Series, target: Target) -> Iterator[Verdict]:
    """Yield how much later than the frequency the power ends each ramp (TenneT test f)."""
    calm_kw = smoothed(series.at_s, series.net_kw(), 1.0)
    marks = [*series.marks, (series.at_s[-1], "")]
    for index, (at_s, name) in enumerate(series.marks):
        if name != "ramp":
            continue
        ends_s, next_s = marks[index + 1][0], marks[index + 2][0]
        wanted_kw = target.kw_at(series.hz[series.span(ends_s + 0.05, next_s).start])
        near_kw = NOISE_SHARE * target.capacity_kw
        reached = (
            series.at_s[place] - ends_s
            for place in series.span(at_s, next_s)
            if abs(calm_kw[place] - wanted_kw) <= near_kw
        )
        lag_s = next(reached, None)
        yield Verdict(code="ramp_lag", value=lag_s, unit="s", high=RAMP_LAG_S, at_s=at_s)


def _sudden(
    series: Series, change_kw: Sequence[float], from_s: float, to_s: float, capacity_kw: float
) -> Iterator[Verdict]:
    """Yield requirements 2 and 3, and that the power stays until ramp 6."""
    calm_kw = smoothed(series.at_s, change_kw, 1.0)
    early = series.span(from_s, from_s + AFTER_S)
    power = change_kw[early.stop - 1] / capacity_kw
    yield Verdict(
        code="power_7_5", value=power, low=POWER_SHARE, aim_low=AIM_POWER_SHARE, at_s=from_s
    )
    energy_s = _integral(series, change_kw, early, 0.0) / capacity_kw
    yield Verdict(
        code="energy_7_5", value=energy_s, unit="s", low=ENERGY_S, aim_low=AIM_ENERGY_S, at_s=from_s
    )
    held = series.span(from_s + AFTER_S + 1.0, to_s - 0.05)
    least = min(calm_kw[place] for place in held) / capacity_kw
    fallen_pct = 100.0 * max(0.0, min(power, 1.0) - least)
    high = 100.0 * NOISE_SHARE
    yield Verdict(code="held", value=fallen_pct, unit="%", high=high, at_s=from_s)


def _back_s(
    series: Series, change_kw: Sequence[float], nadir_s: float, capacity_kw: float
) -> float:
    """Return requirement 4: what is delivered too long after the nadir, in seconds of capacity."""
    places = series.span(nadir_s, nadir_s + BACK_WINDOW_S)
    base_kw = min(change_kw[places.start], 0.5 * capacity_kw)
    total = most = 0.0
    for before, after in pairwise(places):
        span_s = series.at_s[after] - series.at_s[before]
        total += span_s * ((change_kw[before] + change_kw[after]) / 2 - base_kw)
        most = max(most, total)
    return most / capacity_kw


def _integral(series: Series, values: Sequence[float], places: range, base: float) -> float:
    return sum(
        (series.at_s[after] - series.at_s[before]) * ((values[before] + values[after]) / 2 - base)
        for before, after in pairwise(places)
    )


def _steady(change_kw: float, capacity_kw: float, at_s: float) -> Verdict:
    off_pct = 100.0 * (change_kw - capacity_kw) / capacity_kw
    low, high = STEADY_PCT
    return Verdict(
        code="steady_state",
        value=off_pct,
        unit="%",
        low=low,
        high=high,
        aim_low=-1.0,
        aim_high=1.0,
        at_s=at_s,
    )


def _parts(series: Series, name: str) -> Iterator[tuple[float, float]]:
    """Yield begin and end of the stages of this name; several in a row without a name are one."""
    named = [(at_s, mark) for at_s, mark in series.marks if mark]
    ends = [at_s for at_s, _ in named[1:]] + [series.at_s[-1]]
    for (at_s, mark), ends_s in zip(named, ends, strict=True):
        if mark == name:
            yield at_s, ends_s


def _end(series: Series, net_kw: Sequence[float], at_s: float, ends_s: float) -> float:
    """Return the mean of the last minute of a stage."""
    return mean(net_kw, series.span(max(at_s, ends_s - STEADY_WINDOW_S), ends_s - 0.05))
