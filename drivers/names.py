"""Which points a profile tells, known before its device has ever answered."""

from collections.abc import Iterator, Mapping

from drivers.base import Pace
from drivers.document import Protocol, open_document
from drivers.point import Point
from drivers.profile import POINTS_MAX, read_profile
from drivers.sums import SUMS_MAX
from drivers.table import Table


def point_names(name_or_path: str, override: str | None = None) -> frozenset[str]:
    """Return the names of the points in a profile of any protocol, its named bits among them.

    Raises:
        ProfileError: there is none, or a point or a sum is no table with a name.
    """
    table = open_document(name_or_path, override).table
    rows = [
        row
        for key, most in (("point", POINTS_MAX), ("sum", SUMS_MAX))
        if table.has(key)
        for row in table.tables(key, most)
    ]
    return frozenset(name for row in rows for name in _names(row))


def register_of(name_or_path: str, override: str | None, point: str) -> tuple[Point, Pace] | None:
    """Return a point of a map of registers and the pace of its device; None: there is none.

    Raises:
        ProfileError: there is no such profile, or it is wrong.
    """
    document = open_document(name_or_path, override)
    if document.protocol not in (Protocol.MODBUS, Protocol.SUNSPEC):
        return None
    profile = read_profile(document)
    return next(((p, profile.pace) for p in profile.points if p.name == point), None)


def _names(row: Table) -> Iterator[str]:
    name = row.text("name")
    yield name
    bits = row.raw("bits", "a table such as { trip = 2 }", default={})
    if isinstance(bits, Mapping):
        yield from (f"{name}.{bit}" for bit in bits)
