"""cloud.fleet.sync: what a box asks for and tells of itself, and what it is told."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from cloud.fleet.live import LiveValues
from cloud.fleet.operation import service as operation
from cloud.fleet.operation.bundles import BUNDLE_BYTES_MAX
from cloud.fleet.operation.model import Actor, Wish
from cloud.fleet.sync.access import Nonces
from cloud.fleet.sync.downlink_routes import crc_of
from cloud.fleet.sync.grant import Backlogs
from cloud.kernel.context import Hub
from cloud.kernel.keys import Principal, Role
from tests.support import fleet_messages
from tests.support.hub import NOON_US, Box, add_site, admin_key, client_of, enrolled_box
from tests.support.patience import eventually
from wire import fields, records, report, sync
from wire.command import CommandResult, State
from wire.order import LogsOrder, Mode, ModeOrder, Order
from wire.records import Records
from wire.sync import (
    BUNDLES_PATH,
    DOWNLINK_PATH,
    GAPS_PATH,
    REPORT_PATH,
    RESULTS_PATH,
    Downlink,
    Frame,
    FrameClass,
)

ANYBODY = Principal("key-1", "operator", Role.ADMIN)
ACTOR = Actor(key_id="key-1", account="stadtwerk", reason="Wartung")


async def issued(hub: Hub, box: Box, order: Order) -> str:
    async with hub.database.transaction() as connection:
        row = await operation.issue_for_site(
            connection, "werk-sued", Wish(order=order, actor=ACTOR), hub.clock.now_us()
        )
    hub.bus.wake(operation.command_topic("werk-sued"))
    return row.id


async def tell(box: Box, path: str, document: object) -> httpx.Response:
    return await box.ask("POST", path, fields.compact(document).encode())


async def news(box: Box, **query: object) -> Downlink:
    asked = {"have": -1, **query}
    path = DOWNLINK_PATH + "?" + "&".join(f"{name}={value}" for name, value in asked.items())
    answer = await box.ask("GET", path)
    assert answer.status_code == 200, answer.text
    return sync.downlink_from_document(answer.json())


async def test_a_command_is_told_until_the_box_says_that_it_holds_it(box: Box, hub: Hub) -> None:
    command = await issued(hub, box, ModeOrder(Mode.STANDBY))
    for _ in range(2):
        assert [c.id for c in (await news(box, have=-1, wait_s=50)).commands] == [command]
    result = CommandResult(id=command, state=State.RECEIVED, at_us=NOON_US, text="")
    for _ in range(2):
        answer = await tell(box, RESULTS_PATH, sync.results_to_document([result]))
        assert (answer.status_code, answer.json()) == (200, {"v": 1})
    assert (await news(box, have=-1, wait_s=0)).commands == ()


async def test_a_command_ends_the_waiting(box: Box, hub: Hub) -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(news(box, have=-1, wait_s=50))
        await eventually(lambda: hub.bus.waiting(operation.command_topic("werk-sued")))
        command = await issued(hub, box, ModeOrder(Mode.AUTOMATIC))
    assert [c.id for c in poll.result().commands] == [command]


async def test_a_box_hears_at_once_what_is_watched_and_when_nobody_watches_any_more(
    box: Box, hub: Hub
) -> None:
    values = hub.service(LiveValues)
    nobody = crc_of(())
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(news(box, have=-1, wait_s=50, watch=nobody))
        await eventually(lambda: hub.bus.waiting(operation.command_topic("werk-sued")))
        values.watch("werk-sued", ["battery.soc_pct", "ac.power_kw"])
    assert poll.result().watch == ("ac.power_kw", "battery.soc_pct")
    known = crc_of(poll.result().watch)
    assert (await news(box, have=-1, wait_s=50, watch=nobody)).watch != ()
    assert (await news(box, have=-1, wait_s=0, watch=known)).watch == poll.result().watch
    for wrong in ("watch=x", "watch=-1", f"watch={2**32}"):
        assert (await box.ask("GET", f"{DOWNLINK_PATH}?{wrong}")).status_code == 422


async def test_a_box_with_a_backlog_is_granted_its_share_of_the_hubs_line(
    box: Box, hub: Hub
) -> None:
    old = replace(fleet_messages.REPORT, backlog_from_us=NOON_US - 3_600_000_000)
    none = replace(fleet_messages.REPORT, backlog_from_us=None)
    limited = replace(hub, settings=hub.settings.model_copy(update={"backfill_bytes_s": 100_000}))
    assert (await news(box)).grant_bytes_s is None
    await tell(box, REPORT_PATH, report.to_document(old))
    assert (await news(box)).grant_bytes_s is None, "there is no limit to share"
    backlogs = hub.service(Backlogs)
    total = limited.settings.backfill_bytes_s
    assert backlogs.grant(box.gateway, total, NOON_US) == 100_000
    await tell(box, REPORT_PATH, report.to_document(none))
    assert backlogs.grant(box.gateway, total, NOON_US) is None


async def test_a_report_is_taken_and_damaged_ones_are_refused_in_one_line(
    box: Box, hub: Hub
) -> None:
    good: dict[str, Any] = dict(report.to_document(fleet_messages.REPORT))
    answer = await tell(box, REPORT_PATH, good)
    assert (answer.status_code, answer.json()) == (200, {"v": 1})
    damaged: tuple[object, ...] = ({}, [], good | {"clock": "fine"}, good | {"v": 2})
    for wrong in damaged:
        answer = await tell(box, REPORT_PATH, wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")
        assert len(answer.json()["message"].splitlines()) == 1
    async with hub.database.reading() as connection:
        (row,) = await operation.fleet_rows(connection, ANYBODY, "werk-sued")
    assert row.report == fleet_messages.REPORT


@pytest.mark.parametrize("body", [b"", b"{}", b'{"v":1,"results":[{}]}', b"\xff"])
async def test_damaged_results_are_refused_in_one_line(box: Box, body: bytes) -> None:
    answer = await box.ask("POST", RESULTS_PATH, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")
    assert len(answer.json()["message"].splitlines()) == 1


async def test_the_ledger_comes_back_as_it_was_told_and_is_the_boxs_own(box: Box, hub: Hub) -> None:
    ledger = (fleet_messages.GAP, fleet_messages.GAP_UNKNOWN)
    payload = records.encode(Records(gaps=ledger))
    await box.upload([Frame(0, FrameClass.EVENTS, payload)])
    await add_site(hub, "hafen")
    async with enrolled_box(hub, "hafen") as other:
        assert (await other.ask("GET", GAPS_PATH)).json() == {"v": 1, "gaps": []}
    answer = await box.ask("GET", GAPS_PATH)
    told = {row["id"]: row for row in answer.json()["gaps"]}
    expected = json.loads(payload)["gaps"]
    assert [told[row["id"]] for row in expected] == expected


async def test_a_bundle_is_kept_if_it_was_asked_for(box: Box, hub: Hub) -> None:
    command = await issued(hub, box, LogsOrder(24))
    packed = b"\x1f\x8b" + bytes(1024)
    for _ in range(2):
        answer = await box.ask("POST", f"{BUNDLES_PATH}/{command}", packed)
        assert (answer.status_code, answer.json()) == (200, {"v": 1})
    for path, body, status in (
        (f"{BUNDLES_PATH}/cmd-none", packed, 404),
        (f"{BUNDLES_PATH}/{'x' * 41}", packed, 422),
        (f"{BUNDLES_PATH}/{command}", b"no gzip", 422),
    ):
        assert (await box.ask("POST", path, body)).status_code == status


async def test_a_bundle_of_the_largest_size_is_taken_and_no_byte_more(box: Box, hub: Hub) -> None:
    path = f"{BUNDLES_PATH}/{await issued(hub, box, LogsOrder(1))}"
    largest = b"\x1f\x8b" + bytes(BUNDLE_BYTES_MAX - 2)
    assert (await box.ask("POST", path, largest)).status_code == 200
    answer = await box.ask("POST", path, largest + b"x")
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


async def test_other_bodies_are_small(box: Box) -> None:
    body = b'{"v":1,"results":[],"more":"' + b"x" * 2**18 + b'"}'
    answer = await box.ask("POST", RESULTS_PATH, body)
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


async def test_every_request_of_the_sync_api_taken_twice_after_a_restart_changes_nothing(
    box: Box, hub: Hub
) -> None:
    """The memory of nonces dies with the process: whoever overheard a request gains nothing."""
    command = await issued(hub, box, ModeOrder(Mode.STANDBY))
    done = CommandResult(id=command, state=State.DONE, at_us=NOON_US, text="")
    running = replace(done, state=State.RUNNING)
    older = sync.results_to_document([running])
    overheard = box.header("POST", RESULTS_PATH, fields.compact(older).encode())
    await tell(box, RESULTS_PATH, older)
    await tell(box, RESULTS_PATH, sync.results_to_document([done]))
    hub.provide(Nonces())
    answer = await box.client.post(
        RESULTS_PATH,
        content=fields.compact(older).encode(),
        headers={"Authorization": overheard},
    )
    assert answer.status_code == 200
    async with client_of(hub, admin_key(hub)) as client:
        found = (await client.get(f"/api/v1/commands/{command}")).json()
    assert found.get("state", found.get("standing")) == "done"
