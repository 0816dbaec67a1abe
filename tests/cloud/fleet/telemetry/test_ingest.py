"""Every frame exactly once (`telemetry.ingest`), and no acknowledgement before the commit."""

import asyncio
import itertools
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from cloud.fleet import service
from cloud.fleet.telemetry import ingest, tables
from cloud.kernel import events
from cloud.kernel.context import Hub
from tests.support.hub import (
    NOON_US,
    Box,
    add_site,
    clock_of,
    enrolled_box,
    event,
    opened_hub,
    telemetry,
)
from wire import sync
from wire.block import Quality
from wire.sync import Frame, FrameClass, Upload


async def stored(hub: Hub, table: Any = tables.chunk) -> list[int]:
    async with hub.database.reading() as connection:
        return list(await connection.scalars(select(table.c.seq).order_by(table.c.seq)))


async def values(hub: Hub) -> dict[str, float | None]:
    async with hub.database.reading() as connection:
        found = await service.newest(connection, "werk-sued")
    return {value.point: value.value for value in found}


def frames(*numbers: int) -> list[Frame]:
    return [telemetry(n, NOON_US + n * 1_000_000, soc_pct=float(n)) for n in numbers]


async def test_the_answer_names_the_last_number_of_an_unbroken_line(box: Box, hub: Hub) -> None:
    assert (await box.upload(frames(0, 1, 2))).seq == 2
    assert await stored(hub) == [0, 1, 2]


async def test_the_same_upload_twice_is_stored_once(box: Box, hub: Hub) -> None:
    upload = [*frames(0, 1), event(2)]
    assert await box.upload(upload) == await box.upload(upload)
    assert await stored(hub) == [0, 1, 2]
    async with hub.database.reading() as connection:
        assert len(await events.newest(connection, site="werk-sued")) == 1


async def test_an_upload_that_inflates_too_far_is_taken_in_parts(
    box: Box, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "UPLOAD_VALUES_MAX", 2)
    upload = frames(0, 1, 2, 3, 4)
    assert [(await box.upload(upload)).seq for _ in range(3)] == [1, 1, 1]
    assert [(await box.upload(upload[i:])).seq for i in (2, 4)] == [3, 4]
    assert await stored(hub) == [0, 1, 2, 3, 4]


async def test_overlapping_uploads_store_what_is_new(box: Box, hub: Hub) -> None:
    await box.upload(frames(0, 1, 2, 3))
    assert (await box.upload(frames(2, 3, 4, 5))).seq == 5
    assert await stored(hub) == [0, 1, 2, 3, 4, 5]


async def test_a_gap_holds_the_answer_until_it_is_filled(box: Box, hub: Hub) -> None:
    assert (await box.upload(frames(0, 1))).seq == 1
    assert (await box.upload(frames(4, 5))).seq == 1
    assert await stored(hub) == [0, 1, 4, 5]
    assert (await box.upload(frames(3))).seq == 1
    assert (await box.upload(frames(2))).seq == 5


async def test_a_gap_within_an_upload_holds_the_answer_too(box: Box) -> None:
    assert (await box.upload(frames(0, 1, 5))).seq == 1


async def test_nothing_is_acknowledged_before_number_zero_came(box: Box) -> None:
    assert (await box.upload(frames(1, 2))).seq == -1
    assert (await box.upload(frames(0))).seq == 2


async def test_numbers_that_are_gone_for_good_do_not_block_the_line(box: Box, hub: Hub) -> None:
    await box.upload(frames(0, 1), after=-1)
    assert (await box.upload(frames(5, 9), after=1)).seq == 9
    assert (await box.upload(frames(10), after=9)).seq == 10
    assert await stored(hub) == [0, 1, 5, 9, 10]


async def test_an_upload_that_overtook_another_does_not_skip_what_is_on_its_way(box: Box) -> None:
    await box.upload(frames(0), after=-1)
    assert (await box.upload(frames(3, 4), after=2)).seq == 0
    assert (await box.upload(frames(1, 2), after=0)).seq == 4


