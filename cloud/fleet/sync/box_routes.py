"""The sync API: what a box says of itself, and what the hub has in its ledger of it."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from cloud.fleet.operation import service as operation
from cloud.fleet.sync.access import signed
from cloud.fleet.sync.documents import OK, SIGNED, answers, takes_json
from cloud.fleet.sync.grant import Backlogs
from cloud.fleet.sync.rates import LOOKS, POSTS
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, responses
from wire import fields, report, sync
from wire import gap as gaps
from wire.command import COMMANDS_MAX
from wire.fields import BadMessage
from wire.sync import GAPS_PATH, REPORT_PATH, RESULTS_PATH

_NOW_US = 1_795_169_700_000_000
_RESULTS: dict[str, Any] = {
    "v": 1,
    "results": [
        {
            "v": 1,
            "id": "cmd-5e0c9a71",
            "state": "done",
            "at_us": _NOW_US,
            "text": "the inverter holds it",
            "read_back_kw": -12.5,
        }
    ],
}
_REPORT: dict[str, Any] = {
    "v": 1,
    "at_us": _NOW_US,
    "version": "0.1.0",
    "started_us": _NOW_US - 3_600_000_000,
    "clock": "synchronised",
    "clock_off_us": 0,
    "linked": True,
    "mode": "automatic",
    "missed_beats": 0,
    "backlog_frames": 0,
    "backlog_bytes": 0,
    "backlog_bytes_max": 2_147_483_648,
    "backlog_from_us": None,
    "quarantined": 0,
    "gaps": 1,
    "disk_free_bytes": 12_000_000_000,
    "disk_bytes": 32_000_000_000,
    "written_bytes_day": 140_000_000,
    "store_trouble": "",
    "configuration": "9f2c41d07a55e3b8",
    "devices": [["inverter", True, _NOW_US, ""]],
}
_GAPS: dict[str, Any] = {
    "v": 1,
    "gaps": [
        {
            "id": "9f2c41d07a55e3b8-4",
            "at_us": _NOW_US,
            "cause": "thinned",
            "class": 2,
            "device": "inverter",
            "from_us": _NOW_US - 60_000_000,
            "to_us": _NOW_US,
            "n": 236,
            "first_seq": 17,
            "last_seq": 28,
            "text": "240 values became 4",
        }
    ],
}

router = APIRouter(tags=["sync (gateways)"])


@router.post(
    RESULTS_PATH,
    summary="Say what became of commands",
    response_class=JSONResponse,
    responses=answers(OK, "committed") | responses(401, 403, 413, 422, 429, 503),
    openapi_extra=SIGNED | takes_json(_RESULTS, f"up to {COMMANDS_MAX} results"),
)
async def tell_results(request: Request, hub: HubHere) -> JSONResponse:
    """Keep the results; the answer comes after the commit. The same ones again change nothing."""
    gateway, body = await signed(hub, request, POSTS)
    try:
        results = sync.results_from_document(fields.parse(body, "results"))
    except BadMessage as error:
        raise Invalid(str(error)) from error
    async with hub.database.transaction() as connection:
        await operation.take_results(connection, gateway, results, hub.clock.now_us())
    for topic in operation.topics(gateway.site):
        hub.bus.wake(topic)
    return JSONResponse(OK)


@router.post(
    REPORT_PATH,
    summary="Say how the box is doing",
    response_class=JSONResponse,
    responses=answers(OK, "taken") | responses(401, 403, 413, 422, 429, 503),
    openapi_extra=SIGNED | takes_json(_REPORT, "the box at one instant; only the newest is kept"),
)
async def tell_report(request: Request, hub: HubHere) -> JSONResponse:
    """A box reports every 30 s, and at once when a device, the link or its store changes."""
    gateway, body = await signed(hub, request, POSTS)
    try:
        told = report.from_document(fields.parse(body, "report"))
    except BadMessage as error:
        raise Invalid(str(error)) from error
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        await operation.take_report(connection, gateway, told, now_us)
    hub.service(Backlogs).told(gateway.id, told.backlog_from_us, now_us)
    for topic in operation.topics(gateway.site):
        hub.bus.wake(topic)
    return JSONResponse(OK)


@router.get(
    GAPS_PATH,
    summary="The gap ledger of this gateway",
    response_class=JSONResponse,
    responses=answers(_GAPS, "every loss that is known, as the hub has it")
    | responses(401, 403, 429, 503),
    openapi_extra=SIGNED,
)
async def read_gaps(request: Request, hub: HubHere) -> JSONResponse:
    """Return the ledger, so that box and hub can be compared; `n` is what is missing now."""
    gateway, _ = await signed(hub, request, LOOKS)
    async with hub.database.reading() as connection:
        rows = await operation.gaps(connection, gateway.id)
    found = [gaps.to_document(replace(row.gap, n=row.n_missing)) for row in rows]
    return JSONResponse({"v": sync.VERSION, "gaps": found})
