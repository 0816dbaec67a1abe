"""The light frame: the newest value of each point that somebody watches. Pure.

It is signed like every request, posted about once a second while somebody watches, never kept as
history and never acknowledged: what is lost is replaced by the next one. What a page shows from it
still carries its own time and quality.
"""

import sys
import zlib
from dataclasses import dataclass

from wire import fields
from wire.block import Quality, Reading
from wire.fields import BadMessage, Document
from wire.points import is_point_name

VERSION = 1
VALUES_MAX = 5_000
INFLATED_BYTES_MAX = 1024**2
WATCHED_MAX = 500
_FLOAT_MAX = sys.float_info.max
_ROW = ("device", "point", "value", "quality", "at_us")


@dataclass(frozen=True, slots=True)
class Live:
    """The newest values of a box."""

    sent_us: int
    """By the box's clock."""
    values: tuple[tuple[str, Reading], ...]
    """(device, reading)"""


def encode(live: Live) -> bytes:
    rows = [[d, r.point, r.value, int(r.quality), r.at_us] for d, r in live.values]
    document = {"v": VERSION, "sent_us": live.sent_us, "values": rows}
    return zlib.compress(fields.compact(document).encode("ascii"), 3)


def decode(payload: bytes) -> Live:
    """Return the frame in `payload`.

    Raises:
        BadMessage: it is none, or has more than its limits.
    """
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(payload, INFLATED_BYTES_MAX)
    except zlib.error as error:
        raise BadMessage("live", payload, "deflated JSON is expected") from error
    if not inflater.eof or inflater.unconsumed_tail or inflater.unused_data:
        allowed = f"complete data of at most {INFLATED_BYTES_MAX} bytes are expected"
        raise BadMessage("live", payload, allowed)
    document = fields.parse(inflated, "live")
    fields.version(document, "live", VERSION)
    rows = fields.rows(document, "values", "live", _ROW, most=VALUES_MAX)
    return Live(
        fields.instant(document, "sent_us", "live"),
        tuple(_value(row, f"live.values[{i}]") for i, row in enumerate(rows)),
    )


def watch_from_document(document: Document, path: str) -> tuple[str, ...]:
    """Return the watched points: none: nobody watches; ``*``: all."""
    points = fields.items(document, "watch", path, most=WATCHED_MAX)
    for point in points:
        if not isinstance(point, str) or not (point == "*" or is_point_name(point)):
            raise BadMessage(f"{path}.watch", point, "point names or * are expected")
    return tuple(points)


def _value(cells: Document, path: str) -> tuple[str, Reading]:
    point, value = fields.text(cells, "point", path), cells["value"]
    if not is_point_name(point):
        raise BadMessage(path, point, "a point name like battery.soc_pct is expected")
    if value is not None:
        value = fields.number(cells, "value", path, low=-_FLOAT_MAX, high=_FLOAT_MAX)
    quality = Quality(fields.integer(cells, "quality", path, high=max(Quality)))
    reading = Reading(point, value, quality, fields.instant(cells, "at_us", path))
    return fields.text(cells, "device", path), reading
