"""What the fleet does for the rest of the hub: sites, gateways, telemetry, schedules.

Every function works inside the caller's transaction, so that what belongs together is committed
together. Instants in µs UTC, signs as in `wire`.
"""

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store
from cloud.fleet.model import Gateway, History, Line, Newest, Site
from cloud.fleet.telemetry import chunks as telemetry
from cloud.fleet.telemetry import newest as newest_values
from cloud.fleet.telemetry.history import Question, collect
from cloud.kernel import events, keys
from cloud.kernel.errors import NotFound, Refused
from cloud.kernel.events import NewEvent
from cloud.kernel.keys import Principal
from wire.schedule import Schedule
from wire.sync import Severity

SITES_MAX = 10_000
GATEWAYS_MAX = 10_000
HISTORY_LIMIT_MAX = 50_000
"""Samples in one answer."""


def schedule_topic(site: str) -> str:
    """Return the bus topic that the publisher wakes after its commit; the long polls wait on it."""
    return f"schedule:{site}"


def telemetry_topic(site: str) -> str:
    """Return the bus topic that is woken when new samples or events of the site are committed."""
    return f"telemetry:{site}"


TELEMETRY_TOPIC = "telemetry"
"""Woken when anything new of any site is committed."""
SITES_TOPIC = "sites"
"""Woken when a site was created."""


async def add_site(connection: AsyncConnection, site: Site, now_us: int) -> None:
    """Create the site.

    Raises:
        NotFound: there is no such account.
        Refused: SITE_EXISTS, or SITES_MAX.
    """
    await keys.check_account(connection, site.account)
    if await store.site(connection, site.id) is not None:
        raise Refused("SITE_EXISTS", f"site {site.id!r} is there already")
    if await store.count(connection, "site") >= SITES_MAX:
        raise Refused("SITES_MAX", f"at most {SITES_MAX} sites are allowed")
    await store.add_site(connection, site, now_us)


async def sites(connection: AsyncConnection, account: str | None = None) -> Sequence[Site]:
    """Return all sites, or those of one account, sorted by id."""
    return await store.sites(connection, account)


async def site(connection: AsyncConnection, site_id: str) -> Site:
    """Return the site.

    Raises:
        NotFound: there is none of this id.
    """
    found = await store.site(connection, site_id)
    if found is None:
        raise NotFound(f"site {site_id!r} is not known")
    return found


async def visible_site(connection: AsyncConnection, site_id: str, principal: Principal) -> Site:
    """Return the site if `principal` may see it.

    Raises:
        NotFound: there is none, or it is somebody else's: the answers are the same.
    """
    found = await store.site(connection, site_id)
    if found is None or not principal.sees(found.account):
        raise NotFound(f"site {site_id!r} is not known")
    return found


async def visible_sites(connection: AsyncConnection, principal: Principal) -> Sequence[Site]:
    """Return the sites that `principal` may see."""
    return [s for s in await store.sites(connection, None) if principal.sees(s.account)]


async def add_gateway(
    connection: AsyncConnection, site_id: str, gateway_id: str | None, now_us: int
) -> Gateway:
    """Create a gateway and return it; it has no key yet.

    Raises:
        NotFound: there is no such site.
        Refused: GATEWAY_EXISTS, or GATEWAYS_MAX.
    """
    await site(connection, site_id)
    name = gateway_id or f"gw-{secrets.token_hex(4)}"
    if await store.gateway(connection, name) is not None:
        raise Refused("GATEWAY_EXISTS", f"gateway {name!r} is there already")
    if await store.count(connection, "gateway") >= GATEWAYS_MAX:
        raise Refused("GATEWAYS_MAX", f"at most {GATEWAYS_MAX} gateways are allowed")
    gateway = Gateway(
        id=name,
        site=site_id,
        created_us=now_us,
    )
    await store.add_gateway(connection, gateway)
    return gateway


async def gateways(connection: AsyncConnection) -> Sequence[Gateway]:
    """Return all gateways, revoked ones too."""
    return await store.gateways(connection)


async def revoke_gateway(connection: AsyncConnection, gateway_id: str, now_us: int) -> None:
    """End what the gateway may do, at once; its data stays. A second time changes nothing.

    Raises:
        NotFound: there is none of this id.
    """
    if await store.gateway(connection, gateway_id) is None:
        raise NotFound(f"gateway {gateway_id!r} is not known")
    await store.revoke_gateway(connection, gateway_id, now_us)


async def lines(connection: AsyncConnection, site_id: str) -> Sequence[Line]:
    """Return the upload streams of the site's gateways, the one that spoke last first."""
    return await telemetry.lines(connection, site_id)


async def last_uploads(connection: AsyncConnection) -> dict[str, int]:
    """Return when (µs) a gateway of each site last uploaded; sites that never did are left out."""
    return await telemetry.last_uploads(connection)


async def newest(connection: AsyncConnection, site_id: str) -> Sequence[Newest]:
    """Return the last that is known of each point of the site, by device and point."""
    return await newest_values.of_site(connection, site_id)


async def newest_of_sites(
    connection: AsyncConnection, site_ids: Collection[str] | None, points: Collection[str] | None
) -> Mapping[str, Sequence[Newest]]:
    """Return the last that is known of these points of these sites; None: of all.

    Sites of which nothing is known are left out.
    """
    return await newest_values.of_sites(connection, site_ids, points)


async def history(
    connection: AsyncConnection,
    site_id: str,
    points: Sequence[str],
    from_us: int,
    to_us: int,
    limit: int = HISTORY_LIMIT_MAX,
) -> History:
    """Return samples of ``[from_us, to_us)`` in the order of time, at most `limit` of them.

    Args:
        points: point names; none: all points of the site.
    """
    chunks = await telemetry.chunks(connection, site_id, from_us, to_us)
    question = Question(frozenset(points), from_us, to_us, min(limit, HISTORY_LIMIT_MAX))
    complete = len(chunks) < telemetry.CHUNKS_MAX
    return await asyncio.to_thread(collect, chunks, question, complete=complete)


async def publish_schedule(connection: AsyncConnection, schedule: Schedule) -> None:
    """Make `schedule` the newest of its site; wake `schedule_topic` after the commit.

    Raises:
        NotFound: there is no such site.
        Refused: SCHEDULE_VERSION, if it is not above the newest version.
    """
    owner = await site(connection, schedule.site)
    last = await store.newest_schedule(connection, schedule.site)
    if last is not None and schedule.version <= last.version:
        raise Refused(
            "SCHEDULE_VERSION",
            f"version: {schedule.version} is not allowed; more than {last.version} is expected",
        )
    await store.add_schedule(connection, schedule)
    await events.append(
        connection,
        NewEvent(
            at_us=schedule.issued_us,
            code="SCHEDULE_PUBLISHED",
            severity=Severity.INFO,
            source="planning",
            text=f"schedule {schedule.version} with {len(schedule.slots)} slots",
            account=owner.account,
            site=owner.id,
        ),
    )


async def newest_schedule(connection: AsyncConnection, site_id: str) -> Schedule | None:
    """Return what the site has to execute; None before anything was published."""
    return await store.newest_schedule(connection, site_id)
