"""Which points a profile tells, known before its device has ever answered."""

from collections.abc import Iterator, Mapping

from drivers.document import open_document
from drivers.profile import POINTS_MAX
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


def _names(row: Table) -> Iterator[str]:
    name = row.text("name")
    yield name
    bits = row.raw("bits", "a table such as { trip = 2 }", default={})
    if isinstance(bits, Mapping):
        yield from (f"{name}.{bit}" for bit in bits)
