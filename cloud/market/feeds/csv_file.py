"""Files with series: for back-fill, for tests, for whoever has no token.

What a file says became known by the timetable of its kind, for nobody saw it arrive. The source of
its series is ``file:<name>``; the document is the name with a hash of the content.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cloud.market.areas.model import Area
from cloud.market.feeds import rows
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import BadAnswer
from cloud.market.feeds.layouts import (
    BadFile,
    Layout,
    Target,
    instant_us,
    layout_of,
    local_us,
    series_of,
)
from cloud.market.feeds.rows import Origin, Row
from cloud.market.series.model import Batch

BYTES_MAX = 200 * 1024**2
LINES_MAX = 5_000_000
NAME_MAX = 34
_ALL_US = 2**62
_GZIP = b"\x1f\x8b"
_UNITS: Mapping[str, tuple[str, ...]] = {
    "EUR/MWh": ("eur/mwh",),
    "MW": ("mw",),
    "W/m²": ("w/m²", "w/m2"),
    "m/s": ("m/s",),
    "°C": ("°c",),
}
_US = 1_000_000
Columns = dict[Target, list[Row]]


def read(path: Path) -> bytes:
    """Return a file's content, unpacked if it is gzip.

    Raises:
        BadFile: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            content = (gzip.GzipFile(fileobj=file) if packed else file).read(BYTES_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFile(f"{path}: cannot be read: {error}") from error
    if len(content) > BYTES_MAX:
        raise BadFile(f"{path}: is too large; {BYTES_MAX} bytes are allowed")
    return content


def parse(
    content: bytes, name: str, area: str, areas: Mapping[str, Area], now_us: int
) -> list[Batch]:
    """Return what a file says, in order of its columns.

    Args:
        name: of the file, for people and for the source.
        area: of columns that name none; "" where nobody said.

    Raises:
        BadFile: a line cannot be taken; nothing of the file is.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"{name}: is no UTF-8: {error.reason}") from error
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = next(lines, [])
        layout = layout_of(header, area, areas)
        columns = _columns(lines, layout, len(header), areas)
    except BadFile as error:
        raise BadFile(f"{name}: {error}") from error
    except csv.Error as error:
        raise BadFile(f"{name}: line {lines.line_num}: {error}") from error
    stem = name.removesuffix(".gz").removesuffix(".csv")[:NAME_MAX]
    document = f"{name[:150]} {hashlib.sha256(content).hexdigest()[:12]}"
    found = []
    for target, kept in columns.items():
        origin = Origin(
            source=f"file:{stem}",
            area=areas[target.area],
            received_us=now_us,
            created_us=0,
            document=document,
        )
        wish = Wish(
            kind=target.kind, area=target.area, start_us=-_ALL_US, end_us=_ALL_US, history=True
        )
        try:
            found += rows.batches(kept, wish, origin, target.detail)
        except BadAnswer as error:
            raise BadFile(f"{name}: {error}") from error
    return found


def _columns(
    lines: Iterator[Sequence[str]], layout: Layout, width: int, areas: Mapping[str, Area]
) -> Columns:
    columns: Columns = {}
    for number, line in enumerate(lines, 2):
        if number > LINES_MAX:
            raise BadFile(f"line {number}: more lines than the {LINES_MAX} that are allowed")
        if not line:
            continue
        if len(line) != width:
            raise BadFile(f"line {number}: {len(line)} columns; {width} are expected")
        if layout.is_own:
            _own(line, number, layout, areas, columns)
        else:
            _local(line, number, layout, areas, columns)
    return columns


def _own(
    line: Sequence[str], number: int, layout: Layout, areas: Mapping[str, Area], columns: Columns
) -> None:
    cells = {name: line[at].strip() for name, at in layout.places.items()}
    try:
        target = series_of(cells["series"])
    except ValueError:
        raise BadFile(
            f"line {number}: series: {cells['series'][:60]!r} is not allowed; a kind, an area and"
            " a detail are expected: price.day_ahead/AT/SDAC"
        ) from None
    if target.area not in areas:
        raise BadFile(f"line {number}: series: area {target.area[:20]!r} is not known")
    if cells["unit"].lower() not in _UNITS[target.kind.unit]:
        raise BadFile(
            f"line {number}: unit: {cells['unit'][:20]!r} is not allowed; {target.kind.unit} is"
            f" expected for {target.kind.value}"
        )
    value = _number(cells["value"], number, "value")
    start_us = _instant(cells["start_utc"], number, "start_utc")
    end_us = _instant(cells["end_utc"], number, "end_utc")
    if value is not None:
        length_s = (end_us - start_us) // _US
        columns.setdefault(target, []).append(Row(start_us, value, length_s or -1))


def _local(
    line: Sequence[str], number: int, layout: Layout, areas: Mapping[str, Area], columns: Columns
) -> None:
    for at, target in layout.columns.items():
        value = _number(line[at].strip(), number, f"column {at + 1}")
        try:
            start_us = local_us(line[0].strip(), areas[target.area])
        except (ValueError, OverflowError):
            raise BadFile(f"line {number}: {line[0][:40]!r} is no local time") from None
        if value is not None and start_us is not None:
            columns.setdefault(target, []).append(Row(start_us, value))


def _instant(text: str, number: int, name: str) -> int:
    try:
        return instant_us(text)
    except (ValueError, OverflowError):
        raise BadFile(
            f"line {number}: {name}: {text[:40]!r} is not allowed; 2026-11-21T10:15:00Z is expected"
        ) from None


def _number(text: str, number: int, name: str) -> float | None:
    """Return a decimal number with a point, None for an empty cell."""
    if not text:
        return None
    plain = text.lstrip("+-").replace(".", "", 1).replace("e", "", 1)
    try:
        if plain.replace("-", "", 1).isascii() and not set(text) & set("_ ,nN"):
            value = float(text)
            if abs(value) < 1e12:
                return value
    except ValueError:
        pass
    raise BadFile(f"line {number}: {name}: {text[:40]!r} is no number; a decimal point is expected")


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)
