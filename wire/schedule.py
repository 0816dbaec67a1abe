"""What the hub awards and the agent executes. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from wire import fields
from wire.fields import BadMessage, Document

VERSION = 1
SLOTS_MAX = 1_000
SERVICES_MAX = 20
PRICES_MAX = 1_000
PRICE_CT_MWH_MAX = 10_000_000
CURVE_POINTS_MAX = 50
POWER_KW_MAX = 10_000_000.0
DEVIATION_HZ_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Slot:
    """Constant power over ``[start, end)``; sign as in `wire`."""

    start_us: int
    end_us: int
    power_kw: float


@dataclass(frozen=True, slots=True)
class FrequencyService:
    """A frequency product that the site is awarded over ``[start, end)``.

    The response is ``capacity_kw`` times the curve at the deviation from 50 Hz, added to the
    schedule: linear between the points, held outside the first and the last.
    """

    product: str
    start_us: int
    end_us: int
    capacity_kw: float
    curve: tuple[tuple[float, float], ...]
    """(deviation in Hz, response per unit of capacity), deviation strictly rising."""


@dataclass(frozen=True, slots=True)
class Price:
    """What energy costs over ``[start, end)``, in cents a MWh."""

    start_us: int
    end_us: int
    ct_mwh: int


@dataclass(frozen=True, slots=True)
class Fallback:
    """What holds after the last slot, when nothing newer came; sign as in `wire`."""

    power_kw: float
    until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All that a site owes from now on; one schedule replaces another as a whole."""

    site: str
    version: int
    issued_us: int
    slots: tuple[Slot, ...]
    """In order of time, not overlapping; gaps mean 0 kW was asked for."""
    services: tuple[FrequencyService, ...] = ()
    prices: tuple[Price, ...] = ()
    """For what the site decides by itself; in order of time, not overlapping."""
    fallback: Fallback | None = None
    """None: after the last slot nothing is asked for."""

    def slot_at(self, at_us: int) -> Slot | None:
        """Return the slot that covers the instant, if any."""
        return next((s for s in self.slots if s.start_us <= at_us < s.end_us), None)

    def price_at(self, at_us: int) -> Price | None:
        """Return the price that covers the instant, if any."""
        place = bisect_right(self.prices, at_us, key=_start_us) - 1
        if place < 0 or at_us >= self.prices[place].end_us:
            return None
        return self.prices[place]

    def fallback_at(self, at_us: int) -> Fallback | None:
        """Return what holds instead of a slot at the instant, if anything does."""
        if self.fallback is None or not self.ends_us <= at_us < self.fallback.until_us:
            return None
        return self.fallback

    def replaces(self, known: "Schedule") -> bool:
        """Say whether to follow this one instead: a higher version, or one that was issued later.

        A hub that lost its data counts versions from 1 again, and is still the one to follow.
        """
        return self.version > known.version or self.issued_us > known.issued_us

    @property
    def ends_us(self) -> int:
        """When the last slot ends; nothing is known beyond it."""
        return self.slots[-1].end_us if self.slots else self.issued_us


def to_document(schedule: Schedule) -> dict[str, object]:
    return {
        "v": VERSION,
        "site": schedule.site,
        "version": schedule.version,
        "issued_us": schedule.issued_us,
        "slots": [
            {"start_us": s.start_us, "end_us": s.end_us, "power_kw": s.power_kw}
            for s in schedule.slots
        ],
        "services": [
            {
                "product": s.product,
                "start_us": s.start_us,
                "end_us": s.end_us,
                "capacity_kw": s.capacity_kw,
                "curve": [list(point) for point in s.curve],
            }
            for s in schedule.services
        ],
        **_optional(schedule),
    }


def _optional(schedule: Schedule) -> dict[str, object]:
    """Return what older boxes do not know, where there is any of it."""
    document: dict[str, object] = {}
    if schedule.prices:
        document["prices"] = [[p.start_us, p.end_us, p.ct_mwh] for p in schedule.prices]
    if schedule.fallback is not None:
        power_kw, until_us = schedule.fallback.power_kw, schedule.fallback.until_us
        document["fallback"] = {"power_kw": power_kw, "until_us": until_us}
    return document


