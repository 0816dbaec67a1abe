"""Outages that lie within each other: their power is counted once. Pure.

A production unit (A77) consists of generation units (A80), and an outage of a part may be told of
under both. Where an outage of units names the same production unit as one of the whole, it takes
away only what the whole does not take away already, so that the sum over all series is the larger
of the two, in each quarter-hour. That `production_RegisteredResource.mRID` is the production unit
in both documents is not confirmed: where it is not named, or differs, nothing is taken off.
"""

from collections.abc import Mapping, Sequence

WHOLE, PART = "A77", "A80"
Quarters = Mapping[int, float]
"""Power that is taken away, in MW, by start of the quarter-hour."""


def without_overlap(
    found: Sequence[tuple[str, str, Quarters]],
) -> list[Quarters]:
    """Return the power of each outage beside the others, in the same order.

    Args:
        found: document (A77, A80 …), production unit ("" for none) and power of each.
    """
    left: dict[tuple[str, int], float] = {}
    for document, unit, quarters in found:
        if document == WHOLE and unit:
            for at_us, power_mw in quarters.items():
                left[unit, at_us] = left.get((unit, at_us), 0.0) + power_mw
    made: list[Quarters] = []
    for document, unit, quarters in found:
        if document != PART or not unit:
            made.append(quarters)
            continue
        kept: dict[int, float] = {}
        for at_us, power_mw in quarters.items():
            covered = min(power_mw, left.get((unit, at_us), 0.0))
            if covered:
                left[unit, at_us] -= covered
            kept[at_us] = power_mw - covered
        made.append(kept)
    return made
