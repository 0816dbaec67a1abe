"""What one decision came to, for people on site: parts, units, products, the frequency. Pure.

Signs as in `wire`. All of it is small enough to go along with every picture of control.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from wire import fields
from wire.fields import Document
from wire.schedule import POWER_KW_MAX

Shown = TypeVar("Shown")
_ROWS_MAX = 100
_REFUSALS_MAX = 20
_UNIT = ("unit", "power_kw", "lower_kw", "upper_kw", "code", "text")
_PRODUCT = (
    *("product", "capacity_kw", "armed", "refusals", "deviation_hz", "response_kw"),
    *("management_kw", "alert", "nem", "aem", "reserve_mode", "endurance_min"),
)
_FREQUENCY = ("device", "hz", "applied_hz", "share", "believed", "injected", "code", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitShown:
    """What one inverter is told."""

    unit: str
    power_kw: float | None
    """None: nothing is written, because the unit is not ours."""
    lower_kw: float
    upper_kw: float
    code: str = ""
    """Of the interlock that leaves it nothing but 0; empty: it may work."""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductShown:
    """One frequency product that the site is awarded now."""

    product: str
    capacity_kw: float
    armed: bool
    refusals: tuple[tuple[str, str], ...] = ()
    """(code, sentence): why it is not armed, or not available as it was sold."""
    deviation_hz: float | None = None
    response_kw: float = 0.0
    management_kw: float = 0.0
    alert: bool | None = None
    """None: unknown, or a product without an alert state."""
    nem: int = 0
    """-1: charges, 1: discharges to stay able."""
    aem: bool = False
    reserve_mode: bool = False
    endurance_min: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyShown:
    """The grid's frequency as it was judged."""

    device: str
    hz: float | None
    """The last believed measurement, never an injected value."""
    applied_hz: float | None
    """What the products answer."""
    share: float
    """Of the response that is given."""
    believed: bool
    injected: bool = False
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """See the module."""

    base_kw: float
    """The part of the setpoint that does not depend on the frequency."""
    management_kw: float
    """The part that keeps the energy of products."""
    lower_kw: float
    upper_kw: float
    """What was allowed of the plant."""
    frequency: FrequencyShown | None = None
    units: tuple[UnitShown, ...] = ()
    products: tuple[ProductShown, ...] = ()


def to_document(insight: Insight) -> dict[str, object]:
    """Return it as it goes over the link; a number that is none must not stop control."""
    judged = insight.frequency
    return {
        "base_kw": _finite(insight.base_kw),
        "management_kw": _finite(insight.management_kw),
        "lower_kw": _finite(insight.lower_kw),
        "upper_kw": _finite(insight.upper_kw),
        "frequency": None if judged is None else _frequency_row(judged),
        "units": [
            [u.unit, _known(u.power_kw), _finite(u.lower_kw), _finite(u.upper_kw), u.code]
            + [fields.cut(u.text)]
            for u in insight.units[:_ROWS_MAX]
        ],
        "products": [_product_row(product) for product in insight.products[:_ROWS_MAX]],
    }


def from_document(document: Document, path: str) -> Insight:
    """Return what was told.

    Raises:
        BadMessage: a key is missing or wrong.
    """
    judged = document.get("frequency")
    return Insight(
        base_kw=_kw(document, "base_kw", path),
        management_kw=_kw(document, "management_kw", path),
        lower_kw=_kw(document, "lower_kw", path),
        upper_kw=_kw(document, "upper_kw", path),
        frequency=None if judged is None else _frequency(judged, f"{path}.frequency"),
        units=_table(document, "units", path, _UNIT, _unit),
        products=_table(document, "products", path, _PRODUCT, _product),
    )


def _frequency_row(judged: FrequencyShown) -> list[object]:
    numbers = [_known(judged.hz), _known(judged.applied_hz), _finite(judged.share)]
    said = [judged.believed, judged.injected, judged.code, fields.cut(judged.text)]
    return [judged.device, *numbers, *said]


def _product_row(product: ProductShown) -> list[object]:
    refusals = [[code, fields.cut(text)] for code, text in product.refusals[:_REFUSALS_MAX]]
    return [
        product.product,
        _finite(product.capacity_kw),
        product.armed,
        refusals,
        _known(product.deviation_hz),
        _finite(product.response_kw),
        _finite(product.management_kw),
        product.alert,
        product.nem,
        product.aem,
        product.reserve_mode,
        _known(product.endurance_min),
    ]


def _table(
    document: Document,
    key: str,
    path: str,
    names: Sequence[str],
    one: Callable[[Document, str], Shown],
) -> tuple[Shown, ...]:
    rows = fields.rows(document, key, path, names, most=_ROWS_MAX)
    return tuple(one(row, f"{path}.{key}") for row in rows)


def _unit(row: Document, path: str) -> UnitShown:
    return UnitShown(
        unit=fields.text(row, "unit", path),
        power_kw=_some(row, "power_kw", path),
        lower_kw=_kw(row, "lower_kw", path),
        upper_kw=_kw(row, "upper_kw", path),
        code=fields.text(row, "code", path, empty=True),
        text=fields.text(row, "text", path, empty=True),
    )


def _product(row: Document, path: str) -> ProductShown:
    refusals = fields.rows(row, "refusals", path, ("code", "text"), most=_REFUSALS_MAX)
    return ProductShown(
        product=fields.text(row, "product", path),
        capacity_kw=_kw(row, "capacity_kw", path),
        armed=fields.boolean(row, "armed", path),
        refusals=tuple(
            (fields.text(one, "code", path), fields.text(one, "text", path, empty=True))
            for one in refusals
        ),
        deviation_hz=_some(row, "deviation_hz", path),
        response_kw=_kw(row, "response_kw", path),
        management_kw=_kw(row, "management_kw", path),
        alert=None if row["alert"] is None else fields.boolean(row, "alert", path),
        nem=fields.integer(row, "nem", path, low=-1, high=1),
        aem=fields.boolean(row, "aem", path),
        reserve_mode=fields.boolean(row, "reserve_mode", path),
        endurance_min=_some(row, "endurance_min", path),
    )


def _frequency(row: object, path: str) -> FrequencyShown:
    (found,) = fields.rows({"row": [row]}, "row", path, _FREQUENCY, most=1)
    return FrequencyShown(
        device=fields.text(found, "device", path, empty=True),
        hz=_some(found, "hz", path),
        applied_hz=_some(found, "applied_hz", path),
        share=fields.number(found, "share", path, low=0.0, high=1.0),
        believed=fields.boolean(found, "believed", path),
        injected=fields.boolean(found, "injected", path),
        code=fields.text(found, "code", path, empty=True),
        text=fields.text(found, "text", path, empty=True),
    )


def _kw(document: Document, key: str, path: str) -> float:
    return fields.number(document, key, path, low=-POWER_KW_MAX, high=POWER_KW_MAX)


def _some(document: Document, key: str, path: str) -> float | None:
    return None if document[key] is None else _kw(document, key, path)


def _finite(value: float) -> float:
    return min(max(value, -POWER_KW_MAX), POWER_KW_MAX) if value == value else 0.0


def _known(value: float | None) -> float | None:
    return value if value is not None and abs(value) <= POWER_KW_MAX else None
