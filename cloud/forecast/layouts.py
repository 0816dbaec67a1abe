"""Price files as tables of local days: the open benchmark's layout, and files of quarter-hours.

The first column is the time, begin of the slot, and every other one a number; what the columns are
called does not matter, but the price is the first one, or the one that says "price". Separators
, ; and tab, comma decimals beside ; or tab, gzip. A time without an offset is local wall-clock
time; the hour that the autumn doubles is averaged, that which the spring lacks is left missing.
Pure.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from math import isfinite

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.days import HOURS, Days

FILE_BYTES_MAX = 200 * 1024**2
ROWS_MAX = 2_000_000
DAYS_MAX = 20_000
STEPS_S = (900, 1800, 3600)
_DAY_S = 86_400
_NOTHING = ("", "nan", "null", "none", "na", "n/a", "-")


class BadFile(ValueError):
    """A file that is no price file; one line says where, what stands there, and what is allowed."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The columns of a file, day by day."""

    first: date
    step_s: int
    columns: Mapping[str, FloatArray]
    """Shape (days, slots of 24 hours), NaN where the file has no number."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def hours(self, name: str) -> FloatArray:
        """Return the means of a column's hours, shape (days, 24); of what there is in the hour."""
        values = self.columns[name]
        slots = values.reshape(len(values), HOURS, -1)
        count = np.isfinite(slots).sum(axis=2)
        means = np.full(count.shape, np.nan)
        np.divide(np.nansum(slots, axis=2), count, out=means, where=count > 0)
        return means


def table(content: bytes, zone: tzinfo | None = None) -> Table:
    """Return the columns of a file; times with an offset become local ones of `zone`.

    Raises BadFile.
    """
    rows = _rows(_text(content))
    names = [name.strip() for name in next(rows, [])][1:]
    if not names:
        raise BadFile("line 1: no columns; a time and at least one number are needed")
    if len(set(names)) != len(names):
        raise BadFile("line 1: two columns have one name")
    stamps, values = _values(rows, len(names), zone)
    if len(stamps) < 2:
        raise BadFile(f"{len(stamps)} rows are not allowed; at least 2 are")
    return _table(names, stamps, np.array(values))


def benchmark(found: Table, area: str, holidays: frozenset[date] = frozenset()) -> Days:
    """Return the history of a file with one price; every other column is an input group."""
    price = price_column(found)
    inputs = {name: found.hours(name) for name in found.columns if name != price}
    return Days(area, found.first, found.hours(price), inputs, holidays)


def price_column(found: Table, area: str | None = None) -> str:
    """Return the column of an area's price: by the area's name, the word "price", or the first.

    Raises BadFile where `area` is asked for and no column begins with it.
    """
    names = list(found.columns)
    if area is not None:
        of_area = [name for name in names if _words(name).startswith(_words(area))]
        if not of_area:
            raise BadFile(f"area {area!r} is not allowed; one of {', '.join(names)} is")
        return min(of_area, key=len)
    return next((name for name in names if "price" in name.lower()), names[0])


def _text(content: bytes) -> str:
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(FILE_BYTES_MAX + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BadFile(f"the file is no whole gzip file: {error}") from None
    if len(content) > FILE_BYTES_MAX:
        raise BadFile(f"more than {FILE_BYTES_MAX} bytes are not allowed")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile("the file is no UTF-8 text") from None


def _rows(text: str) -> Iterator[list[str]]:
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    comma = separator != ","
    for cells in csv.reader(io.StringIO(text), delimiter=separator):
        if cells:
            yield [cell.replace(",", ".") for cell in cells] if comma else cells


def _values(
    rows: Iterator[list[str]], count: int, zone: tzinfo | None
) -> tuple[list[datetime], list[list[float]]]:
    stamps: list[datetime] = []
    values: list[list[float]] = []
    for line, cells in enumerate(rows, start=2):
        if line > ROWS_MAX:
            raise BadFile(f"line {line}: more than {ROWS_MAX} lines are not allowed")
        if len(cells) != count + 1:
            raise BadFile(f"line {line}: {len(cells)} cells, {count + 1} are allowed")
        stamps.append(_stamp(cells[0], line, zone))
        values.append([_number(cell, line) for cell in cells[1:]])
    return stamps, values


def _stamp(cell: str, line: int, zone: tzinfo | None) -> datetime:
    try:
        stamp = datetime.fromisoformat(cell.strip())
    except ValueError:
        raise BadFile(f"line {line}: {cell[:40]!r} is no time; 2026-11-21 13:00:00 is") from None
    if stamp.tzinfo is None:
        return stamp
    if zone is None:
        raise BadFile(f"line {line}: {cell[:40]!r} has an offset, and no time zone is told")
    return stamp.astimezone(zone).replace(tzinfo=None)


def _number(cell: str, line: int) -> float:
    if cell.strip().lower() in _NOTHING:
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        value = float("inf")
    if not isfinite(value) or "_" in cell:
        raise BadFile(f"line {line}: {cell[:40]!r} is no number")
    return value


def _table(names: Sequence[str], stamps: Sequence[datetime], values: FloatArray) -> Table:
    first = min(stamps).date()
    begin = datetime.combine(first, datetime.min.time())
    seconds = np.array([(stamp - begin).total_seconds() for stamp in stamps], dtype=np.int64)
    step_s = _step_s(seconds)
    number = int(seconds.max()) // _DAY_S + 1
    if number > DAYS_MAX:
        raise BadFile(f"{number} days are not allowed; at most {DAYS_MAX} are")
    slots = number * _DAY_S // step_s
    places = seconds // step_s
    columns = {}
    for name, column in zip(names, values.T, strict=True):
        known = np.isfinite(column)
        counts = np.bincount(places[known], minlength=slots)
        sums = np.bincount(places[known], weights=column[known], minlength=slots)
        means = np.full(slots, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        columns[name] = means.reshape(number, -1)
    return Table(first, step_s, columns)


def _step_s(seconds: IntArray) -> int:
    """Return the step that most rows are apart. Raises BadFile where it is none of `STEPS_S`."""
    apart, counts = np.unique(np.abs(np.diff(seconds)), return_counts=True)
    step_s = int(apart[np.argmax(counts)])
    if step_s not in STEPS_S or np.any(seconds % step_s):
        allowed = ", ".join(map(str, STEPS_S))
        raise BadFile(f"a step of {step_s} s, or times beside it, are not allowed; {allowed} are")
    return step_s


def _words(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-").lstrip("-")
