"""Commands, alarms and gap ledgers over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import service as fleet
from cloud.fleet.model import Site
from cloud.fleet.operation import alarms, bundles, commands, fleet_routes, groups, service, states
from cloud.fleet.operation.alarms import Phase
from cloud.fleet.operation.model import Actor, CommandRow, Standing, Wish
from cloud.fleet.operation.views import (
    LINE,
    SITES_MAX,
    AlarmsView,
    AlarmView,
    CommandAnswer,
    CommandBody,
    CommandsAnswer,
    CommandsView,
    CommandView,
    GapsView,
    GapTotalView,
    GapView,
    NoteBody,
)
from cloud.kernel.auth import Admin, Operator, Principal, Viewer
from cloud.kernel.context import Hub, HubHere
from cloud.kernel.errors import Forbidden, Invalid, NotFound, Refused, responses
from cloud.kernel.keys import IDENTIFIER
from wire import order as orders
from wire.alarm import ID_MAX as ALARM_ID_MAX
from wire.clock import micros
from wire.fields import TEXT_MAX, BadMessage
from wire.order import AcknowledgeOrder, Order, SetpointOrder
from wire.sync import Severity

router = APIRouter(prefix="/api/v1", tags=["fleet"])
router.include_router(fleet_routes.router)
SiteId = Annotated[str, Path(pattern=IDENTIFIER, description="the site's id")]
GatewayId = Annotated[str, Path(pattern=IDENTIFIER, description="the gateway's name")]
CommandId = Annotated[str, Path(max_length=40, description="the command's id")]
Before = Annotated[AwareDatetime | None, Query(description="for the next page: older than this")]
OfSite = Annotated[str | None, Query(pattern=IDENTIFIER, description="of this site only")]


@router.post(
    "/commands",
    status_code=201,
    summary="Ask boxes for something",
    responses=responses(401, 403, 404, 422),
)
async def create_commands(body: CommandBody, hub: HubHere, principal: Operator) -> CommandsAnswer:
    """Issue a command to the box of each site that is named by id, by tags or by a group.

    The answer says for each site which command it got, or why it got none: one that is refused
    does not stop the others. A box fetches a command within a second if it is connected, executes
    it once, and says what became of it. `configuration`, `software` and `rotate_key` need an
    admin's key.
    """
    order = _order(body, principal)
    wish = Wish(
        order=order,
        actor=_actor(principal, body.reason),
        expires_us=None if body.expires_at is None else micros(body.expires_at),
        priority=body.priority,
    )
    now_us = hub.clock.now_us()
    states.leased(wish, "", now_us)
    answers: list[CommandAnswer] = []
    async with hub.database.transaction() as connection:
        for site in await _sites(connection, body, principal):
            try:
                _check_power(order, site)
                row = await service.issue_for_site(connection, site.id, wish, now_us)
                answers.append(CommandAnswer.issued(row))
            except Refused as error:
                answers.append(CommandAnswer.refused(site.id, error))
    for answer in answers:
        if answer.id is not None:
            _wake(hub, answer.site, service.command_topic(answer.site))
    return CommandsAnswer(commands=answers)


@router.get("/commands", summary="List commands", responses=responses(401, 404, 422))
async def list_commands(
    hub: HubHere,
    principal: Viewer,
    site: OfSite = None,
    kind: Annotated[str | None, Query(max_length=20)] = None,
    state: Annotated[Standing | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open", description="not at their end")] = False,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=commands.LIST_MAX)] = 100,
) -> CommandsView:
    """Return the commands of the sites that the key may see, newest first."""
    async with hub.database.reading() as connection:
        wanted = commands.Filter(
            sites=await _visible(connection, principal, site),
            kind=kind,
            standing=state,
            only_open=only_open,
            before_us=None if before is None else micros(before),
            limit=limit,
        )
        found = await service.commands(connection, wanted)
    return CommandsView(commands=[CommandView.of(row) for row in found])


@router.get("/commands/{command}", summary="One command", responses=responses(401, 404))
async def read_command(command: CommandId, hub: HubHere, principal: Viewer) -> CommandView:
    async with hub.database.reading() as connection:
        row = await _command(connection, command, principal)
    return CommandView.of(row)


@router.delete(
    "/commands/{command}", summary="Take a command back", responses=responses(401, 403, 404, 409)
)
async def cancel_command(
    command: CommandId,
    hub: HubHere,
    principal: Operator,
    reason: Annotated[str, Query(max_length=TEXT_MAX, pattern=LINE)] = "",
) -> CommandView:
    """Only as long as the box has not said that it holds it.

    A box that fetches it at this very moment executes it nevertheless; `state` then says so.
    """
    async with hub.database.transaction() as connection:
        await _command(connection, command, principal)
        actor = _actor(principal, reason)
        row = await service.cancel(connection, command, actor, hub.clock.now_us())
    _wake(hub, row.site)
    return CommandView.of(row)


@router.get(
    "/commands/{command}/bundle",
    summary="The logs that a box sent",
    response_class=FileResponse,
    responses=responses(401, 403, 404)
    | {200: {"content": {"application/gzip": {}}, "description": "a gzip-compressed tar archive"}},
)
async def read_bundle(command: CommandId, hub: HubHere, principal: Admin) -> FileResponse:
    """Return what the box packed for a `logs` command; kept for 30 days."""
    async with hub.database.reading() as connection:
        row = await _command(connection, command, principal)
        path = await bundles.file_of(hub, connection, row.id)
    name = f"{row.gateway}-{row.id}.tar.gz"
    return FileResponse(path, media_type="application/gzip", filename=name)


@router.get("/alarms", summary="List alarms", responses=responses(401, 404, 422))
async def list_alarms(
    hub: HubHere,
    principal: Viewer,
    site: OfSite = None,
    phase: Annotated[Phase | None, Query(description="default: all")] = None,
    severity: Annotated[str | None, Query(pattern="^(warning|alarm)$")] = None,
    code: Annotated[str | None, Query(max_length=TEXT_MAX)] = None,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=alarms.LIST_MAX)] = 100,
) -> AlarmsView:
    """Return alarms of boxes, and of the hub about boxes, the one raised last first."""
    async with hub.database.reading() as connection:
        wanted = alarms.Filter(
            sites=await _visible(connection, principal, site),
            phase=phase,
            severity=None if severity is None else Severity[severity.upper()],
            code=code,
            before_us=None if before is None else micros(before),
            limit=limit,
        )
        found = await service.alarms(connection, wanted)
    return AlarmsView(alarms=[AlarmView.of(row) for row in found])


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
    async with hub.database.transaction() as connection:
        found = await alarms.alarm(connection, gateway, alarm)
        try:
            await fleet.visible_site(connection, found.site, principal)
        except NotFound as error:
            raise alarms.unknown(gateway, alarm) from error
        actor = _actor(principal, body.note)
        now_us = hub.clock.now_us()
        row, command = await service.acknowledge(connection, gateway, alarm, actor, now_us)
    _wake(hub, row.site, *([] if command is None else [service.command_topic(row.site)]))
    return AlarmView.of(row)


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


def _order(body: CommandBody, principal: Principal) -> Order:
    try:
        order = orders.from_document(body.kind, body.payload)
    except BadMessage as error:
        raise Invalid(str(error)) from error
    if isinstance(order, AcknowledgeOrder):
        raise Invalid("kind: 'acknowledge' is not allowed; acknowledge the alarm itself")
    if states.needs_admin(order) and not principal.is_admin:
        raise Forbidden(f"role admin is needed for {order.kind}; this key is a {principal.role}'s")
    return order


def _check_power(order: Order, site: Site) -> None:
    if isinstance(order, SetpointOrder) and abs(order.power_kw) > site.power_kw:
        raise Refused(
            "POWER_MAX",
            f"power_kw: {order.power_kw:g} is not allowed;"
            f" {-site.power_kw:g} to {site.power_kw:g} is expected",
        )


async def _sites(
    connection: AsyncConnection, body: CommandBody, principal: Principal
) -> list[Site]:
    """Return the sites that the request names, each once.

    Raises:
        NotFound: one of them is not there, or not for this key to see; or none has the tags.
        Invalid: more than `SITES_MAX`.
    """
    found = {name: await fleet.visible_site(connection, name, principal) for name in body.sites}
    wanted = [body.tags] if body.tags else []
    if body.group is not None:
        wanted.append(dict((await groups.group(connection, body.group, principal)).tags))
    for tags in wanted:
        found |= {site.id: site for site in await groups.tagged(connection, principal, tags)}
    if not found:
        raise NotFound("no site has these tags")
    if len(found) > SITES_MAX:
        raise Invalid(f"tags: {len(found)} sites are too many; at most {SITES_MAX} are allowed")
    return list(found.values())


async def _visible(
    connection: AsyncConnection, principal: Principal, site: str | None
) -> list[str] | None:
    """Return the ids of the sites that are asked for; None: all there are."""
    if site is not None:
        return [(await fleet.visible_site(connection, site, principal)).id]
    if principal.is_admin:
        return None
    return [found.id for found in await fleet.visible_sites(connection, principal)]


async def _command(
    connection: AsyncConnection, command_id: str, principal: Principal
) -> CommandRow:
    row = await commands.command(connection, command_id)
    try:
        await fleet.visible_site(connection, row.site, principal)
    except NotFound as error:
        raise commands.unknown(command_id) from error
    return row


def _actor(principal: Principal, reason: str) -> Actor:
    return Actor(key_id=principal.key_id, account=principal.account, reason=reason)


def _wake(hub: Hub, site: str, *more: str) -> None:
    for topic in (*more, *service.topics(site)):
        hub.bus.wake(topic)
