"""Which points a profile tells, known before its device has ever answered."""

from drivers.document import open_document
from drivers.profile import POINTS_MAX


def point_names(name_or_path: str, override: str | None = None) -> frozenset[str]:
    """Return the names of the points in a profile of any protocol.

    Raises:
        ProfileError: there is none, or its points are no tables with names.
    """
    table = open_document(name_or_path, override).table
    return frozenset(
        row.text("name")
        for key in ("point", "sum")
        if table.has(key)
        for row in table.tables(key, POINTS_MAX)
    )
