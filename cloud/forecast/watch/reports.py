"""What there is to look at: inputs that do not come, members that do no good. Pure.

Nothing is done about members but told: weights do what is to be done. Inputs that are missing or
not to be believed are left out by the forecast itself.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import DAY_AHEAD, Forest, Kernel, Lasso, Mean, Ridge
from cloud.forecast.service.sources import NEIGHBOURS

EXPECTED_DAYS = 14
EXPECTED_SHARE = 0.5
"""An input that so many of the last calibrations have read is missed where it does not come."""
FLOOR_DAYS = 30
APART_TIMES = 5.0
"""Of the mean absolute error of 14 days: two members that far apart cannot both be right."""
APART_SHARE = 0.2
"""Of a day's hours."""
SHOWN_MAX = 3
_ROUNDED = 1e-5
_ODD, _MISSING = "odd_", "no_"
_FAMILIES = {Kernel: "kernels", Ridge: "ridges", Forest: "trees", Lasso: "cautious"}
_FAMILIES |= {Mean: "cautious"}


def inputs_wrong(flags: Sequence[str], read: Sequence[str]) -> str | None:
    """Return which inputs of a forecast are missing or not believed, None: all is well.

    Args:
        flags: of the forecast.
        read: names of the inputs, with +, that each of the last calibrations has read.
    """
    last = read[:EXPECTED_DAYS]
    counted = [name for names in last for name in names.split("+")]
    expected = {one for one in counted if counted.count(one) >= EXPECTED_SHARE * len(last)}
    odd = [flag.removeprefix(_ODD) for flag in flags if flag.startswith(_ODD)]
    gone = [
        flag.removeprefix(_MISSING)
        for flag in flags
        if flag.startswith(_MISSING) and flag.removeprefix(_MISSING) in expected - set(odd)
    ]
    said = [f"{', '.join(odd)} not believed"] if odd else []
    said += [f"{', '.join(gone)} missing"] if gone else []
    return "; ".join(said) or None


def members_idle(weights: Sequence[Mapping[str, float]]) -> list[str]:
    """Return the families whose weight stood at the floor for 30 calibrations, by their names.

    Args:
        weights: by member, the newest first; a member of weight 0 was not asked.
    """
    last = weights[:FLOOR_DAYS]
    if len(last) < FLOOR_DAYS:
        return []
    family_of = {member.name: _FAMILIES[type(member)] for member in DAY_AHEAD.members}
    floor = DAY_AHEAD.family_floor + _ROUNDED
    shares: dict[str, list[float]] = {family: [] for family in family_of.values()}
    for one in last:
        sums = dict.fromkeys(shares, 0.0)
        for name, weight in one.items():
            family = family_of.get(name.removesuffix(f"-{NEIGHBOURS}"))
            if family is not None:
                sums[family] += weight
        for family, share in sums.items():
            shares[family].append(share)
    return [family for family, each in shares.items() if all(0.0 < one <= floor for one in each)]


def members_apart(told: FloatArray, mae: float) -> list[tuple[str, str]]:
    """Return the pairs of members that say too different things of a day.

    The mean of the week is none of them: it says nothing of the day.

    Args:
        told: shape (members or more, 24), EUR/MWh; NaN where a member slept.
        mae: mean absolute error of the forecasts lately, EUR/MWh.
    """
    asked = [
        (member.name, said)
        for member, said in zip(DAY_AHEAD.members, told, strict=False)
        if not isinstance(member, Mean) and np.isfinite(said).all()
    ]
    return [
        (first, second)
        for place, (first, one) in enumerate(asked)
        for second, other in asked[place + 1 :]
        if (np.abs(one - other) > APART_TIMES * mae).mean() > APART_SHARE
    ]


def members_said(idle: Sequence[str], apart: Sequence[tuple[str, str]]) -> str | None:
    """Return one line about members, None: there is nothing to look at."""
    said = [f"{', '.join(idle)} at the floor for {FLOOR_DAYS} days"] if idle else []
    if apart:
        pairs = ", ".join(f"{one} and {other}" for one, other in apart[:SHOWN_MAX])
        more = f" and {len(apart) - SHOWN_MAX} pairs more" if len(apart) > SHOWN_MAX else ""
        said.append(f"far apart: {pairs}{more}")
    return "; ".join(said) or None
