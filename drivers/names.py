"""Which points a profile tells, known before its device has ever answered."""

from drivers.document import open_document
from drivers.profile import POINTS_MAX
from drivers.sums import SUMS_MAX


def point_names(name_or_path: str, override: str | None = None) -> frozenset[str]:
    """Return the names of the points in a profile of any protocol.

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
    return frozenset(row.text("name") for row in rows)
