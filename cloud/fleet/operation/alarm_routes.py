"""Alarms and gap ledgers over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import service as fleet
from cloud.fleet.operation import alarms, paging, service
from cloud.fleet.operation.alarm_views import (
    AcknowledgeAnswer,
    AcknowledgeAnswers,
    AcknowledgeBody,
    AlarmsView,
    AlarmView,
    NoteBody,
)
from cloud.fleet.operation.alarms import Phase
from cloud.fleet.operation.asking import Before, OfSite, actor_of, visible, wake
from cloud.fleet.operation.model import AlarmRow, CommandRow
from cloud.fleet.operation.views import GapsView, GapTotalView, GapView
from cloud.kernel.auth import Operator, Principal, Viewer
from cloud.kernel.context import Hub, HubHere
from cloud.kernel.errors import NotFound, responses
from cloud.kernel.keys import IDENTIFIER
from wire.alarm import ID_MAX as ALARM_ID_MAX
from wire.fields import TEXT_MAX
from wire.sync import Severity

router = APIRouter(prefix="/api/v1", tags=["fleet"])
SiteId = Annotated[str, Path(pattern=IDENTIFIER, description="the site's id")]
GatewayId = Annotated[str, Path(pattern=IDENTIFIER, description="the gateway's name")]


@router.get("/alarms", summary="List alarms", responses=responses(401, 404, 422))
async def list_alarms(
    hub: HubHere,
    principal: Viewer,
    site: OfSite = None,
    phase: Annotated[Phase | None, Query(description="default: all")] = None,
    severity: Annotated[str | None, Query(pattern="^(warning|alarm)$")] = None,
    code: Annotated[str | None, Query(max_length=TEXT_MAX)] = None,
    before: Before = "",
    limit: Annotated[int, Query(ge=1, le=alarms.LIST_MAX)] = 100,
) -> AlarmsView:
    """Return alarms of boxes, and of the hub about boxes, the one raised last first."""
    async with hub.database.reading() as connection:
        wanted = alarms.Filter(
            sites=await visible(connection, principal, site),
            phase=phase,
            severity=None if severity is None else Severity[severity.upper()],
            code=code,
            before=None if not before else paging.alarm_place(before),
            limit=limit,
        )
        found = await service.alarms(connection, wanted)
    more = len(found) == limit
    return AlarmsView(
        alarms=[AlarmView.of(row) for row in found],
        next=paging.alarm_text(found[-1]) if more else None,
    )


@router.post(
    "/alarms/{gateway}/{alarm}/acknowledge",
    summary="Acknowledge an alarm",
    responses=responses(401, 403, 404, 422),
)
async def acknowledge_alarm(
    gateway: GatewayId,
    alarm: Annotated[str, Path(max_length=ALARM_ID_MAX, description="the alarm's id")],
    body: NoteBody,
    hub: HubHere,
    principal: Operator,
) -> AlarmView:
    """Say that somebody has seen it; the box is told. The first acknowledgement stays."""
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        row, command = await _acknowledge(connection, gateway, alarm, principal, body.note, now_us)
    _wake(hub, row, command)
    return AlarmView.of(row)


@router.post(
    "/alarms/acknowledge",
    summary="Acknowledge many alarms",
    responses=responses(401, 403, 422),
)
async def acknowledge_alarms(
    body: AcknowledgeBody, hub: HubHere, principal: Operator
) -> AcknowledgeAnswers:
    """Say of up to 200 alarms that somebody has seen them, with one note.

    The answer says for each what became of it, in the order of the request: one that is not there
    does not stop the others.
    """
    now_us = hub.clock.now_us()
    answers: dict[tuple[str, str], AcknowledgeAnswer] = {}
    done: list[tuple[AlarmRow, CommandRow | None]] = []
    async with hub.database.transaction() as connection:
        # In one order for everybody, so that two requests never wait for each other's boxes.
        for named in sorted(body.alarms, key=lambda named: (named.gateway, named.id)):
            key = named.gateway, named.id
            try:
                found = await _acknowledge(connection, *key, principal, body.note, now_us)
            except NotFound as error:
                answers[key] = AcknowledgeAnswer.refused(named, error)
                continue
            done.append(found)
            answers[key] = AcknowledgeAnswer.of(found[0])
    for row, command in done:
        _wake(hub, row, command)
    return AcknowledgeAnswers(alarms=[answers[each.gateway, each.id] for each in body.alarms])


@router.get("/sites/{site}/gaps", summary="What is missing", responses=responses(401, 404))
async def read_gaps(site: SiteId, hub: HubHere, principal: Viewer) -> GapsView:
    """Return the gap ledger: every loss that a box of the site told of, the newest first.

    `n_missing` is what the hub really lacks: what was uploaded and lost only its answer is there.
    """
    async with hub.database.reading() as connection:
        await fleet.visible_site(connection, site, principal)
        found = await service.gaps_of_site(connection, site)
        total = await service.gap_total(connection, site)
    return GapsView(
        site=site, total=GapTotalView.of(total), gaps=[GapView.of(row) for row in found]
    )


async def _acknowledge(
    connection: AsyncConnection,
    gateway: str,
    alarm: str,
    principal: Principal,
    note: str,
    now_us: int,
) -> tuple[AlarmRow, CommandRow | None]:
    """Acknowledge the alarm as `service.acknowledge` does.

    Raises:
        NotFound: it is not there, or not for this key to see.
    """
    found = await alarms.alarm(connection, gateway, alarm)
    try:
        await fleet.visible_site(connection, found.site, principal)
    except NotFound as error:
        raise alarms.unknown(gateway, alarm) from error
    actor = actor_of(principal, note)
    return await service.acknowledge(connection, gateway, alarm, actor, now_us)


def _wake(hub: Hub, row: AlarmRow, command: CommandRow | None) -> None:
    wake(hub, row.site, *([] if command is None else [service.command_topic(row.site)]))
