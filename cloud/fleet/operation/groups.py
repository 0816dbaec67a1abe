"""Tags on sites, and groups: the sites with all of some tags, under a name."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store as fleet
from cloud.fleet.model import Site
from cloud.fleet.operation import tables
from cloud.fleet.operation.model import Group
from cloud.kernel.database import insert_or_ignore
from cloud.kernel.errors import NotFound, Refused
from cloud.kernel.keys import Principal
from wire import fields

TAGS_MAX = 20
"""Tags of one site, or of one group."""
GROUPS_MAX = 1_000
"""Of one account."""


async def tags(connection: AsyncConnection) -> dict[str, dict[str, str]]:
    """Return the tags of each site that has any."""
    query = select(tables.site_tag).order_by(tables.site_tag.c.name)
    found: dict[str, dict[str, str]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.site, {})[row.name] = row.value
    return found


async def tags_of(connection: AsyncConnection, site_id: str) -> dict[str, str]:
    c = tables.site_tag.c
    query = select(tables.site_tag).where(c.site == site_id).order_by(c.name)
    return {row.name: row.value for row in await connection.execute(query)}


async def set_tags(connection: AsyncConnection, site_id: str, wanted: Mapping[str, str]) -> None:
    """Give the site these tags and no others."""
    await connection.execute(delete(tables.site_tag).where(tables.site_tag.c.site == site_id))
    if wanted:
        rows = [{"site": site_id, "name": k, "value": v} for k, v in sorted(wanted.items())]
        await insert_or_ignore(connection, tables.site_tag, rows)


async def tagged(
    connection: AsyncConnection, principal: Principal, wanted: Mapping[str, str]
) -> Sequence[Site]:
    """Return the sites that `principal` sees and that have all of the tags."""
    known = await tags(connection)
    return [
        site
        for site in await fleet.sites(connection, None)
        if principal.sees(site.account) and wanted.items() <= known.get(site.id, {}).items()
    ]


async def add_group(connection: AsyncConnection, group: Group) -> None:
    """Create the group.

    Raises:
        Refused: GROUP_EXISTS, or GROUPS_MAX.
    """
    c = tables.site_group.c
    if await _find(connection, group.id) is not None:
        raise Refused("GROUP_EXISTS", f"group {group.id!r} is there already")
    query = select(func.count()).select_from(tables.site_group).where(c.account == group.account)
    if (await connection.scalar(query) or 0) >= GROUPS_MAX:
        raise Refused("GROUPS_MAX", f"at most {GROUPS_MAX} groups of an account are allowed")
    row = {
        "id": group.id,
        "account": group.account,
        "name": group.name,
        "tags": fields.compact(dict(group.tags)),
    }
    await insert_or_ignore(connection, tables.site_group, [row])


async def visible(connection: AsyncConnection, principal: Principal) -> Sequence[Group]:
    """Return the groups of the account; all of them for an admin."""
    rows = await connection.execute(select(tables.site_group).order_by(tables.site_group.c.id))
    return [group for row in rows if principal.sees((group := _group(row)).account)]


async def group(connection: AsyncConnection, group_id: str, principal: Principal) -> Group:
    """Return the group.

    Raises:
        NotFound: there is none of this id, or it is somebody else's.
    """
    found = await _find(connection, group_id)
    if found is None or not principal.sees(found.account):
        raise NotFound(f"group {group_id!r} is not known")
    return found


async def remove_group(connection: AsyncConnection, group_id: str) -> None:
    await connection.execute(delete(tables.site_group).where(tables.site_group.c.id == group_id))


async def _find(connection: AsyncConnection, group_id: str) -> Group | None:
    query = select(tables.site_group).where(tables.site_group.c.id == group_id)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _group(row)


def _group(row: Row[Any]) -> Group:
    return Group(id=row.id, account=row.account, name=row.name, tags=json.loads(row.tags))
