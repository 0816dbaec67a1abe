"""Price files as one history to be forecast, and what of them a forecast may read. Pure.

Files follow each other in time; their hours are joined, so that an hourly past leads on to a
market of quarter-hours. A column that is a price is never an input as it stands: prices of other
areas come out of the same auction as the one that is forecast, so that of neighbours the day
before is read. EXAA is one, for its gate is earlier.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from hashlib import sha256
from itertools import pairwise

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS, NEIGHBOURS, Days
from cloud.forecast.layouts import BadFile, Table, price_column, table
from cloud.forecast.near import NEIGHBOURS_MAX, a_day_later

FILES_MAX = 20
_MONEY = ("price", "eur", "usd", "gbp", "/mwh")
_EARLIER_GATE = "exaa"
_GZIP, _GZIP_BITS = b"\x1f\x8b", 31
_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read."""

    name: str
    sha256: str
    days: int
    step_s: int


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What the files say of one area."""

    days: Days
    """Hour means of all files."""
    slots: FloatArray
    """Prices in the finest step of the last file, shape (days, slots); NaN before it."""
    step_s: int
    price: str
    """Column of the last file."""
    left_out: tuple[str, ...]
    """Columns that are prices of others."""
    files: tuple[File, ...]
    stamped: bool
    """Whether the times of the last file have offsets."""


def history(
    contents: Sequence[tuple[str, bytes]],
    area: str,
    *,
    zone: tzinfo | None = None,
    inputs: tuple[str, ...] | None = None,
    areas: frozenset[str] = frozenset(),
    holidays: Callable[[date], bool] = lambda day: False,
    neighbours: tuple[str, ...] = (),
) -> History:
    """Return the history of an area in files of (name, content).

    `inputs` names the columns that are read beside the price; None: all that are no price.
    `areas` are codes: a column of such a name is a price. Prices of `neighbours` in the last file
    are read of the day before, their mean, as the input group of that name; four of them at most.

    Raises:
        BadFile: a file is none, two overlap, or a column is not there.
    """
    read = sorted((_table(*named, zone) for named in contents), key=lambda each: each[1].first)
    tables = [found for _, found in read]
    prices = [_price(found, area, areas) for found in tables]
    last, price = tables[-1], prices[-1]
    first = tables[0].first
    count = (last.first - first).days + len(last)
    for before, after in pairwise(tables):
        if before.first + timedelta(days=len(before)) > after.first:
            raise BadFile(f"two files have the day {after.first}; files that overlap are none")
    names = _inputs(last, price, inputs, areas)
    hours = np.full((count, HOURS), np.nan)
    groups = {name: np.full((count, HOURS), np.nan) for name in names}
    for found, column in zip(tables, prices, strict=True):
        begin = (found.first - first).days
        rows = slice(begin, begin + len(found))
        hours[rows] = found.hours(column)
        for name in set(names) & set(found.columns):
            groups[name][rows] = found.hours(name)
    if inputs is None and (near := _near(tables, neighbours, first, count)) is not None:
        groups[NEIGHBOURS] = near
    slots = np.full((count, last.columns[price].shape[1]), np.nan)
    slots[count - len(last) :] = last.columns[price]
    dates = (first + timedelta(days=row) for row in range(count))
    return History(
        days=Days(area, first, hours, groups, frozenset(filter(holidays, dates))),
        slots=slots,
        step_s=last.step_s,
        price=price,
        left_out=tuple(name for name in last.columns if name not in {price, *names}),
        files=tuple(file for file, _ in read),
        stamped=_stamped(next(content for name, content in contents if name == read[-1][0].name)),
    )


def _near(
    tables: Sequence[Table], neighbours: tuple[str, ...], first: date, count: int
) -> FloatArray | None:
    """Return the mean price of the neighbours on the day before, shape (count, 24)."""
    found = []
    for area in sorted(neighbours):
        if _of_area(tables[-1], area) is None:
            continue
        hours = np.full((count, HOURS), np.nan)
        for one in tables:
            begin = (one.first - first).days
            if (column := _of_area(one, area)) is not None:
                hours[begin : begin + len(one)] = one.hours(column)
        found.append(a_day_later(hours))
    return np.mean(found[:NEIGHBOURS_MAX], axis=0) if found else None


def _table(name: str, content: bytes, zone: tzinfo | None) -> tuple[File, Table]:
    try:
        found = table(content, zone)
    except BadFile as error:
        raise BadFile(f"{name}: {error}") from None
    return File(name, sha256(content).hexdigest(), len(found), found.step_s), found


def _stamped(content: bytes) -> bool:
    """Say whether the first time of a file, which is a good one, has an offset."""
    packed = content[:2] == _GZIP
    inside = zlib.decompressobj(_GZIP_BITS).decompress(content, _HEAD_BYTES) if packed else content
    line = inside[:_HEAD_BYTES].decode("utf-8-sig", "ignore").splitlines()[1]
    return datetime.fromisoformat(re.split("[,;\t]", line)[0].strip()).tzinfo is not None


def _price(found: Table, area: str, areas: frozenset[str]) -> str:
    """Return the column of the area where columns are areas, else the file's only price.

    Raises BadFile where there are prices, and none of them is the area's.
    """
    of_others = [name for name in found.columns if _is_price(name, areas)]
    of_area = _of_area(found, area, areas)
    if of_area is not None:
        return of_area
    if len(of_others) > 1 and not any("price" in name.lower() for name in of_others):
        raise BadFile(f"area {area!r} is not allowed; one of {', '.join(of_others)} is")
    return price_column(found)


def _of_area(found: Table, area: str, areas: frozenset[str] = frozenset()) -> str | None:
    """Return the price of an area where columns are areas."""
    of_area = [
        name
        for name in found.columns
        if _is_price(name, areas) and f"{_word(name)}-".startswith(f"{_word(area)}-")
    ]
    return min(of_area, key=len) if of_area else None


def _inputs(
    found: Table, price: str, asked: tuple[str, ...] | None, areas: frozenset[str]
) -> tuple[str, ...]:
    others = [name for name in found.columns if name != price]
    if asked is None:
        return tuple(name for name in others if not _is_price(name, areas))
    for name in asked:
        if name not in others:
            raise BadFile(f"input {name!r} is not allowed; one of {', '.join(others)} is")
    return asked


def _is_price(name: str, areas: frozenset[str]) -> bool:
    words = name.lower()
    if _EARLIER_GATE in words:
        return False
    return name.strip().upper() in areas or any(sign in words for sign in _MONEY)


def _word(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")
