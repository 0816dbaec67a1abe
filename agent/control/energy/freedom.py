"""Degrees of freedom: what a rule set lets a response do for the state of charge. Pure.

Over-fulfilment gives more than the curve, in the direction that helps; in a permitted deadband what
does not help is left out. Neither holds in an alert, nor while nobody knows whether there is one.
Rules contradict each other between areas, so that nothing of this holds unless it is asked for.
"""

from agent.control.energy.config import ProductEnergy

EXACT = (1.0, 1.0)


def gains(
    settings: ProductEnergy, soc: float | None, deviation_hz: float, alert: bool | None
) -> tuple[float, float]:
    """Return the factors on a response that discharges and on one that charges."""
    if (
        soc is None
        or alert is not False
        or not (settings.over_fulfil > 1.0 or settings.deadband_use)
    ):
        return EXACT
    low = soc * 100 < settings.recovery.low_pct
    high = soc * 100 > settings.recovery.high_pct
    if not (low or high):
        return EXACT
    silent = settings.deadband_use and abs(deviation_hz) < settings.rules.deadband_hz
    helps, hinders = settings.over_fulfil, 0.0 if silent else 1.0
    return (hinders, helps) if low else (helps, hinders)
