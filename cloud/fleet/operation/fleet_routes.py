"""The fleet's list, tags, groups and the audit log over HTTP."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.fleet import service as fleet
from cloud.fleet.operation import groups, service
from cloud.fleet.operation.fleet_views import (
    AuditsView,
    AuditView,
    FleetRowView,
    FleetView,
    GroupBody,
    GroupsView,
    GroupView,
    TagsBody,
    TagsView,
)
from cloud.fleet.operation.model import Group
from cloud.kernel import audit
from cloud.kernel.auth import Admin, Operator, Viewer
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, responses
from cloud.kernel.instants import iso
from cloud.kernel.keys import IDENTIFIER

TAGS_MAX = 20
_FOREVER = 2**62

router = APIRouter(prefix="/api/v1", tags=["fleet"])
SiteId = Annotated[str, Path(pattern=IDENTIFIER, description="the site's id")]
GroupId = Annotated[str, Path(pattern=IDENTIFIER, description="the group's id")]


@router.get("/fleet", summary="The fleet, a line for each box", responses=responses(401, 404, 422))
async def read_fleet(
    hub: HubHere,
    principal: Viewer,
    tag: Annotated[
        list[str] | None,
        Query(description="key:value; several: sites with all of them", max_length=TAGS_MAX),
    ] = None,
    group: Annotated[str | None, Query(pattern=IDENTIFIER, description="of this group")] = None,
) -> FleetView:
    """Return versions, last contact, backlog, gaps, clock, disk, alarms and tags."""
    wanted = _tags(tag or [])
    async with hub.database.reading() as connection:
        if group is not None:
            wanted |= (await groups.group(connection, group, principal)).tags
        rows = await service.fleet_rows(connection, principal)
    found = [row for row in rows if wanted.items() <= row.tags.items()]
    return FleetView(now=iso(hub.clock.now_us()), fleet=[FleetRowView.of(row) for row in found])


@router.get("/sites/{site}/tags", summary="Tags of a site", responses=responses(401, 404))
async def read_tags(site: SiteId, hub: HubHere, principal: Viewer) -> TagsView:
    async with hub.database.reading() as connection:
        await fleet.visible_site(connection, site, principal)
        found = await groups.tags_of(connection, site)
    return TagsView(site=site, tags=found)


@router.put(
    "/sites/{site}/tags", summary="Set the tags of a site", responses=responses(401, 403, 404, 422)
)
async def set_tags(site: SiteId, body: TagsBody, hub: HubHere, principal: Operator) -> TagsView:
    """The site has these tags then and no others."""
    async with hub.database.transaction() as connection:
        await fleet.visible_site(connection, site, principal)
        await groups.set_tags(connection, site, body.tags)
        said = ", ".join(f"{name}:{value}" for name, value in sorted(body.tags.items()))
        entry = audit.by(principal, "site.tags", f"site {site}", hub.clock.now_us(), site=site)
        await audit.record(connection, replace(entry, result=said))
    for topic in service.topics(site):
        hub.bus.wake(topic)
    return TagsView(site=site, tags=dict(sorted(body.tags.items())))


@router.get("/groups", summary="List groups", responses=responses(401))
async def list_groups(hub: HubHere, principal: Viewer) -> GroupsView:
    async with hub.database.reading() as connection:
        found = [
            GroupView.of(
                group, [s.id for s in await groups.tagged(connection, principal, group.tags)]
            )
            for group in await groups.visible(connection, principal)
        ]
    return GroupsView(groups=found)


@router.post(
    "/groups", status_code=201, summary="Create a group", responses=responses(401, 403, 409, 422)
)
async def create_group(body: GroupBody, hub: HubHere, principal: Operator) -> GroupView:
    """A group is a filter: a site that gets the tags later is in it from then on."""
    if not body.tags:
        raise Invalid("tags: at least one is expected")
    group = Group(id=body.id, account=principal.account, name=body.name or body.id, tags=body.tags)
    async with hub.database.transaction() as connection:
        await groups.add_group(connection, group)
        said = ", ".join(f"{name}:{value}" for name, value in sorted(body.tags.items()))
        entry = audit.by(principal, "group.create", f"group {group.id}", hub.clock.now_us())
        await audit.record(connection, replace(entry, result=said))
        sites = [s.id for s in await groups.tagged(connection, principal, group.tags)]
    return GroupView.of(group, sites)


@router.delete(
    "/groups/{group}",
    status_code=204,
    summary="Remove a group",
    responses=responses(401, 403, 404),
)
async def delete_group(group: GroupId, hub: HubHere, principal: Operator) -> None:
    """Its sites and their tags stay."""
    async with hub.database.transaction() as connection:
        found = await groups.group(connection, group, principal)
        await groups.remove_group(connection, found.id)
        entry = audit.by(principal, "group.remove", f"group {group}", hub.clock.now_us())
        await audit.record(connection, entry)


@router.get("/audit", summary="Who did what, and why", responses=responses(401, 403, 422))
async def read_audit(
    hub: HubHere,
    _admin: Admin,
    site: Annotated[str | None, Query(pattern=IDENTIFIER)] = None,
    key_id: Annotated[str | None, Query(max_length=40)] = None,
    action: Annotated[str | None, Query(max_length=60)] = None,
    before: Annotated[
        int | None, Query(ge=0, le=_FOREVER, description="older than this id")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=audit.LIMIT_MAX)] = 100,
) -> AuditsView:
    """Return the audit log, newest first; what is in it is never changed or deleted."""
    async with hub.database.reading() as connection:
        found = await audit.newest(
            connection, before=before, site=site, key_id=key_id, action=action, limit=limit
        )
    return AuditsView(audit=[AuditView.of(each) for each in found])


def _tags(texts: list[str]) -> dict[str, str]:
    """Return the tags in ``key:value`` texts.

    Raises:
        Invalid: one is none.
    """
    tags: dict[str, str] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        if not name or not colon:
            raise Invalid(f"tag: {text[:60]!r} is not allowed; key:value is expected")
        tags[name] = value
    return tags
