"""Which values carry a setpoint to a device, and in which order. Pure."""

from collections.abc import Sequence

from drivers.control import Control, Setting, Split
from drivers.errors import DeviceRefused

PERCENT_MAX = 100.0
EARLY_SHARE = 0.1
"""What is periodic may come early by this share of its period rather than a whole look later."""


def setpoint(
    control: Control, power_kw: float, before_kw: float | None, rated_kw: float | None
) -> Sequence[Setting]:
    """Return what is written, in its order.

    Args:
        control: of the profile.
        power_kw: sign as in `wire`.
        before_kw: what the device was told before; None: nobody knows.
        rated_kw: what percent are of, where the device counts in percent; it is asked for no
            more than 100 of them.

    Raises:
        DeviceRefused: the device counts in percent, and nobody knows of how much.
    """
    amount = power_kw
    if control.percent_of is not None:
        if not rated_kw or rated_kw < 0.0:
            raise DeviceRefused(f"{control.percent_of.name}: the device does not say it")
        amount = min(PERCENT_MAX, max(-PERCENT_MAX, 100.0 * power_kw / rated_kw))
    if control.split is None:
        return (Setting(control.setpoint, amount),)
    return _split(control.split, control, amount, before_kw)


def _split(
    split: Split, control: Control, amount: float, before_kw: float | None
) -> Sequence[Setting]:
    if amount == 0.0:
        idle = [Setting(point, 0.0) for point in control.setpoints if (point.low or 0.0) <= 0.0]
        return (split.zero, *idle)
    to_charge = amount < 0.0
    magnitude = split.charge_magnitude if to_charge else split.discharge_magnitude
    there = (
        Setting(magnitude, abs(amount)),
        split.charge if to_charge else split.discharge,
    )
    if before_kw is not None and before_kw * amount >= 0.0:
        return there
    others = [
        Setting(point, 0.0)
        for point in control.setpoints
        if point != magnitude and (point.low or 0.0) <= 0.0
    ]
    return (split.zero, *others, *there)  # what the other direction was told is not left behind


def due(last_s: float, period_s: float, now_s: float) -> bool:
    """Say whether something periodic is to be done again."""
    return now_s >= last_s + period_s * (1.0 - EARLY_SHARE)
