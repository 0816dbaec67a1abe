"""What of a state document has changed since it was last sent. Pure.

A section of `BY_KEY` is an object of rows: only the rows that changed are sent, and null for one
that is gone. Any other section is sent whole. The page merges in the same way (``js/live.js``).
"""

from collections.abc import Mapping
from typing import Any

State = Mapping[str, Any]
BY_KEY = frozenset({"contracts", "sites", "schedules", "fleet", "values"})


def between(before: State, after: State) -> dict[str, Any]:
    """Return what has to be sent so that who has `before` comes to `after`; often nothing."""
    changed: dict[str, Any] = {}
    for section, content in after.items():
        known = before.get(section)
        if content == known:
            continue
        if section in BY_KEY and known is not None:
            changed[section] = _rows(known, content)
        else:
            changed[section] = content
    return changed


def merged(before: State, changes: State) -> dict[str, Any]:
    """Return what the page has after it took `changes`."""
    after = dict(before)
    for section, content in changes.items():
        if section in BY_KEY:
            rows = {**before.get(section, {}), **content}
            after[section] = {key: row for key, row in rows.items() if row is not None}
        else:
            after[section] = content
    return after


def _rows(known: State, content: State) -> dict[str, Any]:
    rows: dict[str, Any] = {key: row for key, row in content.items() if known.get(key) != row}
    rows.update((key, None) for key in known if key not in content)
    return rows
