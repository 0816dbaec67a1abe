"""Which series of the store a forecast reads, and the order in which sources count. Pure.

Sources are joined, so that an imported past and a live feed make one history: of two that tell the
same hour the preferred one counts. Simulated series are read only where there is nothing else, and
never beside real ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from cloud.forecast.days import NEIGHBOURS as NEIGHBOURS
from cloud.market.areas.model import EXAA, SDAC, Area
from cloud.market.series.model import Extent, Kind, Series

PREFERRED = ("entsoe", "energy-charts", "smard", "awattar")
"""Then files, by name."""
SIMULATED = "simulated"
PRICE, LOAD, RENEWABLES, EXAA_PRICE = "price", "load", "renewables", "exaa"
EARLY_NEIGHBOURS, OTHER = "early_neighbours", "other"
ACTUAL, INDEX, IMBALANCE = "actual/", "index", "imbalance"
INDICES = ("ID3", "ID1", "IDFULL")
"""Of the continuous market, the preferred one first; others behind them."""
_WHOLE = {
    Kind.LOAD_FORECAST: LOAD,
    Kind.LOAD_ACTUAL: f"{ACTUAL}{LOAD}",
    Kind.PRICE_IMBALANCE: IMBALANCE,
}
_SOON = (ACTUAL, "ida/", f"{INDEX}/", IMBALANCE)
"""Beginnings of what only an intraday forecast reads."""
NEIGHBOURS_MAX = 4
"""Those with the longest history: more of them would tell little new, and cost reading."""
_WEATHER = {Kind.WEATHER_RADIATION: "weather/radiation", Kind.WEATHER_WIND: "weather/wind"}
LENT_US = 15 * 86_400_000_000
"""With a shorter history of prices another area may lend its own."""
SOLAR, WIND = ("B16",), ("B18", "B19")
"""Plant types: offshore and onshore wind are told apart by sources, and added up here."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Series by what they tell, the least preferred first, coarse before fine."""

    by_use: Mapping[str, tuple[Series, ...]]
    """price, exaa, ida/NAME, index/RANK/NAME, imbalance, load; solar/TYPE and wind/TYPE; the same
    with actual/ before them; weather/radiation/PLACE and weather/wind/PLACE; neighbours/AREA;
    other, the prices that another area lends."""
    first_us: int
    """Of the prices, or of those that are lent."""
    simulated: bool
    digest: str
    """Changes when anything new is said that a day-ahead forecast reads."""
    digest_soon: str
    """The same of an intraday forecast."""

    def of(self, use: str) -> tuple[Series, ...]:
        return self.by_use.get(use, ())

    def below(self, prefix: str) -> list[str]:
        return sorted(use for use in self.by_use if use.startswith(prefix))


def chosen(extents: Iterable[Extent], area: Area) -> Chosen | None:
    """Return what is there for an area, None: no day-ahead price of it, nor of any other."""
    there = list(extents)
    own = [extent for extent in there if extent.series.area == area.code]
    real = [extent for extent in own if extent.series.source != SIMULATED]
    has_prices = any(_use(extent.series) == PRICE for extent in real)
    read = real if has_prices else own
    by_use: dict[str, list[Extent]] = {}
    for extent in read:
        use = _use(extent.series)
        if use is not None:
            by_use.setdefault(use, []).append(extent)
    simulated = not has_prices
    by_area = _prices(there, area, simulated=PRICE in by_use and simulated)
    for code in _longest(by_area, area.neighbours):
        by_use[f"{NEIGHBOURS}/{code}"] = by_area[code]
    if _span_us(by_use.get(PRICE, ())) < LENT_US:
        by_area = by_area or _prices(there, area, simulated=True)
        lender = next(iter(_longest(by_area, area.neighbours) or _longest(by_area, by_area)), None)
        if lender is not None:
            by_use[OTHER] = by_area[lender]
    first = by_use.get(PRICE) or by_use.get(OTHER)
    if first is None:
        return None
    if PRICE not in by_use:
        simulated = first[0].series.source == SIMULATED
    ordered = {
        use: tuple(extent.series for extent in sorted(found, key=_order))
        for use, found in by_use.items()
    }
    return Chosen(
        by_use=ordered,
        first_us=min(extent.first_us for extent in first),
        simulated=simulated,
        digest=_digest({use: by_use[use] for use in by_use if not use.startswith(_SOON)}),
        digest_soon=_digest(by_use),
    )


def _digest(by_use: Mapping[str, list[Extent]]) -> str:
    said = [
        (str(extent.series), extent.known_us, extent.statements)
        for use in sorted(by_use)
        for extent in sorted(by_use[use])
    ]
    return sha256(repr(said).encode()).hexdigest()[:16]


def _prices(extents: list[Extent], area: Area, *, simulated: bool) -> dict[str, list[Extent]]:
    """Return the day-ahead prices of the other areas, by their codes."""
    found: dict[str, list[Extent]] = {}
    for extent in extents:
        series = extent.series
        fits = series.area != area.code and (series.source == SIMULATED) is simulated
        if fits and _use(series) == PRICE:
            found.setdefault(series.area, []).append(extent)
    return found


def _longest(by_area: Mapping[str, list[Extent]], codes: Iterable[str]) -> list[str]:
    found = sorted(code for code in codes if code in by_area)
    found.sort(key=lambda code: -_span_us(by_area[code]))
    return found[:NEIGHBOURS_MAX]


def _span_us(extents: Iterable[Extent]) -> int:
    there = list(extents)
    if not there:
        return 0
    return max(one.last_us for one in there) - min(one.first_us for one in there)


def _order(extent: Extent) -> tuple[int, str, int]:
    source = extent.series.source
    rank = PREFERRED.index(source) if source in PREFERRED else len(PREFERRED)
    return -rank, source, -extent.series.resolution_s


def _use(series: Series) -> str | None:
    detail = series.detail
    if series.kind is Kind.PRICE_DAY_AHEAD:
        if detail == EXAA:
            return EXAA_PRICE
        return PRICE if detail in (SDAC, "") else None
    if series.kind is Kind.PRICE_INTRADAY_AUCTION:
        return f"ida/{detail}"
    if series.kind is Kind.PRICE_INTRADAY:
        rank = INDICES.index(detail) if detail in INDICES else len(INDICES)
        return f"{INDEX}/{rank}/{detail}"
    if series.kind in _WHOLE:
        return _WHOLE[series.kind] if detail == "" else None
    if series.kind in _WEATHER:
        return f"{_WEATHER[series.kind]}/{detail}"
    before = {Kind.GENERATION_FORECAST: "", Kind.GENERATION_ACTUAL: "actual/"}.get(series.kind)
    if before is None:
        return None
    if detail in SOLAR:
        return f"{before}solar/{detail}"
    return f"{before}wind/{detail}" if detail in WIND else None
