"""The sync API: the long poll for schedules, commands, what is watched, what is granted."""

import asyncio
import zlib
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from cloud.fleet import service
from cloud.fleet.live import LiveValues, watch_topic
from cloud.fleet.model import Gateway
from cloud.fleet.operation import service as operation
from cloud.fleet.sync.access import signed
from cloud.fleet.sync.documents import SIGNED, answers
from cloud.fleet.sync.grant import Backlogs
from cloud.fleet.sync.rates import POLLS
from cloud.kernel.context import Hub, HubHere
from cloud.kernel.errors import responses
from wire import sync
from wire.fields import INTEGER_MAX
from wire.sync import DOWNLINK_PATH, Downlink

LOOK_AGAIN_S = 10.0
"""News that another hub process made are found after this at the latest."""
WAIT_S_MAX = 55.0
_CRC_MAX = 2**32 - 1
_EXAMPLE: dict[str, Any] = {
    "v": 1,
    "server_us": 1_795_169_700_000_000,
    "schedule": None,
    "commands": [
        {
            "v": 1,
            "id": "cmd-5e0c9a71",
            "kind": "setpoint",
            "payload": {"power_kw": -12.5, "until_us": 1_795_173_300_000_000},
            "issued_us": 1_795_169_700_000_000,
            "expires_us": 1_795_169_760_000_000,
            "priority": 5,
            "actor": "0d5c7be1f2a3",
            "reason": "Wartung am Trafo",
        }
    ],
    "watch": ["ac.power_kw", "battery.soc_pct"],
    "grant_bytes_s": 125_000,
}

router = APIRouter(tags=["sync (gateways)"])


@router.get(
    DOWNLINK_PATH,
    summary="Wait for news: schedule, commands, what is watched",
    response_class=JSONResponse,
    responses=answers(_EXAMPLE, "all that the box has to know; `schedule`: null if it has it")
    | responses(401, 403, 422, 429, 503),
    openapi_extra=SIGNED,
)
async def downlink(
    request: Request,
    hub: HubHere,
    have: Annotated[int, Query(ge=-1, le=INTEGER_MAX, description="version it has")] = -1,
    watch: Annotated[
        int | None,
        Query(ge=0, le=_CRC_MAX, description="CRC-32 of the watched points, joined by commas"),
    ] = None,
    wait_s: Annotated[float, Query(ge=0, le=WAIT_S_MAX, description="how long to wait")] = 0.0,
) -> JSONResponse:
    """Answer as soon as there is news, or after `wait_s` without any.

    News are another schedule than version `have`, commands whose reception the box has not
    confirmed, and, if the box says what it knows of it, another set of watched points.
    """
    gateway, _ = await signed(hub, request, POLLS)
    topics = (
        service.schedule_topic(gateway.site),
        operation.command_topic(gateway.site),
        watch_topic(gateway.site),
    )
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    while True:
        seen = {topic: hub.bus.version(topic) for topic in topics}
        answer = await _news(hub, gateway, have)
        left_s = deadline_s - loop.time()
        is_news = answer.schedule is not None or bool(answer.commands)
        if watch is not None and watch != crc_of(answer.watch):
            is_news = True
        if is_news or left_s <= 0 or hub.bus.closed:
            return JSONResponse(sync.downlink_to_document(answer))
        await hub.bus.wait_any(seen, min(left_s, LOOK_AGAIN_S))


def crc_of(watched: Sequence[str]) -> int:
    """Return what a box says of the watched points that it knows."""
    return zlib.crc32(",".join(watched).encode("ascii"))


async def _news(hub: Hub, gateway: Gateway, have: int) -> Downlink:
    now_us = hub.clock.now_us()
    async with hub.database.reading() as connection:
        schedule = await service.newest_schedule(connection, gateway.site)
        commands = await operation.pending_commands(connection, gateway, now_us)
    return Downlink(
        server_us=now_us,
        schedule=schedule if schedule is not None and schedule.version != have else None,
        commands=commands,
        watch=hub.service(LiveValues).watched(gateway.site),
        grant_bytes_s=hub.service(Backlogs).grant(
            gateway.id, hub.settings.backfill_bytes_s, now_us
        ),
    )
