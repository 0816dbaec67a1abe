"""The tables of the buffer's file, and the way from every older version of them. Pure.

A new file takes the same steps as an old one: the first version, then each upgrade. A step that
has ever been shipped is never changed; what is new goes into a step of its own at the end.
"""

FIRST = """
CREATE TABLE frames (
    seq INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    t0_us INTEGER NOT NULL,
    n INTEGER NOT NULL,
    payload BLOB NOT NULL,
    crc INTEGER NOT NULL
);
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    payload BLOB NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    acked INTEGER NOT NULL,
    boot TEXT NOT NULL,
    number INTEGER NOT NULL,
    n INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    dropped INTEGER NOT NULL
);
CREATE TABLE document (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO state VALUES (1, lower(hex(randomblob(8))), -1, '', -1, 0, 0, 0);
"""

CLASSES_AND_GAPS = """
ALTER TABLE frames ADD COLUMN t1_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE frames ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE frames ADD COLUMN thinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE frames ADD COLUMN boot_id TEXT;
ALTER TABLE frames ADD COLUMN offset_us INTEGER;
CREATE INDEX frames_of_a_doubtful_clock ON frames (boot_id, seq) WHERE boot_id IS NOT NULL;
ALTER TABLE state ADD COLUMN settlement_n INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN settlement_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN events_n INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN events_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN thinned_to INTEGER NOT NULL DEFAULT -1;
ALTER TABLE state ADD COLUMN gap_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN machine_boot TEXT NOT NULL DEFAULT '';
ALTER TABLE state ADD COLUMN in_order INTEGER NOT NULL DEFAULT 1;
UPDATE state SET (settlement_n, settlement_bytes) = (
    SELECT coalesce(sum(f.n), 0), coalesce(sum(length(f.payload) + 64), 0)
    FROM frames f WHERE f.kind = 0 AND f.seq > state.acked
), (events_n, events_bytes) = (
    SELECT coalesce(sum(f.n), 0), coalesce(sum(length(f.payload) + 64), 0)
    FROM frames f WHERE f.kind = 1 AND f.seq > state.acked
);
CREATE TABLE gaps (
    number INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    body TEXT NOT NULL
);
"""
"""``frames.t1_us``: the last instant in it, 0: not known. ``held``: it tells of a loss and is
never dropped. ``thinned``: it is 1-minute means. ``boot_id`` and ``offset_us``: which run of the
machine, and what the clock was ahead of its monotonic clock, as long as that clock is in doubt.
``gaps.seq`` is the frame that tells the hub. ``state.in_order``: the last run ended by itself."""

COMMANDS_AND_ALARMS = """
CREATE TABLE commands (
    id TEXT PRIMARY KEY,
    issued_us INTEGER NOT NULL,
    state TEXT NOT NULL,
    said TEXT NOT NULL DEFAULT '',
    command TEXT NOT NULL,
    result TEXT NOT NULL,
    memo TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE alarms (
    id TEXT PRIMARY KEY,
    raised_us INTEGER NOT NULL,
    lasts INTEGER NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
"""
"""``commands.said``: the last state that the hub has confirmed; ``memo``: what was noted before
acting; ``command``: empty where it could not be read. ``alarms.lasts``: not cleared yet."""

STEPS = (FIRST, CLASSES_AND_GAPS, COMMANDS_AND_ALARMS)
SCHEMA_VERSION = len(STEPS)


def steps_from(version: int) -> list[str]:
    """Return the transactions that bring a file of `version` (0: an empty one) up to date."""
    return [
        f"BEGIN;\n{step}\nPRAGMA user_version = {number};\nCOMMIT;"
        for number, step in enumerate(STEPS, start=1)
        if number > version
    ]