async def test_a_hub_restored_from_an_old_copy_takes_the_line_up_again(box: Box) -> None:
    """The gateway learns how far we really are, and says what it no longer has."""
    assert (await box.upload(frames(1_000), after=999)).seq == -1
    assert (await box.upload(frames(1_000), after=-1)).seq == 1_000


async def test_an_upload_without_frames_asks_how_far_we_are(box: Box) -> None:
    assert (await box.upload([])).seq == -1
    await box.upload(frames(0, 1))
    assert (await box.upload([], after=1)).seq == 1


async def test_two_identical_uploads_at_once_store_everything_once(box: Box, hub: Hub) -> None:
    upload = [*frames(*range(20)), event(20)]
    async with asyncio.TaskGroup() as tasks:
        answers = [tasks.create_task(box.upload(upload)) for _ in range(4)]
    assert {answer.result().seq for answer in answers} == {20}
    assert await stored(hub) == list(range(21))
    async with hub.database.reading() as connection:
        assert len(await events.newest(connection, site="werk-sued")) == 1


async def test_many_gateways_at_once_do_not_wait_for_each_other_forever(hub: Hub) -> None:
    for number in range(4):
        await add_site(hub, f"site-{number}")

    async def send(number: int) -> None:
        async with enrolled_box(hub, f"site-{number}") as box:
            for first in range(0, 20, 5):
                upload = [*frames(*range(first, first + 4)), event(first + 4)]
                assert (await box.upload(upload)).seq == first + 4

    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(send(number))


async def test_each_epoch_is_a_line_of_its_own(box: Box, hub: Hub) -> None:
    await box.upload(frames(0, 1))
    assert (await box.upload(frames(0), epoch="epoch-2")).seq == 0
    assert (await box.upload([])).seq == 1
    assert await stored(hub) == [0, 0, 1]


async def test_a_frame_that_cannot_be_read_is_kept_raw_and_acknowledged(box: Box, hub: Hub) -> None:
    bad = Frame(1, FrameClass.TELEMETRY, b"no block at all")
    worse = Frame(2, FrameClass.EVENTS, b'{"v":1,"events":[{"text":"\\ud800"}]}')
    assert (await box.upload([*frames(0), bad, worse, *frames(3)])).seq == 3
    assert (await box.upload([bad, worse])).seq == 3, "and once is enough"
    async with hub.database.reading() as connection:
        rows = (await connection.execute(select(tables.quarantine))).all()
        told = await events.newest(connection, site="werk-sued")
    assert [(row.seq, row.payload) for row in rows] == [(1, bad.payload), (2, worse.payload)]
    assert rows[0].reason == "block: b'no block at all' is not allowed; deflated JSON is expected"
    assert [line.code for line in told] == ["FRAME_QUARANTINED"] * 2
    assert "frame 1 cannot be read: block:" in told[1].text
    assert await stored(hub) == [0, 3]


async def test_the_stored_bytes_are_the_uploaded_bytes(box: Box, hub: Hub) -> None:
    upload = [*frames(0), event(1)]
    await box.upload(upload)
    async with hub.database.reading() as connection:
        rows = await connection.scalars(select(tables.chunk.c.payload).order_by(tables.chunk.c.seq))
        assert list(rows) == [frame.payload for frame in upload]


async def test_newest_is_what_was_sampled_last_whatever_the_clock_of_the_box_said(
    box: Box, hub: Hub
) -> None:
    await box.upload([telemetry(0, NOON_US + 10**15, soc_pct=40.0)])
    await box.upload([telemetry(1, NOON_US, soc_pct=41.0)])
    assert await values(hub) == {"battery.soc_pct": 41.0}


async def test_a_frame_that_comes_late_does_not_become_newest(box: Box, hub: Hub) -> None:
    await box.upload(frames(1))
    await box.upload(frames(0))
    assert await values(hub) == {"battery.soc_pct": 1.0}


