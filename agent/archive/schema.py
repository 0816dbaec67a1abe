"""The archive's file: one table of pieces, each of one kind and of one span of time."""

from enum import IntEnum

FILE = "archive.db"
"""In the box's data_dir."""


class Kind(IntEnum):
    """What a piece holds."""

    ROWS = 0
    """Rows of one minute, or of a part of one that is not over: a block."""
    TRACE = 1
    """One decision trace."""
    RECORD = 2
    """Beats around an event: a block."""


FIRST = """
CREATE TABLE pieces (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    open INTEGER NOT NULL,
    t0_us INTEGER NOT NULL,
    t1_us INTEGER NOT NULL,
    n INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX pieces_by_time ON pieces (kind, t0_us);
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    boot TEXT NOT NULL,
    number INTEGER NOT NULL,
    bytes INTEGER NOT NULL
);
INSERT INTO state VALUES (1, '', -1, 0);
"""
"""``pieces.t1_us``: the last instant in it; ``open``: rows that will be joined to a minute, in one
transaction with the deletion of these. ``state``: up to which item of which run of control
everything is in, and how many bytes the payloads have."""

STEPS = (FIRST,)
SCHEMA_VERSION = len(STEPS)
SPAN_US_MAX = 3_600_000_000
"""No piece is longer; so a search by time knows where to begin."""
