"""The batteries behind the orders: asked before an order, told of offers and trades. Pure.

A site is counted over all markets and accounts: the battery is one. Codes: ``SITE_LIMIT`` (power),
``SITE_EMPTY`` and ``SITE_FULL`` (energy), ``SITE_UNKNOWN`` and ``SITE_STALE`` (state of charge),
``SITE_HORIZON`` (further than it is followed). Without a known state of charge an order is taken
only where it makes what the site owes smaller.
"""

from collections.abc import Iterable, Iterator, Mapping

from cloud.exchange.checks.battery import AHEAD_MAX, Battery, Cell
from cloud.exchange.venue.guard import Refusal
from cloud.market.contracts import Contract
from wire import clock
from wire.clock import QUARTER_HOUR_US

SITES_MAX = 10_000
"""Sites that may be known; the fleet's pages are made for fewer (ours)."""
_KEPT_US = 100 * QUARTER_HOUR_US
"""Past quarter-hours that are kept for a state of charge of old: more than its age may be."""
_MWH_PER_KWH = 1_000_000


class Sites:
    """All sites of a hub; used by the writer's task alone."""

    def __init__(self) -> None:
        self._cells: dict[str, Cell] = {}

    def seen(self, battery: Battery) -> None:
        """Take up what is known of a battery now: at each change, and at each telemetry.

        Raises:
            ValueError: it is one too many.
        """
        if battery.site not in self._cells and len(self._cells) >= SITES_MAX:
            raise ValueError(f"site {battery.site} is one too many; {SITES_MAX} are allowed")
        self.cell(battery.site).seen(battery)

    def promised(self, site: str, other_kw: Mapping[int, int]) -> None:
        """Take up what a site owes beside this exchange, by start of quarter-hour; replaces all."""
        self.cell(site).promised(other_kw)

    def known(self, site: str) -> Cell | None:
        """Return a site as it is counted; None: nothing is known of it. Only to be read."""
        return self._cells.get(site)

    def batteries(self) -> Iterator[Battery]:
        """Yield what is known of each battery. Only to be read, and before anything else is."""
        return (cell.battery for cell in self._cells.values() if cell.battery is not None)

    def refusal(
        self, site: str, contract: Contract, sold: bool, power_kw: int, at_us: int
    ) -> Refusal | None:
        """Say why the site cannot stand for an order more; None: it can."""
        cell = self._cells.get(site)
        starts = range(contract.start_us, contract.end_us, QUARTER_HOUR_US)
        battery = None if cell is None else cell.battery
        if cell is None or battery is None:
            return Refusal("SITE_UNKNOWN", f"site {site}: nothing is known of its battery")
        worst_us = max(starts, key=lambda start_us: cell.power_kw(start_us, power_kw, sold))
        worst_kw = cell.power_kw(worst_us, power_kw, sold)
        most_kw = battery.discharge_kw_max if sold else battery.charge_kw_max
        if worst_kw > most_kw:
            return Refusal(
                "SITE_LIMIT",
                f"site {site} would come to owe {worst_kw} kW in the quarter-hour of"
                f" {_text(worst_us)} with all its open orders; {most_kw:g} kW is its power",
            )
        if worst_kw <= 0 and not battery.is_fresh(at_us):
            return None
        return charge_refusal(battery, at_us) or _path_refusal(
            cell, battery, starts, sold, power_kw, at_us
        )

    def offered(self, site: str, contract: Contract, sold: bool, power_kw: int) -> None:
        """Count what came to rest in a book, or, below zero, what left it."""
        cell = self.cell(site)
        for start_us in range(contract.start_us, contract.end_us, QUARTER_HOUR_US):
            quarter = cell.quarter(start_us)
            if sold:
                quarter.sell_kw += power_kw
            else:
                quarter.buy_kw += power_kw
            cell.changed(start_us)

    def traded(self, site: str, contract: Contract, sold: bool, power_kw: int) -> None:
        cell = self.cell(site)
        for start_us in range(contract.start_us, contract.end_us, QUARTER_HOUR_US):
            cell.quarter(start_us).net_kw += power_kw if sold else -power_kw
            cell.changed(start_us)

    def forget_until(self, at_us: int) -> None:
        """Forget deliveries that are long over; a running one still moves energy."""
        for cell in self._cells.values():
            cell.forget_until(at_us - _KEPT_US)

    def dump(self) -> list[object]:
        """Return the trades of each site: name, then start and net power of each quarter-hour."""
        return [[site, cell.nets()] for site, cell in sorted(self._cells.items()) if cell.nets()]

    def load(self, dumped: Iterable[tuple[str, Iterable[tuple[int, int]]]]) -> None:
        for site, nets in dumped:
            cell = self.cell(site)
            for start_us, net_kw in nets:
                cell.quarter(start_us).net_kw = net_kw
                cell.changed(start_us)

    def cell(self, site: str) -> Cell:
        """Return a site as it is counted, made where it is new."""
        cell = self._cells.get(site)
        if cell is None:
            cell = self._cells[site] = Cell()
        return cell


