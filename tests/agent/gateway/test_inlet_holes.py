"""agent.gateway.inlet: what control could not keep is a row of the gap ledger."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.control_peer import SECOND_US, ControlPeer, control_peer
from tests.support.inlets import NOON_US, running
from wire.gap import Cause


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[ControlPeer]:
    async with control_peer(tmp_path / "control.sock") as listening:
        yield listening


async def test_what_control_could_not_keep_while_nobody_listened_is_a_row_of_the_gap_ledger(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path) as bench:
        peer.sample(NOON_US)
        await peer.until(stored=0)
    for _ in range(10):
        peer.sample(NOON_US + peer.samples * SECOND_US)
    del peer.kept[:7]
    async with running(tmp_path) as bench:
        await peer.until(stored=10)
        assert await bench.samples() == [("boot-1", i) for i in (0, 8, 9, 10)]
        (gap,) = await bench.gaps()
        assert (gap.cause, gap.n, gap.text.split(":")[0]) == (
            Cause.RING,
            None,
            "7 samples and events",
        )
        assert (gap.from_us, gap.to_us) == (NOON_US, NOON_US + 8 * SECOND_US)
        assert [told.id for told in await bench.told()] == [gap.id]


async def test_the_first_words_of_a_new_run_of_control_that_ran_over_are_missed_too(
    tmp_path: Path, peer: ControlPeer
) -> None:
    async with running(tmp_path) as bench:
        peer.sample(NOON_US)
        await peer.until(stored=0)
        peer.restart("boot-2")
        for i in range(4):
            peer.sample(NOON_US + i * SECOND_US)
        del peer.kept[:3]
        await peer.until(stored=3)
        (gap,) = await bench.gaps()
        assert gap.text.startswith("3 samples and events")


async def test_an_empty_file_does_not_know_what_was_stored_before_it(
    tmp_path: Path, peer: ControlPeer
) -> None:
    for i in range(4):
        peer.sample(NOON_US + i * SECOND_US)
    del peer.kept[:3]
    async with running(tmp_path) as bench:
        await peer.until(stored=3)
        assert await bench.gaps() == []
