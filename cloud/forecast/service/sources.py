"""Which series of the store a forecast reads, and the order in which sources count. Pure.

Sources are joined, so that an imported past and a live feed make one history: of two that tell the
same hour the preferred one counts. Simulated series are read only where there is nothing else, and
never beside real ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from cloud.market.areas.model import EXAA, SDAC, Area
from cloud.market.series.model import Kind, Series
from cloud.market.series.store import Extent

PREFERRED = ("entsoe", "energy-charts", "smard", "awattar")
"""Then files, by name."""
SIMULATED = "simulated"
PRICE, LOAD, RENEWABLES, EXAA_PRICE = "price", "load", "renewables", "exaa"
SOLAR, WIND = ("B16",), ("B18", "B19")
"""Plant types: offshore and onshore wind are told apart by sources, and added up here."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Series by what they tell, the least preferred first, coarse before fine."""

    by_use: Mapping[str, tuple[Series, ...]]
    """price, exaa, ida/NAME, load; solar/TYPE and wind/TYPE; the same with actual/ before them."""
    first_us: int
    """Of the prices."""
    simulated: bool
    digest: str
    """Changes when anything new is said that a day-ahead forecast reads."""

    def of(self, use: str) -> tuple[Series, ...]:
        return self.by_use.get(use, ())

    def below(self, prefix: str) -> list[str]:
        return sorted(use for use in self.by_use if use.startswith(prefix))


def chosen(extents: Iterable[Extent], area: Area) -> Chosen | None:
    """Return what is there for an area, None: no day-ahead price at all."""
    own = [extent for extent in extents if extent.series.area == area.code]
    real = [extent for extent in own if extent.series.source != SIMULATED]
    has_prices = any(_use(extent.series) == PRICE for extent in real)
    read = real if has_prices else own
    by_use: dict[str, list[Extent]] = {}
    for extent in read:
        use = _use(extent.series)
        if use is not None:
            by_use.setdefault(use, []).append(extent)
    if PRICE not in by_use:
        return None
    ordered = {
        use: tuple(extent.series for extent in sorted(found, key=_order))
        for use, found in by_use.items()
    }
    said = [
        (str(extent.series), extent.known_us, extent.statements)
        for use in sorted(by_use)
        if not use.startswith("actual/")
        for extent in sorted(by_use[use])
    ]
    return Chosen(
        by_use=ordered,
        first_us=min(extent.first_us for extent in by_use[PRICE]),
        simulated=not has_prices,
        digest=sha256(repr(said).encode()).hexdigest()[:16],
    )


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
    if series.kind is Kind.LOAD_FORECAST and detail == "":
        return LOAD
    if series.kind is Kind.LOAD_ACTUAL and detail == "":
        return f"actual/{LOAD}"
    before = {Kind.GENERATION_FORECAST: "", Kind.GENERATION_ACTUAL: "actual/"}.get(series.kind)
    if before is None:
        return None
    if detail in SOLAR:
        return f"{before}solar/{detail}"
    return f"{before}wind/{detail}" if detail in WIND else None
