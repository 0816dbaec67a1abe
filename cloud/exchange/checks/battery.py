"""Whether a battery can deliver what it has sold and take what it has bought. Pure.

From the newest state of charge the stored energy is followed over the quarter-hours ahead, twice:
the **low** path, as if every open sale traded and no open purchase did, must stay above the
floor; the **high** path, the other way round, below the ceiling. A sale is asked of the low
path, a purchase of the high one, each from its own quarter-hour to the last that is known. So a
battery is never sold empty or bought full, not even for a while between two quarter-hours.

A kWh delivered takes more than one from the store, a kWh taken brings less than one to it.
Energy is in integer milliwatt-hours. Ramps are left out: they only ever make less of a trade.
What is not known is never taken for full, empty, or fresh (`cloud.exchange.checks.sites`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from wire.clock import QUARTER_HOUR_US, quarter_hour_us

AGE_S_MAX = 900
"""A state of charge that is older is not known, where the site does not say otherwise (ours)."""
AHEAD_MAX = 480
"""Quarter-hours that are followed: five days, further than any market opens."""
_PPM = 1_000_000
_MWH_PER_KW = 250_000
"""Milliwatt-hours of 1 kW over a quarter-hour."""
_MWH_PER_PCT_KWH = 10_000
"""Milliwatt-hours of 1 % of 1 kWh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What a site is and how it is; replaced whole when any of it changes."""

    site: str
    energy_kwh: float
    """What it holds between 0 and 100 % of its state of charge."""
    charge_kw_max: float
    discharge_kw_max: float
    charge_efficiency: float = 0.95
    """Stored for each kWh taken at the AC terminals, 0 to 1 (ours; a site should say)."""
    discharge_efficiency: float = 0.95
    """Delivered at the AC terminals for each kWh taken from the store, 0 to 1."""
    floor_pct: float = 0.0
    ceiling_pct: float = 100.0
    soc_pct: float | None = None
    """None: not known."""
    soc_at_us: int = 0
    age_s_max: int = AGE_S_MAX

    def __post_init__(self) -> None:
        """Refuse what no battery is.

        Raises:
            ValueError: a value is out of its range; the text names it.
        """
        allowed = {
            "energy_kwh": (0.001, 1e8),
            "charge_kw_max": (0.0, 1e7),
            "discharge_kw_max": (0.0, 1e7),
            "charge_efficiency": (0.01, 1.0),
            "discharge_efficiency": (0.01, 1.0),
            "floor_pct": (0.0, 100.0),
            "ceiling_pct": (self.floor_pct, 100.0),
            "age_s_max": (1, 86_400),
        }
        for name, (low, high) in allowed.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(
                    f"site {self.site}: {name}: {value!r} is not allowed; {low:g} to {high:g} is"
                )

    def is_fresh(self, at_us: int) -> bool:
        """Return whether the state of charge is known at this instant."""
        known = self.soc_pct is not None and 0 <= self.soc_pct <= 100
        return known and abs(at_us - self.soc_at_us) <= self.age_s_max * 1_000_000

    @property
    def floor_mwh(self) -> int:
        return round(self.floor_pct * self.energy_kwh * _MWH_PER_PCT_KWH)

    @property
    def ceiling_mwh(self) -> int:
        return round(self.ceiling_pct * self.energy_kwh * _MWH_PER_PCT_KWH)


@dataclass(slots=True)
class Quarter:
    """One quarter-hour of a site, over all markets and accounts; magnitudes but for the net."""

    net_kw: int = 0
    """Sold less bought."""
    sell_kw: int = 0
    """On offer."""
    buy_kw: int = 0
    sealed_sell_kw: int = 0
    """In auctions: what could come of it."""
    sealed_buy_kw: int = 0
    sealed_kw: int = 0
    """Of that, what is ordered at any price, sign as in `wire`."""
    other_kw: int = 0
    """Promised beside this exchange (another venue, a frequency service), sign as in `wire`."""

    @property
    def certain_kw(self) -> int:
        """Return what is owed, and what is ordered at any price."""
        return self.net_kw + self.other_kw + self.sealed_kw


class Cell:
    """A battery's quarter-hours from `first_us` on, and the change of stored energy in each."""

    def __init__(self) -> None:
        self.battery: Battery | None = None
        self.first_us = 0
        self._quarters: dict[int, Quarter] = {}
        self._low = [0] * AHEAD_MAX
        self._high = [0] * AHEAD_MAX
        """Change of stored energy by quarter-hour from `first_us` on, each path, in mWh."""

    def quarter(self, start_us: int) -> Quarter:
        found = self._quarters.get(start_us)
        if found is None:
            found = self._quarters[start_us] = Quarter()
        return found

    def changed(self, start_us: int) -> None:
        """Follow a change of a quarter-hour."""
        index = (start_us - self.first_us) // QUARTER_HOUR_US
        if not 0 <= index < AHEAD_MAX or self.battery is None:
            return
        quarter, battery = self._quarters[start_us], self.battery
        certain_kw = quarter.certain_kw
        self._low[index] = stored_mwh(certain_kw + quarter.sell_kw, battery)
        self._high[index] = stored_mwh(certain_kw - quarter.buy_kw, battery)

    def seen(self, battery: Battery) -> None:
        """Take up what is known of the battery now."""
        old, self.battery = self.battery, battery
        if old is None or _physics(old) != _physics(battery):
            self._redo()

    def promised(self, other_kw: Mapping[int, int]) -> None:
        """Take up all that is owed beside this exchange, by start of quarter-hour."""
        for quarter in self._quarters.values():
            quarter.other_kw = 0
        for start_us, power_kw in other_kw.items():
            self.quarter(start_us).other_kw = power_kw
        self._redo()

    def nets(self) -> list[tuple[int, int]]:
        """Return start and net power of each quarter-hour that has traded."""
        found = sorted(self._quarters.items())
        return [(at_us, quarter.net_kw) for at_us, quarter in found if quarter.net_kw]

    def forget_until(self, at_us: int) -> None:
        """Begin with the quarter-hour that `at_us` is in."""
        first_us = quarter_hour_us(at_us)
        if first_us <= self.first_us:
            return
        for start_us in [start for start in self._quarters if start < first_us]:
            del self._quarters[start_us]
        self.first_us = first_us
        self._redo()

    def extra_mwh(self, start_us: int, power_kw: int, sold: bool) -> int:
        """Return what an order more would change of the path that it is asked of."""
        quarter, battery = self._quarters.get(start_us, _NOTHING), self.battery
        assert battery is not None
        offered_kw = quarter.sell_kw if sold else -quarter.buy_kw
        before_kw = quarter.certain_kw + offered_kw
        after_kw = before_kw + (power_kw if sold else -power_kw)
        return stored_mwh(after_kw, battery) - stored_mwh(before_kw, battery)

    def power_kw(self, start_us: int, power_kw: int, sold: bool) -> int:
        """Return what the site would come to owe in the direction of an order more."""
        quarter = self._quarters.get(start_us, _NOTHING)
        owed_kw = quarter.net_kw + quarter.other_kw
        if sold:
            return owed_kw + quarter.sell_kw + quarter.sealed_sell_kw + power_kw
        return -owed_kw + quarter.buy_kw + quarter.sealed_buy_kw + power_kw

    def certain_kw(self, start_us: int) -> int:
        """Return what the site owes in a quarter-hour: sold less bought, here and elsewhere.

        What is ordered in auctions at any price counts.
        """
        return self._quarters.get(start_us, _NOTHING).certain_kw

    def path_mwh(self, sold: bool) -> list[int]:
        """Return stored energy at the end of each quarter-hour ahead, low where sold, else high.

        The running quarter-hour counts from the time of the state of charge on.
        """
        battery = self.battery
        assert battery is not None
        assert battery.soc_pct is not None
        changes = self._low if sold else self._high
        known_us = max(self.first_us, min(battery.soc_at_us, self.first_us + QUARTER_HOUR_US))
        rest_us = self.first_us + QUARTER_HOUR_US - known_us
        now_mwh = round(battery.soc_pct * battery.energy_kwh * _MWH_PER_PCT_KWH)
        running_mwh = changes[0] * rest_us // QUARTER_HOUR_US
        return list(accumulate(changes[1:], initial=now_mwh + running_mwh))

    def _redo(self) -> None:
        self._low = [0] * AHEAD_MAX
        self._high = [0] * AHEAD_MAX
        for start_us in self._quarters:
            self.changed(start_us)


_NOTHING = Quarter()


def stored_mwh(power_kw: int, battery: Battery) -> int:
    """Return the change of stored energy by a power over a quarter-hour, rounded down.

    Delivering 1 kW takes more than 0.25 kWh from the store, taking 1 kW adds less to it.
    """
    if power_kw > 0:
        return -power_kw * _MWH_PER_KW * _PPM // round(battery.discharge_efficiency * _PPM)
    return -power_kw * _MWH_PER_KW * round(battery.charge_efficiency * _PPM) // _PPM


def _physics(battery: Battery) -> tuple[float, float]:
    return battery.charge_efficiency, battery.discharge_efficiency
