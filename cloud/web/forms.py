"""What the order ticket offers: the lines of the compatibility matrix, as the page gets them. Pure.

The page shows a choice for each type and execution that go together, and of validity and entry
state only what goes with it; so nothing that the matrix refuses can be written down.
"""

import json
from collections.abc import Sequence

from cloud.exchange.matrix import TABLE, Row


def of_table(table: Sequence[Row] = TABLE) -> str:
    """Return the lines of a table as JSON, in its order."""
    lines = [
        {
            "kind": kind.value,
            "execution": execution.value,
            "validities": [validity.value for validity in validities],
            "states": [state.value for state in states],
        }
        for kind, execution, validities, states in table
    ]
    return json.dumps(lines, separators=(",", ":"))
