"""The sync API: log bundles, the one thing beside uploads that is large."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse

from cloud.fleet.operation import bundles
from cloud.fleet.operation import service as operation
from cloud.fleet.operation.bundles import BUNDLE_BYTES_MAX
from cloud.fleet.sync.access import signed
from cloud.fleet.sync.documents import OK, SIGNED, answers, takes_bytes
from cloud.fleet.sync.rates import BUNDLES
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from wire.command import ID_MAX
from wire.sync import BUNDLES_PATH

router = APIRouter(tags=["sync (gateways)"])


@router.post(
    BUNDLES_PATH + "/{command}",
    summary="Upload the log bundle that a command asked for",
    response_class=JSONResponse,
    responses=answers(OK, "kept") | responses(401, 403, 404, 413, 422, 429, 503),
    openapi_extra=SIGNED | takes_bytes("application/gzip", "a gzipped tar archive"),
)
async def upload_bundle(
    command: Annotated[str, Path(max_length=ID_MAX, description="the command's id")],
    request: Request,
    hub: HubHere,
) -> JSONResponse:
    """Keep the bundle for the administrators; the same command's again replaces it."""
    gateway, body = await signed(hub, request, BUNDLES, BUNDLE_BYTES_MAX)
    await bundles.keep(hub, gateway, command, body)
    for topic in operation.topics(gateway.site):
        hub.bus.wake(topic)
    return JSONResponse(OK)
