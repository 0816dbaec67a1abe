"""The sync API: enrolment, newer keys, and what time it is."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from cloud.fleet import codes, keys
from cloud.fleet.sync import rates
from cloud.fleet.sync.access import believed
from cloud.fleet.sync.documents import SIGNED, answers, takes_json
from cloud.fleet.sync.rates import Rate, Rates
from cloud.kernel.context import Hub, HubHere
from cloud.kernel.errors import Invalid, responses
from cloud.kernel.limits import BODY_BYTES_MAX
from wire import enrolment, fields, signing
from wire.enrolment import Credentials
from wire.fields import BadMessage
from wire.sync import ENROL_PATH, KEYS_PATH, TIME_PATH, VERSION

_CREDENTIALS: dict[str, Any] = {
    "v": 1,
    "gateway": "gw-5e0c9a71",
    "site": "werk-sued",
    "key_id": "gwk-0d5c7be1f2a39c44",
    "secret": "…",
}
_ALL = "all"

router = APIRouter(tags=["sync (gateways)"])


@router.post(
    KEYS_PATH,
    summary="Ask for a newer key",
    response_class=JSONResponse,
    responses=answers(_CREDENTIALS, "the newer key; it counts from the first request it signs")
    | responses(401, 403, 409, 413, 422, 429, 503),
    openapi_extra=SIGNED | takes_json({"v": 1}, "nothing but the version"),
)
async def ask_for_key(request: Request, hub: HubHere) -> JSONResponse:
    """Make a newer key for whoever signs with the current one.

    Nothing changes until the newer key signs its first request; then the one before goes on for
    10 minutes. Asking again before that replaces the newer key: a lost answer costs nothing.
    """
    asked = await believed(hub, request, rates.KEYS, BODY_BYTES_MAX)
    try:
        fields.version(fields.parse(asked.body, "keys"), "keys", VERSION)
    except BadMessage as error:
        raise Invalid(str(error)) from error
    async with hub.database.transaction() as connection:
        made = await keys.renew(
            connection, asked.gateway, asked.key_id, asked.at_us, hub.clock.now_us()
        )
    return _answer(made)


@router.post(
    ENROL_PATH,
    summary="Exchange a one-time code for a key",
    response_class=JSONResponse,
    responses=answers(_CREDENTIALS, "the box's key; only the box that got it may ask again")
    | responses(403, 409, 413, 422, 429, 503),
    openapi_extra=takes_json(
        {"v": 1, "code": "7K3M-9QRT-0ABX-52WZ", "box": "00112233445566778899aabbccddeeff"},
        "the code, and a token that the box has made up for itself and kept",
    ),
)
async def enrol(request: Request, hub: HubHere) -> JSONResponse:
    """Give the box its key. Not signed: the code is all that a new box has."""
    _take(hub, request, "enrol", rates.ENROLMENTS, rates.ENROLMENTS_ALL)
    try:
        asked = enrolment.from_document(fields.parse(await request.body(), "enrolment"))
    except BadMessage as error:
        raise Invalid(str(error)) from error
    secret = await asyncio.to_thread(codes.secret_in, hub.settings.data_dir)
    async with hub.database.transaction() as connection:
        made = await codes.exchange(connection, asked, hub.clock.now_us(), secret)
    return _answer(made)


@router.get(
    TIME_PATH,
    summary="What time it is",
    response_class=JSONResponse,
    responses=answers(
        {"v": 1, "server_us": 1_795_169_700_000_000, "mac": "…"},
        "the hub's clock, and a proof for the holder of the key; empty if the key is not known",
    )
    | responses(422, 429, 503),
)
async def tell_time(
    request: Request,
    hub: HubHere,
    nonce: Annotated[
        str, Query(pattern=r"^[0-9a-f]{16,64}$", description="fresh hexadecimal digits")
    ],
    key: Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="a key's id")],
) -> JSONResponse:
    """Answer also a box whose clock is too far off to sign anything.

    `mac` is the hexadecimal HMAC-SHA256, with the key's secret, of `PHO1-TIME`, the nonce and
    `server_us`, with a line feed between.
    """
    _take(hub, request, "time", rates.TIMES, rates.TIMES_ALL)
    async with hub.database.reading() as connection:
        found = await keys.find(connection, key)
    now_us = hub.clock.now_us()
    mac = ""
    if found is not None and found[0].revoked_us is None and not found[1].is_retired(now_us):
        mac = signing.time_mac(keys.wire_key(found[1]), nonce, now_us)
    return JSONResponse({"v": VERSION, "server_us": now_us, "mac": mac})


def _answer(made: Credentials) -> JSONResponse:
    return JSONResponse(
        enrolment.credentials_to_document(made), headers={"Cache-Control": "no-store"}
    )


def _take(hub: Hub, request: Request, route: str, each: Rate, together: Rate) -> None:
    address = request.client.host if request.client is not None else ""
    now_s = asyncio.get_running_loop().time()
    hub.service(Rates).take(route, address, each, now_s)
    hub.service(Rates).take(f"{route} {_ALL}", _ALL, together, now_s)
