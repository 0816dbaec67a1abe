"""What a box tells the hub of itself, and what people ask of boxes, for the tests of operation."""

from dataclasses import replace
from typing import Any

import httpx

from tests.support.fleet_messages import ALARM, REPORT
from tests.support.hub import NOON_US, Box
from wire import fields, records, report, sync
from wire.alarm import Alarm
from wire.command import CommandResult, State
from wire.gap import Gap
from wire.records import Records
from wire.report import ClockState, Report
from wire.sync import REPORT_PATH, RESULTS_PATH, Frame, FrameClass

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
WELL = replace(
    REPORT,
    at_us=NOON_US,
    started_us=NOON_US - 3_600 * SECOND_US,
    clock=ClockState.SYNCHRONISED,
    clock_off_us=0,
    backlog_from_us=None,
    quarantined=0,
)
"""The report of a box that has nothing to complain of."""
RAISED = replace(ALARM, change=1, raised_us=NOON_US, cleared_us=None, acked_us=None)
RAISED = replace(RAISED, acked_by="", note="")


async def post(box: Box, path: str, document: object) -> None:
    """Post a signed document; anything but 200 fails the test."""
    body = fields.compact(document).encode("ascii")
    header = box.header("POST", path, body)
    answer = await box.client.post(path, content=body, headers={"Authorization": header})
    assert answer.status_code == 200, answer.text


async def tell_report(box: Box, told: Report = WELL) -> None:
    await post(box, REPORT_PATH, report.to_document(told))


async def tell_result(
    box: Box, command_id: str, state: State, *, text: str = "", kw: float | None = None
) -> None:
    """Tell what became of a command, by the hub's clock."""
    at_us = box.hub.clock.now_us()
    result = CommandResult(id=command_id, state=state, at_us=at_us, text=text, read_back_kw=kw)
    await post(box, RESULTS_PATH, sync.results_to_document([result]))


def told(seq: int, *things: Alarm | Gap) -> Frame:
    """Return a frame that tells changes of alarms, and losses."""
    alarms = tuple(each for each in things if isinstance(each, Alarm))
    gaps = tuple(each for each in things if isinstance(each, Gap))
    return Frame(seq, FrameClass.EVENTS, records.encode(Records(alarms=alarms, gaps=gaps)))


async def ask(
    client: httpx.AsyncClient, kind: str = "restart", sites: list[str] | None = None, **more: Any
) -> httpx.Response:
    """Ask the box of werk-sued, or those of `sites`, for something."""
    payload = more.pop("payload", {"part": "gateway"})
    named = ["werk-sued"] if sites is None else sites
    body = {"kind": kind, "payload": payload, "sites": named, "reason": "test", **more}
    return await client.post("/api/v1/commands", json=body)


async def asked(client: httpx.AsyncClient, kind: str = "restart", **more: Any) -> str:
    """Ask the box of werk-sued and return the id of the command."""
    answer = await ask(client, kind, **more)
    assert answer.status_code == 201, answer.text
    (only,) = answer.json()["commands"]
    assert only["id"] is not None, only
    return str(only["id"])


async def state_of(client: httpx.AsyncClient, command_id: str) -> tuple[str, str]:
    """Return the command's state, and who says so."""
    found = (await client.get(f"/api/v1/commands/{command_id}")).json()
    return found["state"], found["said_by"]


def setpoint(power_kw: float, until_us: int = NOON_US + 15 * MINUTE_US) -> dict[str, object]:
    return {"power_kw": power_kw, "until_us": until_us}
