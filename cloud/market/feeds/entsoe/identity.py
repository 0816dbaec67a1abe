"""Which of our series a time series of the platform is, and with which sign. Pure.

Areas, units and currency are read from the document and must be the expected ones. The sequence of
an auction is part of what a series is: one is never taken for another.

Source: market data, §1.5, §3.1, §3.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from cloud.market.areas.model import SDAC, Area
from cloud.market.feeds.entsoe import codes
from cloud.market.feeds.entsoe.document import Document, TimeSeries
from cloud.market.series.model import Kind

SEQUENCE: Final = "classificationSequence_AttributeInstanceComponent.position"
UNNUMBERED: Final = "UNNUMBERED"
"""A price without the number of its auction beside prices that have one."""
CONSUMPTION: Final = "-consumption"
DIRECTIONS: Final[Mapping[str, int]] = MappingProxyType({codes.UP: 1, codes.DOWN: -1})
"""Sign of a volume by `flowDirection.direction`; what A86 means by it is not confirmed."""
UNCOUPLED: Final = frozenset({"CH"})
"""Areas whose day-ahead auction is not the coupled one."""
_DIRECTION: Final = "flowDirection.direction"
_DOMAINS: Final = (
    "in_Domain.mRID",
    "out_Domain.mRID",
    "inBiddingZone_Domain.mRID",
    "outBiddingZone_Domain.mRID",
    "biddingZone_Domain.mRID",
    "controlArea_Domain.mRID",
    "area_Domain.mRID",
)
_PLANT: Final = ("MktPSRType/psrType", "mktPSRType.psrType", "MktPSRType/psrType.code")


@dataclass(frozen=True, slots=True)
class Identity:
    """What one time series is to us."""

    detail: str
    sign: int = 1


def strange(document: Document, series: TimeSeries, kind: Kind, eics: frozenset[str]) -> str:
    """Return why a time series is not of this kind and these areas, "" where nothing is wrong."""
    domains = {series.text(name) or document.texts.get(name, "") for name in _DOMAINS} - {""}
    if not domains:
        return "it names no area"
    if kind.value.startswith("price.day") or kind in (Kind.PRICE_INTRADAY_AUCTION, Kind.FLOW):
        if domains != eics:
            return f"it is for {', '.join(sorted(domains))}"
    elif not domains & eics:
        return f"it is for {', '.join(sorted(domains))}"
    return _strange_unit(series, kind)


def identify(series: TimeSeries, kind: Kind, area: Area, day: date, numbered: bool) -> Identity:
    """Return detail and sign; `numbered`: some price of the same answer has a sequence."""
    match kind:
        case Kind.PRICE_DAY_AHEAD:
            return Identity(_auction(series, area, day, numbered))
        case Kind.PRICE_INTRADAY_AUCTION:
            number = series.text(SEQUENCE)
            return Identity(f"IDA{number}" if number else UNNUMBERED)
        case Kind.GENERATION_FORECAST | Kind.GENERATION_ACTUAL:
            plant = series.text(*_PLANT)
            if series.text("outBiddingZone_Domain.mRID"):
                return Identity(plant + CONSUMPTION, -1)
            return Identity(plant)
        case Kind.PRICE_BALANCING_ENERGY:
            parts = ("businessType", _DIRECTION, "standard_MarketProduct.marketProductType")
            texts = [series.text(name) for name in parts] + [series.text(*_PLANT)]
            return Identity("-".join(text for text in texts if text))
        case _:
            return Identity("")


def volume_sign(series: TimeSeries, directions: Mapping[str, int]) -> int | None:
    """Return the sign of a volume's direction, None where the document has none that is known."""
    return directions.get(series.text(_DIRECTION))


def is_numbered(series: TimeSeries) -> bool:
    """Return whether a price has the number of its auction."""
    return bool(series.text(SEQUENCE))


def _auction(series: TimeSeries, area: Area, day: date, numbered: bool) -> str:
    if area.code in UNCOUPLED:
        return ""
    number = series.text(SEQUENCE)
    if not number:
        return UNNUMBERED if numbered else SDAC
    row = next((row for row in area.sequences if row.valid_from <= day), None)
    names = {str(at): name for name, at in row.positions.items()} if row else {"1": SDAC}
    return names.get(number, f"SEQ{number}")


def _strange_unit(series: TimeSeries, kind: Kind) -> str:
    if kind.unit == "MW":
        unit = series.text("quantity_Measure_Unit.name", "quantity_Measurement_Unit.name")
        energy = kind is Kind.IMBALANCE_VOLUME and unit == codes.MEGAWATT_HOUR
        return (
            ""
            if energy or unit == codes.MEGAWATT
            else f"its unit is {unit!r}; {codes.MEGAWATT} is expected"
        )
    currency = series.text("currency_Unit.name")
    if currency != codes.EURO:
        return f"its currency is {currency!r}; {codes.EURO} is expected"
    unit = series.text("price_Measure_Unit.name", "price_Measurement_Unit.name")
    if unit != codes.MEGAWATT_HOUR:
        return f"its unit is {unit!r} for an amount of energy; {codes.MEGAWATT_HOUR} is expected"
    return ""
