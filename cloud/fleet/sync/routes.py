"""The sync API: uploads. Signed requests, no API keys."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from cloud.fleet.sync.access import signed
from cloud.fleet.sync.documents import SIGNED, answers, takes_bytes
from cloud.fleet.sync.rates import UPLOADS
from cloud.fleet.telemetry.ingest import ingest
from cloud.kernel import metrics
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, responses
from wire import sync
from wire.fields import BadMessage
from wire.sync import UPLOAD_BYTES_MAX, UPLOAD_PATH

router = APIRouter(tags=["sync (gateways)"])

_uploads = metrics.counter("phoenyra_hub_uploads", "uploads stored")
_bytes = metrics.counter("phoenyra_hub_upload_bytes", "bytes of uploads stored")
_frames = metrics.counter("phoenyra_hub_frames", "frames stored for the first time")
_samples = metrics.counter("phoenyra_hub_samples", "samples of a device stored")
_quarantined = metrics.counter("phoenyra_hub_frames_quarantined", "frames kept raw, unreadable")
_ACK = {"v": 1, "epoch": "9f2c41d07a55e3b8", "seq": 1041}
_BODY = "one line of JSON, then each frame's head and payload; see `wire.sync`"


@router.post(
    UPLOAD_PATH,
    summary="Upload numbered frames",
    response_class=JSONResponse,
    responses=answers(_ACK, "how far the line is complete")
    | responses(401, 403, 413, 422, 429, 503),
    openapi_extra=SIGNED | takes_bytes("application/octet-stream", _BODY),
)
async def upload(request: Request, hub: HubHere) -> JSONResponse:
    """Store every frame exactly once and answer how far the line is complete.

    A frame is known by (gateway, epoch, number): sending it again changes nothing. The answer
    comes after the commit, so the gateway may forget everything up to its `seq`. A frame that
    cannot be read is kept in quarantine and acknowledged like the others.
    """
    try:
        gateway, body = await signed(hub, request, UPLOADS, UPLOAD_BYTES_MAX)
        result = await ingest(hub, gateway, sync.decode_upload(body))
    except BadMessage as error:
        raise Invalid(str(error)) from error
    _uploads.inc()
    _bytes.inc(len(body))
    _frames.inc(result.new_frames)
    _samples.inc(result.new_samples)
    _quarantined.inc(result.quarantined)
    return JSONResponse(sync.ack_to_document(result.ack))
