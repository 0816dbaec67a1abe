"""Newest values of many sites at once, for lists of sites."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import service
from cloud.fleet.model import Newest


async def newest_of_sites(
    connection: AsyncConnection, sites: Sequence[str], points: Collection[str]
) -> Mapping[str, Sequence[Newest]]:
    """Return the last that is known of these points of these sites."""
    return {
        site: [each for each in await service.newest(connection, site) if each.point in points]
        for site in sites
    }
