"""agent.gateway.schema: a file of every older version is brought up to date, nothing lost."""

import sqlite3
from contextlib import closing
from pathlib import Path
from zlib import crc32

from agent.gateway import schema
from agent.gateway.rows import ROW_BYTES
from tests.support.buffers import BATCH, opened
from wire.sync import FrameClass


def old_file(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as database:
        for step in schema.steps_from(0)[:version]:
            database.executescript(step)
        for seq, (kind, payload) in enumerate([(2, b"telemetry"), (1, b"event"), (0, b"meter")]):
            database.execute(
                "INSERT INTO frames (seq, kind, t0_us, n, payload, crc) VALUES (?, ?, 5, 3, ?, ?)",
                (seq, kind, payload, crc32(payload)),
            )
        database.execute("UPDATE state SET n = 9, bytes = ?", (19 + 3 * ROW_BYTES,))
        database.commit()


async def test_a_file_of_version_1_keeps_its_frames_and_counts_its_classes(tmp_path: Path) -> None:
    path = tmp_path / "buffer.db"
    old_file(path, version=1)
    async with opened(tmp_path) as buffer:
        frames = await buffer.batch(-1, BATCH)
        assert [(f.kind, f.payload) for f in frames] == [
            (FrameClass.TELEMETRY, b"telemetry"),
            (FrameClass.EVENTS, b"event"),
            (FrameClass.SETTLEMENT, b"meter"),
        ]
    with closing(sqlite3.connect(path)) as database:
        (row,) = database.execute(
            "SELECT settlement_n, settlement_bytes, events_n, events_bytes FROM state"
        )
        assert row == (3, 5 + ROW_BYTES, 3, 5 + ROW_BYTES)
        assert database.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)


def test_an_interrupted_upgrade_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "buffer.db"
    old_file(path, version=1)
    with closing(sqlite3.connect(path)) as database:
        script = schema.steps_from(1)[0]
        database.executescript(script.replace("COMMIT;", ""))
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        columns = [row[1] for row in database.execute("PRAGMA table_info(frames)")]
        assert "held" not in columns
