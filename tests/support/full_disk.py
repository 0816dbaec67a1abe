"""What a buffer does on a disk that is filled up and emptied again; run by `small_disk`."""

from contextlib import suppress
from pathlib import Path

from agent.gateway.buffer import Buffer, open_buffer
from agent.gateway.errors import BufferBlocked
from agent.gateway.reserve import FREE_BYTES_MIN
from agent.gateway.rows import Cursor
from tests.support.buffers import BATCH, NOON_US, ROOMY, codes, draft
from wire.clock import SetClock
from wire.sync import FrameClass

METERS = 300


async def main(folder: Path) -> None:
    async with open_buffer(folder / "buffer.db", SetClock(NOON_US), ROOMY) as buffer:
        assert (folder / "buffer.reserve").stat().st_size > 0
        for number in range(100):
            await buffer.append([draft(f"old {number} " * 100)], Cursor("boot", number))
        fill(folder)
        await filled(buffer)
        assert not (folder / "buffer.reserve").exists()
        (folder / "filler").unlink()
        await buffer.append([draft("healed")], Cursor("boot", 1_000))
        assert (folder / "buffer.reserve").exists()
    async with open_buffer(folder / "buffer.db", SetClock(NOON_US), ROOMY) as buffer:
        found = await buffer.batch(-1, ROOMY)
        meters = [f.payload for f in found if f.kind is FrameClass.SETTLEMENT]
        assert meters == [b"meter %d" % number for number in range(METERS)]
        assert found[-1].payload == b"healed"
        said = await codes(buffer)
        assert said.count("DISK_FULL") == 1, said
        assert said.count("DISK_FREE") == 1, said
        assert (await buffer.state()).cursor == Cursor("boot", 1_000)


def fill(folder: Path) -> None:
    """Leave not a byte on the disk."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (FREE_BYTES_MIN, 65_536, 4_096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue


async def filled(buffer: Buffer) -> None:
    """Store telemetry until it makes room for itself or waits; meters always."""
    for number in range(METERS):
        cursor = Cursor("boot", 100 + number)
        await buffer.append([draft(f"meter {number}", FrameClass.SETTLEMENT)], cursor)
        with suppress(BufferBlocked):
            await buffer.append([draft("new " * 250)], cursor)
    assert len(await buffer.batch(-1, BATCH)) > METERS
