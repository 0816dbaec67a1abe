"""The light frame of the sync API: newest values for those who watch, never stored."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from cloud.fleet.live import LiveValues
from cloud.fleet.sync.access import signed
from cloud.kernel import metrics
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, responses
from wire import live
from wire.fields import BadMessage
from wire.sync import LIVE_PATH

router = APIRouter(tags=["sync (gateways)"])

_frames = metrics.counter("phoenyra_hub_live_frames", "light frames of newest values taken")
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "what is watched now: point names; `*`: all; none: stop sending",
        "content": {
            "application/json": {"example": {"v": 1, "watch": ["ac.power_kw", "battery.soc_pct"]}}
        },
    }
}
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
    ],
    "requestBody": {
        "required": True,
        "description": "deflated JSON: {v, sent_us, values: [[device, point, value, quality,"
        " at_us]…]}; see `wire.live`",
        "content": {"application/octet-stream": {"schema": {"type": "string"}}},
    },
}


@router.post(
    LIVE_PATH,
    summary="Tell the newest values",
    response_class=JSONResponse,
    responses=_ANSWER | responses(401, 403, 413, 422),
    openapi_extra=_SIGNED,
)
async def tell_live(request: Request, hub: HubHere) -> JSONResponse:
    """Show these values to whoever watches the site; nothing is stored or acknowledged.

    A box posts about once a second while its long poll or this answer names watched points.
    What is lost is replaced by the next frame; history comes with the uploads.
    """
    try:
        gateway, body = await signed(hub, request)
        values = hub.service(LiveValues)
        values.take(gateway.site, live.decode(body))
    except BadMessage as error:
        raise Invalid(str(error)) from error
    _frames.inc()
    return JSONResponse({"v": live.VERSION, "watch": list(values.watched(gateway.site))})
