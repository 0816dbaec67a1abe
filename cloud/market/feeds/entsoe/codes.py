"""How the platform names what we ask for: documents, parameters, units, plants. Pure, data only.

A code that stands in no table here is kept as text, never dropped.

Source: mappings of entsoe-py 0.8.0 and the platform's guide; market data, §2.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cloud.market.series.model import Kind

AREA: Final = "<area>"
"""Stands for the area's own code in a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """One kind of document: how it is asked for, and how its answer is read."""

    document: str
    parameters: tuple[tuple[str, str], ...]
    """Beside token, document and period."""
    page: int | None = None
    """Time series, or entries of a ZIP, that come at once at most; None: all at once."""
    plants: bool = False
    """Whether one plant type may be asked for by `psrType`."""


_CONTRACT: Final = "contract_MarketAgreement.type"
_IN_OUT: Final = (("in_Domain", AREA), ("out_Domain", AREA))
_CONTROL: Final = (("controlArea_Domain", AREA),)
_PAGE: Final = 100
OUTAGE_PAGE: Final = 200
OFFSET_MAX: Final = 4_800
"""The platform gives no more than this and a page."""

DOCUMENTS: Final[Mapping[Kind, DocumentKind]] = MappingProxyType(
    {
        Kind.PRICE_DAY_AHEAD: DocumentKind(
            document="A44", parameters=((_CONTRACT, "A01"), *_IN_OUT), page=_PAGE
        ),
        Kind.PRICE_INTRADAY_AUCTION: DocumentKind(
            document="A44", parameters=((_CONTRACT, "A07"), *_IN_OUT), page=_PAGE
        ),
        Kind.PRICE_IMBALANCE: DocumentKind(document="A85", parameters=_CONTROL),
        Kind.PRICE_BALANCING_ENERGY: DocumentKind(
            document="A84", parameters=(("processType", "A16"), *_CONTROL)
        ),
        Kind.IMBALANCE_VOLUME: DocumentKind(document="A86", parameters=_CONTROL),
        Kind.LOAD_FORECAST: DocumentKind(
            document="A65", parameters=(("processType", "A01"), ("outBiddingZone_Domain", AREA))
        ),
        Kind.LOAD_ACTUAL: DocumentKind(
            document="A65",
            parameters=(
                ("processType", "A16"),
                ("outBiddingZone_Domain", AREA),
                ("out_Domain", AREA),
            ),
        ),
        Kind.GENERATION_FORECAST: DocumentKind(
            document="A69", parameters=(("processType", "A01"), ("in_Domain", AREA)), plants=True
        ),
        Kind.GENERATION_ACTUAL: DocumentKind(
            document="A75", parameters=(("processType", "A16"), ("in_Domain", AREA)), plants=True
        ),
        Kind.FLOW: DocumentKind(document="A11", parameters=()),
    }
)
OUTAGES: Final = ("A77", "A76", "A79", "A80")
"""Of production, consumption, offshore grids and generation units."""
GENERATION_OUTAGES: Final = ("A77", "A80")
"""Asked for together: units lie within production, and what both tell of is counted once."""
TRANSMISSION_OUTAGES: Final = "A78"
CANCELLED: Final = "A09"
WITHDRAWN: Final = "A13"
FIXED: Final = "A01"
"""Curve in which a position that is left out has no value."""
VARIABLE: Final = "A03"
"""Curve in which a position that is left out has the value before it."""
UP: Final = "A01"
DOWN: Final = "A02"
MEGAWATT: Final = "MAW"
MEGAWATT_HOUR: Final = "MWH"
EURO: Final = "EUR"
STEP_US: Final[Mapping[str, int]] = MappingProxyType(
    {
        "PT1M": 60_000_000,
        "PT15M": 900_000_000,
        "PT30M": 1_800_000_000,
        "PT60M": 3_600_000_000,
        "PT1H": 3_600_000_000,
    }
)
"""Resolutions of one length."""
CALENDAR: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"P1D": (0, 1), "P7D": (0, 7), "P1M": (1, 0), "P1Y": (12, 0)}
)
"""Resolutions of the local calendar: months and days."""
SOLAR: Final = "B16"
WIND_OFFSHORE: Final = "B18"
WIND_ONSHORE: Final = "B19"
PLANTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "B10": "pumped storage",
        "B11": "run of river",
        "B12": "reservoir",
        SOLAR: "solar",
        WIND_OFFSHORE: "wind offshore",
        WIND_ONSHORE: "wind onshore",
        "B25": "energy storage",
    }
)
RESERVES: Final[Mapping[str, str]] = MappingProxyType(
    {"A95": "FCR", "A96": "aFRR", "A97": "mFRR", "A98": "RR"}
)
"""Business types of balancing documents."""
