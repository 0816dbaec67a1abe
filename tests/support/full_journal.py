"""What a journal does on a disk that is filled up and emptied again; run by `small_disk`."""

from pathlib import Path

import pytest

from cloud.exchange.journal.errors import JournalUnusable
from cloud.exchange.journal.journal import Journal
from tests.support.journals import batch, flat

SEGMENT = 64 * 1024


async def main(folder: Path) -> None:
    (folder / "filler").write_bytes(bytes(4 * SEGMENT))
    journal = Journal(folder / "journal", segment_bytes=SEGMENT)
    assert flat(list(journal.recover())) == []
    promised = 0
    with pytest.raises(OSError, match="No space left"):
        while True:
            journal.commit(batch(journal.next_sequence, 50))
            promised = journal.next_sequence - 1
    journal.close()
    assert promised > 1_000

    journal = Journal(folder / "journal", segment_bytes=2 * SEGMENT)
    with pytest.raises(JournalUnusable, match="No space left"):
        list(journal.recover())
    journal.close()

    (folder / "filler").unlink()
    journal = Journal(folder / "journal", segment_bytes=SEGMENT)
    assert flat(list(journal.recover())) == batch(1, promised)
    journal.commit(batch(journal.next_sequence))
    journal.close()