def from_document(document: Document, path: str = "schedule") -> Schedule:
    """Return the schedule in `document`.

    Raises:
        BadMessage: a key is missing or wrong, or slots are out of order or overlap.
    """
    fields.version(document, path, VERSION)
    slots = tuple(
        _slot(fields.as_document(item, f"{path}.slots[{i}]"), f"{path}.slots[{i}]")
        for i, item in enumerate(fields.items(document, "slots", path, most=SLOTS_MAX))
    )
    _check_order(slots, f"{path}.slots")
    return Schedule(
        site=fields.text(document, "site", path),
        version=fields.integer(document, "version", path),
        issued_us=fields.instant(document, "issued_us", path),
        slots=slots,
        services=tuple(
            _service(fields.as_document(item, f"{path}.services[{i}]"), f"{path}.services[{i}]")
            for i, item in enumerate(fields.items(document, "services", path, most=SERVICES_MAX))
        ),
        prices=_prices(document, path) if "prices" in document else (),
        fallback=_fallback(document, path) if "fallback" in document else None,
    )


def _prices(document: Document, path: str) -> tuple[Price, ...]:
    names, most_ct = ("start_us", "end_us", "ct_mwh"), PRICE_CT_MWH_MAX
    prices = tuple(
        Price(
            *_interval(row, path), fields.integer(row, "ct_mwh", path, low=-most_ct, high=most_ct)
        )
        for row in fields.rows(document, "prices", path, names, most=PRICES_MAX)
    )
    _check_order(prices, f"{path}.prices")
    return prices


def _fallback(document: Document, path: str) -> Fallback:
    path = f"{path}.fallback"
    found = fields.as_document(document["fallback"], path)
    power_kw = fields.number(found, "power_kw", path, low=-POWER_KW_MAX, high=POWER_KW_MAX)
    return Fallback(power_kw, fields.instant(found, "until_us", path))


def _slot(document: Document, path: str) -> Slot:
    start_us, end_us = _interval(document, path)
    power_kw = fields.number(document, "power_kw", path, low=-POWER_KW_MAX, high=POWER_KW_MAX)
    return Slot(start_us, end_us, power_kw)


def _service(document: Document, path: str) -> FrequencyService:
    start_us, end_us = _interval(document, path)
    return FrequencyService(
        product=fields.text(document, "product", path),
        start_us=start_us,
        end_us=end_us,
        capacity_kw=fields.number(document, "capacity_kw", path, low=0.0, high=POWER_KW_MAX),
        curve=_curve(fields.items(document, "curve", path, most=CURVE_POINTS_MAX), path),
    )


def _interval(document: Document, path: str) -> tuple[int, int]:
    start_us = fields.instant(document, "start_us", path)
    end_us = fields.instant(document, "end_us", path)
    if end_us <= start_us:
        raise BadMessage(f"{path}.end_us", end_us, f"an end after the start {start_us} is expected")
    return start_us, end_us


def _curve(points: Sequence[object], path: str) -> tuple[tuple[float, float], ...]:
    curve = tuple(_curve_point(point, f"{path}.curve[{i}]") for i, point in enumerate(points))
    if not curve:
        raise BadMessage(f"{path}.curve", [], "at least one point is expected")
    for i, (left, right) in enumerate(pairwise(curve)):
        if right[0] <= left[0]:
            raise BadMessage(f"{path}.curve[{i + 1}]", right, "rising deviations are expected")
    return curve


def _curve_point(point: object, path: str) -> tuple[float, float]:
    if not isinstance(point, list) or len(point) != 2:
        raise BadMessage(path, point, "[deviation in Hz, response per unit] is expected")
    pair = {"hz": point[0], "pu": point[1]}
    return (
        fields.number(pair, "hz", path, low=-DEVIATION_HZ_MAX, high=DEVIATION_HZ_MAX),
        fields.number(pair, "pu", path, low=-1.0, high=1.0),
    )


def _start_us(price: Price) -> int:
    return price.start_us


def _check_order(parts: Sequence[Slot | Price], path: str) -> None:
    for i, (left, right) in enumerate(pairwise(parts)):
        if right.start_us < left.end_us:
            raise BadMessage(
                f"{path}[{i + 1}].start_us",
                right.start_us,
                f"a start at or after the end of the slot before, {left.end_us}, is expected",
            )
