"""Newest values of many sites at once, for lists of sites."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Newest
from cloud.fleet.telemetry import newest


async def newest_of_sites(
    connection: AsyncConnection, sites: Collection[str], points: Collection[str]
) -> Mapping[str, Sequence[Newest]]:
    """Return the last that is known of these points; sites of which nothing is are left out."""
    return await newest.of_sites(connection, sites, points)
