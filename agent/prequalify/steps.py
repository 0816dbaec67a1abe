"""Steps of the frequency: start, speed, steady error, overshoot. Pure.

Source: TenneT, FCR Manual for BSPs, tests a to e: start within 2 s, at least 50 % at 15 s and
100 % at 30 s, at least linear between; error of the measured power below 5 % of the corridor.
Speeds of other products are arguments. A step is a jump of the frequency; what came 10 s before
is its zero, 1 s is the window that noise is averaged over.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.prequalify.series import Series, mean, smoothed
from agent.prequalify.target import Target
from agent.prequalify.verdict import Verdict

BEFORE_S = 10.0
WINDOW_S = 1.0
START_SHARE = 0.05
"""Of the step: so much movement is a start, and no noise."""
REACHED_SHARE = 0.02
"""Of the capacity: so near is reached."""
JUMP_HZ = 0.004
"""Smaller ones are no step."""
OVERSHOOT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLimits:
    """What a rule book says about speed; times in s after the step."""

    start_s: float = 2.0
    half_s: float = 15.0
    full_s: float = 30.0
    linear: bool = True
    """At least on a line from half to full; not every rule book says so."""
    error_share: float = 0.05
    """Of the capacity, in the steady state."""
    aim_error_share: float = 0.01
    aim_overshoot_share: float = 0.02


@dataclass(frozen=True, slots=True)
class Step:
    """One jump."""

    at_s: float
    ends_s: float
    """When the next one comes, or the record ends."""
    from_kw: float
    to_kw: float
    zero_kw: float
    """What was delivered before it."""


def jumps(series: Series, target: Target) -> Iterator[Step]:
    """Yield the jumps after which the frequency stays for at least two seconds."""
    places = [
        place
        for place in range(1, len(series))
        if abs(series.hz[place] - series.hz[place - 1]) > JUMP_HZ
    ]
    net_kw = series.net_kw()
    for index, place in enumerate(places):
        at_s = series.at_s[place]
        last = places[index + 1] if index + 1 < len(places) else len(series)
        ends_s = series.at_s[last - 1]
        if ends_s - at_s < 2.0 or series.hz[last - 1] != series.hz[place]:
            continue
        before = series.span(at_s - BEFORE_S, series.at_s[place - 1])
        from_kw = target.kw_at(series.hz[place - 1])
        to_kw = target.kw_at(series.hz[place])
        if abs(to_kw - from_kw) >= REACHED_SHARE * target.capacity_kw:
            yield Step(at_s, ends_s, from_kw, to_kw, mean(net_kw, before))


def judge(series: Series, target: Target, limits: StepLimits) -> list[Verdict]:
    """Return the verdicts on every step of the record."""
    net_kw = series.net_kw()
    calm_kw = smoothed(series.at_s, net_kw, WINDOW_S)
    return [
        verdict
        for step in jumps(series, target)
        for verdict in (
            *_speed(series, net_kw, calm_kw, step, target, limits),
            *_steady(series, net_kw, calm_kw, step, target, limits),
        )
    ]


def _speed(
    series: Series,
    net_kw: Sequence[float],
    calm_kw: Sequence[float],
    step: Step,
    target: Target,
    limits: StepLimits,
) -> Iterator[Verdict]:
    """Yield how long it took to begin, to come half and all of the way."""
    delta_kw = step.to_kw - step.from_kw
    noise_kw = max(START_SHARE * abs(delta_kw), 0.02 * target.capacity_kw)
    near = 1.0 - REACHED_SHARE * target.capacity_kw / abs(delta_kw)
    started_s = half_s = full_s = math.nan
    behind = -math.inf
    for place in series.span(step.at_s, step.ends_s):
        after_s = series.at_s[place] - step.at_s
        progress = (net_kw[place] - step.zero_kw) / delta_kw
        calm = (calm_kw[place] - step.zero_kw) / delta_kw
        if math.isnan(started_s) and progress * abs(delta_kw) >= noise_kw:
            started_s = after_s
        if math.isnan(half_s) and progress >= 0.5:
            half_s = after_s
        if math.isnan(full_s) and max(progress, calm) >= near:
            full_s = after_s
        if limits.half_s <= after_s <= limits.full_s < limits.half_s * 3:
            line = 0.5 + 0.5 * (after_s - limits.half_s) / (limits.full_s - limits.half_s)
            behind = max(behind, min(line, near) - calm)
    yield Verdict(
        code="start", value=_or_none(started_s), unit="s", high=limits.start_s, at_s=step.at_s
    )
    yield Verdict(code="half", value=_or_none(half_s), unit="s", high=limits.half_s, at_s=step.at_s)
    yield Verdict(code="full", value=_or_none(full_s), unit="s", high=limits.full_s, at_s=step.at_s)
    if math.isfinite(behind) and limits.linear:
        behind_pct = 100.0 * max(0.0, behind)
        yield Verdict(code="linear", value=behind_pct, unit="%", high=2.0, at_s=step.at_s)


def _steady(
    series: Series,
    net_kw: Sequence[float],
    calm_kw: Sequence[float],
    step: Step,
    target: Target,
    limits: StepLimits,
) -> Iterator[Verdict]:
    """Yield the error that stays, and how far the power went beyond."""
    stays = series.span(step.at_s + limits.full_s, step.ends_s)
    if stays:
        error_pct = 100.0 * abs(mean(net_kw, stays) - step.to_kw) / target.capacity_kw
        yield Verdict(
            code="steady",
            value=error_pct,
            unit="%",
            high=100.0 * limits.error_share,
            aim_high=100.0 * limits.aim_error_share,
            at_s=step.at_s,
        )
    sign = math.copysign(1.0, step.to_kw - step.from_kw)
    swing = series.span(step.at_s, min(step.ends_s, step.at_s + OVERSHOOT_S))
    beyond_kw = max((sign * (calm_kw[place] - step.to_kw) for place in swing), default=0.0)
    yield Verdict(
        code="overshoot",
        value=100.0 * max(0.0, beyond_kw) / target.capacity_kw,
        unit="%",
        aim_high=100.0 * limits.aim_overshoot_share,
        at_s=step.at_s,
    )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
