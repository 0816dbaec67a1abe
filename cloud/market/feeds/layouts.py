"""Layouts of files with series, told by their first line. Pure.

* own: ``start_utc,end_utc,series,value,unit``, in any order of columns;
* benchmark: an hour a row in local time without clock changes, a price and forecasts beside it;
* areas: local time and a price column for each area, ``AT_eur_mwh``, quarter-hours or hours.

Local times without an offset lose something where the clock changes: an hour that does not exist
is left out, of one that comes twice only the first is there. Nothing is invented for the other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cloud.market.areas.model import SDAC, Area
from cloud.market.series.model import Kind
from wire import clock

OWN = ("start_utc", "end_utc", "series", "value", "unit")
COLUMNS_MAX = 200
_AREA_COLUMN = re.compile(r"^([A-Za-z0-9-]+)_eur_mwh$")
_HOUR_S = 3_600


class BadFile(Exception):
    """A file that cannot be taken; one line: where, what, what is allowed."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the values of a column are."""

    kind: Kind
    area: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows are read: columns by their place in the row."""

    is_own: bool
    columns: Mapping[int, Target]
    """Of the layouts with a time in the first column."""
    places: Mapping[str, int]
    """Of our own layout."""


def layout_of(header: Sequence[str], area: str, areas: Mapping[str, Area]) -> Layout:
    """Return the layout that a first line tells.

    Args:
        area: of the columns that name none; "" where nobody said.

    Raises:
        BadFile: none is told, or an area is needed and missing.
    """
    names = [name.strip().strip('"').lower() for name in header]
    if len(names) > COLUMNS_MAX:
        raise BadFile(f"line 1: {len(names)} columns; {COLUMNS_MAX} are allowed")
    if set(OWN) <= set(names):
        return Layout(True, {}, {name: names.index(name) for name in OWN})
    by_area = {
        at: Target(Kind.PRICE_DAY_AHEAD, found[1].upper(), SDAC)
        for at, name in enumerate(names)
        if at and (found := _AREA_COLUMN.match(name)) and found[1].upper() in areas
    }
    if by_area and len(by_area) == len(names) - 1:
        return Layout(False, by_area, {})
    if area not in areas:
        raise BadFile(
            f"line 1: {','.join(names)[:80]!r} names no area that is known; say --area, one of"
            f" {', '.join(sorted(areas))}"
        )
    return Layout(False, _benchmark(names, area), {})


def series_of(text: str) -> Target:
    """Return what the column `series` of our own layout means: ``price.day_ahead/AT/SDAC``.

    Raises:
        ValueError: it is not of this form.
    """
    kind, area, *detail = text.split("/", 2)
    return Target(Kind(kind), area, detail[0] if detail else "")


def instant_us(text: str) -> int:
    """Return an instant of our own layout, ISO-8601 with Z or an offset.

    Raises:
        ValueError: it is none.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("has no time zone; Z or an offset is expected")
    return clock.micros(at)


def local_us(text: str, area: Area) -> int | None:
    """Return the instant of a local time, the first of two; None: there is no such time.

    Raises:
        ValueError: it is no time.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is not None:
        return clock.micros(at)
    local = at.replace(tzinfo=area.zone)
    back = local.astimezone(UTC).astimezone(area.zone)
    return clock.micros(local) if back.replace(tzinfo=None) == at else None


def _benchmark(names: Sequence[str], area: str) -> dict[int, Target]:
    found: dict[int, Target] = {}
    for at, name in enumerate(names):
        if not at:
            continue
        if "price" in name:
            found[at] = Target(Kind.PRICE_DAY_AHEAD, area, SDAC)
        elif "load" in name:
            found[at] = Target(Kind.LOAD_FORECAST, area, _detail(name))
        elif any(word in name for word in ("res_", "wind", "solar", "gen")):
            found[at] = Target(Kind.GENERATION_FORECAST, area, _detail(name))
        else:
            raise BadFile(
                f"line 1: column {name[:40]!r} is not known; a name with price, load, res_, wind,"
                " solar or gen is expected"
            )
    if not any(target.kind is Kind.PRICE_DAY_AHEAD for target in found.values()):
        raise BadFile("line 1: no column has a price")
    return found


def _detail(name: str) -> str:
    return name.removesuffix("_mw").removesuffix("_forecast")[:40]
