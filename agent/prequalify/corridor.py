"""The corridor of a quarter-hour: time out of bound and the slope of the delivery. Pure.

Source: TenneT, FCR Manual for BSPs: ±10 mHz of the measurement are ±5 % of the allocated volume;
out of bound less than 5 % of the time, slope between 0.90 and 1.30. How the corridor lies around
the 2/15/30 s rule is not published: the envelope of the last `window_s` is our reading of it,
30 s for the rule and 2 s for our own aim.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.prequalify.series import Series
from agent.prequalify.target import Target
from agent.prequalify.verdict import Verdict

CORRIDOR_SHARE = 0.05
RULE_WINDOW_S = 30.0
AIM_WINDOW_S = 2.0
OUT_PCT_MAX = 5.0
AIM_OUT_PCT_MAX = 0.5
SLOPE = (0.90, 1.30)
AIM_SLOPE = (0.98, 1.05)
QUARTER_HOUR_S = 900.0
FLAT_SHARE = 0.002
"""Of the capacity: if the target moved less than this, it has no slope."""


@dataclass(frozen=True, slots=True)
class Indicators:
    """Of one quarter-hour."""

    at_s: float
    samples: int
    out_pct: float
    """Of the time, by the rule's window."""
    out_strict_pct: float
    """By our own window."""
    slope: float | None
    """None: flat."""


def indicators(series: Series, target: Target) -> Iterator[Indicators]:
    """Yield what every quarter-hour of the record comes to, the last one as long as it is."""
    wanted_kw, net_kw = target.of(series.hz), series.net_kw()
    late = _under(series, wanted_kw, net_kw, target, RULE_WINDOW_S)
    strict = _under(series, wanted_kw, net_kw, target, AIM_WINDOW_S)
    place = 0
    while place < len(series):
        from_s = series.at_s[place]
        places = series.span(from_s, from_s + QUARTER_HOUR_S - 1e-3)
        yield Indicators(
            from_s,
            len(places),
            100.0 * sum(late[one] for one in places) / len(places),
            100.0 * sum(strict[one] for one in places) / len(places),
            _slope(wanted_kw, net_kw, places, target.capacity_kw),
        )
        place = places.stop


def judge(series: Series, target: Target) -> list[Verdict]:
    """Return the verdicts on every quarter-hour."""
    verdicts: list[Verdict] = []
    for one in indicators(series, target):
        verdicts.append(
            Verdict(code="out", value=one.out_pct, unit="%", high=OUT_PCT_MAX, at_s=one.at_s)
        )
        verdicts.append(
            Verdict(
                code="out_strict",
                value=one.out_strict_pct,
                unit="%",
                aim_high=AIM_OUT_PCT_MAX,
                at_s=one.at_s,
            )
        )
        verdicts.append(
            Verdict(
                code="slope",
                value=one.slope,
                low=SLOPE[0],
                high=SLOPE[1],
                aim_low=AIM_SLOPE[0],
                aim_high=AIM_SLOPE[1],
                at_s=one.at_s,
                note="flat" if one.slope is None else "",
            )
        )
    return verdicts


def _under(
    series: Series,
    wanted_kw: Sequence[float],
    net_kw: Sequence[float],
    target: Target,
    window_s: float,
) -> list[bool]:
    """Say of each sample whether too little is delivered, by the envelope of the last seconds."""
    allowed_kw = CORRIDOR_SHARE * target.capacity_kw
    low: deque[int] = deque()
    high: deque[int] = deque()
    result: list[bool] = []
    for place, wanted in enumerate(wanted_kw):
        while low and wanted_kw[low[-1]] >= wanted:
            low.pop()
        while high and wanted_kw[high[-1]] <= wanted:
            high.pop()
        low.append(place)
        high.append(place)
        since_s = series.at_s[place] - window_s - 1e-6
        while series.at_s[low[0]] < since_s:
            low.popleft()
        while series.at_s[high[0]] < since_s:
            high.popleft()
        too_low = wanted > 0.0 and net_kw[place] < wanted_kw[low[0]] - allowed_kw
        too_high = wanted < 0.0 and net_kw[place] > wanted_kw[high[0]] + allowed_kw
        result.append(too_low or too_high)
    return result


def _slope(
    wanted_kw: Sequence[float], net_kw: Sequence[float], places: range, capacity_kw: float
) -> float | None:
    """Return the slope of the delivery over the target; None: the target did not move."""
    count = len(places)
    wanted_mean = sum(wanted_kw[place] for place in places) / count
    net_mean = sum(net_kw[place] for place in places) / count
    spread = sum((wanted_kw[place] - wanted_mean) ** 2 for place in places)
    if spread < (FLAT_SHARE * capacity_kw) ** 2 * count:
        return None
    together = sum(
        (wanted_kw[place] - wanted_mean) * (net_kw[place] - net_mean) for place in places
    )
    return together / spread