def charge_refusal(battery: Battery, at_us: int) -> Refusal | None:
    """Say that the state of charge is not known, or too old."""
    if battery.is_fresh(at_us):
        return None
    site = battery.site
    if battery.soc_pct is None:
        return Refusal("SITE_UNKNOWN", f"site {site}: its state of charge is not known")
    age_s = (at_us - battery.soc_at_us) // 1_000_000
    return Refusal(
        "SITE_STALE",
        f"site {site}: its state of charge of {battery.soc_pct:g} % is {age_s} s old;"
        f" 0 to 100 % and at most {battery.age_s_max} s are allowed",
    )


def _path_refusal(
    cell: Cell, battery: Battery, starts: range, sold: bool, power_kw: int, at_us: int
) -> Refusal | None:
    cell.forget_until(min(at_us, battery.soc_at_us))
    first = (starts[0] - cell.first_us) // QUARTER_HOUR_US
    if not 0 <= first <= AHEAD_MAX - len(starts):
        return Refusal(
            "SITE_HORIZON",
            f"site {battery.site} is followed for {AHEAD_MAX} quarter-hours;"
            f" {_text(starts[0])} is not among them",
        )
    path = cell.path_mwh(sold)[first:]
    extra = 0
    for index, start_us in enumerate(starts):
        extra += cell.extra_mwh(start_us, power_kw, sold)
        path[index] += extra
    tail = path[len(starts) :]
    if sold:
        least = min(path[: len(starts)])
        rest = min(tail, default=least) + (extra if tail else 0)
        if min(least, rest) >= battery.floor_mwh:
            return None
    else:
        least = max(path[: len(starts)])
        rest = max(tail, default=least) + (extra if tail else 0)
        if max(least, rest) <= battery.ceiling_mwh:
            return None
    whole = [*path[: len(starts)], *(mwh + extra for mwh in tail)]
    return _energy_refusal(battery, whole, starts[0], sold)


def _energy_refusal(battery: Battery, path: list[int], start_us: int, sold: bool) -> Refusal:
    """Name the first quarter-hour that ends outside of what the battery holds."""
    limit = battery.floor_mwh if sold else battery.ceiling_mwh
    index = next(i for i, mwh in enumerate(path) if (mwh < limit if sold else mwh > limit))
    return Refusal(
        "SITE_EMPTY" if sold else "SITE_FULL",
        f"site {battery.site} would be at {path[index] / _MWH_PER_KWH:.3f} kWh at the end of the"
        f" quarter-hour of {_text(start_us + index * QUARTER_HOUR_US)} with all its open"
        f" {'sales' if sold else 'purchases'}; {limit / _MWH_PER_KWH:.3f} kWh is its"
        f" {'floor' if sold else 'ceiling'}",
    )


def _text(at_us: int) -> str:
    return clock.utc(at_us).strftime("%Y-%m-%dT%H:%MZ")
