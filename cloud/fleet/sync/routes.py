"""The sync API: what gateways call. Signed requests, no API keys."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from cloud.fleet import service
from cloud.fleet.sync.access import signed
from cloud.fleet.telemetry.ingest import ingest
from cloud.kernel import metrics
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, responses
from wire import sync
from wire.fields import INTEGER_MAX, BadMessage
from wire.sync import DOWNLINK_PATH, UPLOAD_PATH, Downlink

LOOK_AGAIN_S = 10.0
"""A schedule that another hub process published is found after this at the latest."""
WAIT_S_MAX = 55.0

router = APIRouter(tags=["sync (gateways)"])

_uploads = metrics.counter("phoenyra_hub_uploads", "uploads stored")
_bytes = metrics.counter("phoenyra_hub_upload_bytes", "bytes of uploads stored")
_frames = metrics.counter("phoenyra_hub_frames", "frames stored for the first time")
_samples = metrics.counter("phoenyra_hub_samples", "samples of a device stored")
_quarantined = metrics.counter("phoenyra_hub_frames_quarantined", "frames kept raw, unreadable")
_ACK = {"v": 1, "epoch": "9f2c41d07a55e3b8", "seq": 1041}
_SIGNED: dict[str, Any] = {
    "parameters": [
        {
            "name": "Authorization",
            "in": "header",
            "required": True,
            "description": "the signature, made with the gateway's key",
            "schema": {"type": "string"},
            "example": "PHO1-HMAC-SHA256 key=gwk-5e…, time=1795169700000000, nonce=…, signature=…",
        }
    ]
}


def _example(document: dict[str, Any], text: str) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"example": document}}
    return {200: {"description": text, "content": content}}


@router.post(
    UPLOAD_PATH,
    summary="Upload numbered frames",
    response_class=JSONResponse,
    responses=_example(_ACK, "how far the line is complete") | responses(401, 403, 413, 422),
    openapi_extra=_SIGNED
    | {
        "requestBody": {
            "required": True,
            "description": "one line of JSON, then each frame's head and payload; see `wire.sync`",
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def upload(request: Request, hub: HubHere) -> JSONResponse:
    """Store every frame exactly once and answer how far the line is complete.

    A frame is known by (gateway, epoch, number): sending it again changes nothing. The answer
    comes after the commit, so the gateway may forget everything up to its `seq`. A frame that
    cannot be read is kept in quarantine and acknowledged like the others.
    """
    try:
        gateway, body = await signed(hub, request)
        result = await ingest(hub, gateway, sync.decode_upload(body))
    except BadMessage as error:
        raise Invalid(str(error)) from error
    except ClientDisconnect:
        # Nobody is left to answer; the gateway will send it all again.
        return JSONResponse({}, 400)
    _uploads.inc()
    _bytes.inc(len(body))
    _frames.inc(result.new_frames)
    _samples.inc(result.new_samples)
    _quarantined.inc(result.quarantined)
    return JSONResponse(sync.ack_to_document(result.ack))


@router.get(
    DOWNLINK_PATH,
    summary="Wait for a newer schedule",
    response_class=JSONResponse,
    responses=_example(
        {"v": 1, "server_us": 1_795_169_700_000_000, "schedule": None},
        "the newest schedule, or none if there is no newer one",
    )
    | responses(401, 403, 422),
    openapi_extra=_SIGNED,
)
async def downlink(
    request: Request,
    hub: HubHere,
    have: Annotated[int, Query(ge=-1, le=INTEGER_MAX, description="version it has")] = -1,
    wait_s: Annotated[float, Query(ge=0, le=WAIT_S_MAX, description="how long to wait")] = 0.0,
) -> JSONResponse:
    """Answer with the site's newest schedule as soon as it is another than version `have`."""
    gateway, _ = await signed(hub, request)
    topic = service.schedule_topic(gateway.site)
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    while True:
        seen = hub.bus.version(topic)
        async with hub.database.reading() as connection:
            schedule = await service.newest_schedule(connection, gateway.site)
        left_s = deadline_s - loop.time()
        newer = schedule if schedule is not None and schedule.version != have else None
        if newer is not None or left_s <= 0 or hub.bus.closed:
            answer = Downlink(server_us=hub.clock.now_us(), schedule=newer)
            return JSONResponse(sync.downlink_to_document(answer))
        await hub.bus.wait(topic, seen, min(left_s, LOOK_AGAIN_S))