async def test_a_lost_point_keeps_its_last_number_and_its_time(box: Box, hub: Hub) -> None:
    await box.upload([telemetry(0, NOON_US, soc_pct=40.0), telemetry(1, NOON_US + 5, soc_pct=None)])
    await box.upload([telemetry(2, NOON_US + 9, soc_pct=None, temp_mean_c=None)])
    async with hub.database.reading() as connection:
        soc, temperature = await service.newest(connection, "werk-sued")
    assert (soc.value, soc.at_us, soc.quality) == (40.0, NOON_US, Quality.LOST)
    assert soc.sampled_us == NOON_US + 9
    assert (temperature.value, temperature.quality) == (None, Quality.LOST)


async def test_what_is_new_wakes_those_who_wait_for_the_site(box: Box, hub: Hub) -> None:
    topic = service.telemetry_topic("werk-sued")
    await box.upload(frames(0))
    assert hub.bus.version(topic) == 1
    await box.upload(frames(0))
    assert hub.bus.version(topic) == 1, "nothing new"


async def test_an_upload_for_another_gateway_is_refused(box: Box) -> None:
    body = sync.encode_upload(Upload("gw-other", "epoch-1", tuple(frames(0))))
    answer = await box.send(body)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


async def test_a_bad_upload_is_refused_in_one_line_and_changes_nothing(box: Box, hub: Hub) -> None:
    good = sync.encode_upload(Upload(box.gateway, "epoch-1", tuple(frames(0, 1))))
    for body, said in (
        (b"", "upload: b'' is not allowed; a JSON object is expected"),
        (good[:-1], "the payload is cut or changed"),
        (good + b"x", "nothing may follow the last frame"),
        (good.replace(b"epoch-1", b"e" * 65), "at most 64 ASCII characters"),
        (sync.encode_upload(Upload(box.gateway, "e", (Frame(2**63, FrameClass.EVENTS, b""),))), ""),
    ):
        answer = await box.send(body)
        assert answer.status_code == 422, body
        assert answer.json()["code"] == "INVALID"
        assert said in answer.json()["message"]
        assert "\n" not in answer.json()["message"]
    assert await stored(hub) == []


async def test_the_uploads_time_is_the_sites(box: Box, hub: Hub) -> None:
    clock_of(hub).at_us += 60_000_000
    await box.upload(frames(0))
    async with hub.database.reading() as connection:
        (line,) = await service.lines(connection, "werk-sued")
        assert await service.last_uploads(connection) == {"werk-sued": hub.clock.now_us()}
    assert (line.acked, line.uploaded_us) == (0, NOON_US + 60_000_000)


async def test_a_long_line_is_found_whole(box: Box, hub: Hub) -> None:
    """Longer than one page of the search for its end."""
    for first in range(2, 8_000, sync.FRAMES_MAX):
        last = min(first + sync.FRAMES_MAX, 8_000)
        payload = event(0).payload
        await box.upload([Frame(n, FrameClass.EVENTS, payload) for n in range(first, last)])
    assert (await box.upload([event(0)])).seq == 0
    assert (await box.upload([event(1)])).seq == 7_999
    async with hub.database.reading() as connection:
        assert await connection.scalar(select(func.count()).select_from(tables.chunk)) == 8_000


def test_whatever_is_sent_in_whatever_order_the_answer_is_the_unbroken_line(
    tmp_path: Path,
) -> None:
    numbers = st.lists(st.integers(0, 12), min_size=1, max_size=6, unique=True)
    epochs = itertools.count()

    with asyncio.Runner() as runner:
        contexts = AsyncExitStack()
        hub = runner.run(contexts.enter_async_context(opened_hub(tmp_path)))
        runner.run(add_site(hub, "werk-sued"))
        box = runner.run(contexts.enter_async_context(enrolled_box(hub, "werk-sued")))

        @settings(max_examples=60, deadline=None)
        @given(st.lists(numbers, max_size=8))
        def holds(sent: list[list[int]]) -> None:
            epoch = f"epoch-{next(epochs)}"
            have: set[int] = set()
            for part in sent:
                have.update(part)
                unbroken = next(n for n in range(14) if n not in have) - 1
                ack = runner.run(box.upload(frames(*sorted(part)), epoch=epoch))
                assert ack.seq == unbroken

        holds()
        runner.run(contexts.aclose())
