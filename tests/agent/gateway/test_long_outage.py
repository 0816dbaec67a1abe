"""agent.gateway.buffer with a long outage behind it: all of it, once, in order, also restarted."""

from pathlib import Path

from agent.gateway.rows import Cursor
from tests.support.buffers import draft, opened

BLOCKS = 25_000
A_GROUP = 500
BATCH = 1024**2


async def test_25_000_blocks_go_out_in_order_though_the_box_restarts_again_and_again(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as buffer:
        for start in range(0, BLOCKS, A_GROUP):
            drafts = [draft(f"{number}" * 20) for number in range(start, start + A_GROUP)]
            await buffer.append(drafts, Cursor("boot", start + A_GROUP - 1))
    found: list[bytes] = []
    while len(found) < BLOCKS:
        async with opened(tmp_path) as buffer:
            acked = (await buffer.state()).acked
            assert acked == len(found) - 1
            for _ in range(5):
                frames = await buffer.batch(acked, BATCH)
                if not frames:
                    break
                assert [frame.seq for frame in frames] == list(
                    range(acked + 1, acked + 1 + len(frames))
                )
                found += [frame.payload for frame in frames]
                acked = frames[-1].seq
                await buffer.release(acked)
            await buffer.settle()
    assert found == [b"%d" % number * 20 for number in range(BLOCKS)]
