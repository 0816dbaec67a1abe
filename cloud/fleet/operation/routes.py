"""Commands over HTTP; alarms, gap ledgers and the fleet beside them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import service as fleet
from cloud.fleet.model import Site
from cloud.fleet.operation import (
    alarm_routes,
    bundles,
    commands,
    fleet_routes,
    groups,
    paging,
    requests,
    service,
    states,
)
from cloud.fleet.operation.asking import Before, OfSite, actor_of, visible, wake
from cloud.fleet.operation.model import CommandRow, Standing, Wish
from cloud.fleet.operation.requests import Request
from cloud.fleet.operation.views import (
    LINE,
    SITES_MAX,
    CommandAnswer,
    CommandBody,
    CommandsAnswer,
    CommandsView,
    CommandView,
)
from cloud.kernel.auth import Admin, Operator, Principal, Viewer
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Forbidden, Invalid, NotFound, Refused, responses
from wire import order as orders
from wire.clock import micros
from wire.fields import TEXT_MAX, BadMessage
from wire.order import AcknowledgeOrder, Order, SetpointOrder

router = APIRouter(prefix="/api/v1", tags=["fleet"])
router.routes.extend(alarm_routes.router.routes)
router.routes.extend(fleet_routes.router.routes)
CommandId = Annotated[str, Path(max_length=40, description="the command's id")]


@router.post(
    "/commands",
    status_code=201,
    summary="Ask boxes for something",
    responses=responses(401, 403, 404, 409, 422, 429),
)
async def create_commands(body: CommandBody, hub: HubHere, principal: Operator) -> CommandsAnswer:
    """Issue a command to the box of each site that is named by id, by tags or by a group.

    The answer says for each site which command it got, or why it got none: one that is refused
    does not stop the others. A box fetches a command within a second if it is connected, executes
    it once, and says what became of it. `configuration`, `software` and `rotate_key` need an
    admin's key.
    """
    order = _order(body, principal)
    now_us = hub.clock.now_us()
    request = _request(body, principal)
    async with hub.database.transaction() as connection:
        if request is not None:
            before = await requests.first_answer(connection, request, now_us)
            if before is not None:
                return CommandsAnswer.model_validate_json(before)
        answer = await _issue(connection, body, order, principal, now_us)
        if request is not None:
            await requests.keep(connection, request, answer.model_dump_json())
    for each in answer.commands:
        if each.id is not None:
            wake(hub, each.site, service.command_topic(each.site))
    return answer


@router.get("/commands", summary="List commands", responses=responses(401, 404, 422))
async def list_commands(
    hub: HubHere,
    principal: Viewer,
    site: OfSite = None,
    kind: Annotated[str | None, Query(max_length=20)] = None,
    state: Annotated[Standing | None, Query()] = None,
    only_open: Annotated[bool, Query(alias="open", description="not at their end")] = False,
    before: Before = "",
    limit: Annotated[int, Query(ge=1, le=commands.LIST_MAX)] = 100,
) -> CommandsView:
    """Return the commands of the sites that the key may see, newest first."""
    async with hub.database.reading() as connection:
        wanted = commands.Filter(
            sites=await visible(connection, principal, site),
            kind=kind,
            standing=state,
            only_open=only_open,
            before=None if not before else paging.command_place(before),
            limit=limit,
        )
        found = await service.commands(connection, wanted)
    more = len(found) == limit
    return CommandsView(
        commands=[CommandView.of(row) for row in found],
        next=paging.command_text(found[-1]) if more else None,
    )


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
        actor = actor_of(principal, reason)
        row = await service.cancel(connection, command, actor, hub.clock.now_us())
    wake(hub, row.site)
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


def _order(body: CommandBody, principal: Principal) -> Order:
    try:
        order = orders.from_document(body.kind, body.payload)
    except BadMessage as error:
        raise Invalid(str(error)) from error
    if isinstance(order, AcknowledgeOrder):
        raise Invalid("kind: 'acknowledge' is not allowed; acknowledge the alarm itself")
    if states.needs_admin(order) and not principal.is_admin:
        raise Forbidden(
            f"role admin is needed for {order.kind}; the role of this key is {principal.role}"
        )
    return order


def _request(body: CommandBody, principal: Principal) -> Request | None:
    """Return what the request is known by; None: its sender gave it no id."""
    if body.client_command_id is None:
        return None
    asked = body.model_dump(mode="json", exclude={"client_command_id"})
    return Request(principal.key_id, body.client_command_id, requests.hash_of(asked))


async def _issue(
    connection: AsyncConnection, body: CommandBody, order: Order, principal: Principal, now_us: int
) -> CommandsAnswer:
    wish = Wish(
        order=order,
        actor=actor_of(principal, body.reason),
        expires_us=None if body.expires_at is None else micros(body.expires_at),
        priority=body.priority,
    )
    states.leased(wish, "", now_us)
    answers: list[CommandAnswer] = []
    for site in await _sites(connection, body, principal):
        try:
            _check_power(order, site)
            row = await service.issue_for_site(connection, site.id, wish, now_us)
            answers.append(CommandAnswer.issued(row))
        except Refused as error:
            answers.append(CommandAnswer.refused(site.id, error))
    return CommandsAnswer(commands=answers)


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
    # In one order for everybody, so that two requests never wait for each other's boxes.
    return [found[name] for name in sorted(found)]


async def _command(
    connection: AsyncConnection, command_id: str, principal: Principal
) -> CommandRow:
    row = await commands.command(connection, command_id)
    try:
        await fleet.visible_site(connection, row.site, principal)
    except NotFound as error:
        raise commands.unknown(command_id) from error
    return row
