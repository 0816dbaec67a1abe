"""Which device of a plant tells what, decided once from its profiles and the settings. Pure.

The device that takes the setpoint tells its own AC power and life counter. Of the battery, its
management system is the master: a device that takes no setpoint goes before the one that does.
Power at the connection and the grid's frequency come from meters first.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

POWER = "ac.power_kw"
COUNTER = "pcs.counter"
SOC = "battery.soc_pct"
DISCHARGE = "battery.max_discharge_kw"
CHARGE = "battery.max_charge_kw"
DISCHARGE_A = "battery.max_discharge_a"
CHARGE_A = "battery.max_charge_a"
VOLTAGE = "battery.voltage_v"
BATTERY_COUNTER = "battery.counter"
FREQUENCY = "grid.frequency_hz"
SITE = "site.power_kw"

OF_SETTER = (POWER, COUNTER)
OF_BATTERY = (SOC, DISCHARGE, CHARGE, DISCHARGE_A, CHARGE_A, BATTERY_COUNTER)
CHOSEN = (*OF_BATTERY, FREQUENCY, SITE)
"""What `[plant] sources` may say."""


class BadSource(ValueError):
    """The plant does not say who tells a point, or says it wrongly; the text names the key."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The devices that tell each point, the preferred one first; only a frequency has several."""

    setter: str
    told_by: Mapping[str, tuple[str, ...]]

    def of(self, point: str) -> tuple[str, ...]:
        return self.told_by.get(point, ())


def resolve(
    names: Mapping[str, Set[str]], setter: str, chosen: Mapping[str, str] | None = None
) -> Sources:
    """Return who tells what.

    Args:
        names: the points of each device, in the order of the settings.
        setter: the device that takes the setpoint.
        chosen: what the settings say, by point.

    Raises:
        BadSource: two devices tell one thing of the battery, or a choice cannot be.
    """
    chosen = chosen or {}
    for point, device in chosen.items():
        _check(point, device, names)
    told_by: dict[str, tuple[str, ...]] = {
        point: (setter,) for point in OF_SETTER if point in names[setter]
    }
    for point in CHOSEN:
        others = [d for d in names if d != setter and point in names[d]]
        own = [setter] if point in names[setter] else []
        if point in chosen:
            told_by[point] = (chosen[point],)
        elif point == FREQUENCY and others + own:
            told_by[point] = (*others, *own)
        elif others + own:
            told_by[point] = (_only(point, others or own),)
    return Sources(setter, told_by)


def _check(point: str, device: str, names: Mapping[str, Set[str]]) -> None:
    key = f"plant.sources.{point}"
    if point not in CHOSEN:
        raise BadSource(f"{key}: is not allowed; one of {', '.join(CHOSEN)} is expected")
    tellers = [name for name, points in names.items() if point in points]
    if device not in tellers:
        known = ", ".join(tellers) or "no device of this site"
        raise BadSource(f"{key}: {device!r} is not allowed; {known}, which tells it, is expected")


def _only(point: str, devices: Sequence[str]) -> str:
    if len(devices) > 1:
        raise BadSource(
            f"plant.sources.{point}: is missing; {' or '.join(devices)}, which all tell it,"
            " is expected"
        )
    return devices[0]
