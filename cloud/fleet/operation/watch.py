"""What the hub notices by itself: boxes that fall silent, commands that nobody fetched.

Work at its own beat, not inside what arrives. Everything is found by a reading first and decided
again under the lock of the gateway's row, so two hubs on one database do it once.
"""

import asyncio
import logging
from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import store as fleet
from cloud.fleet.operation import (
    alarms,
    bundles,
    commands,
    conditions,
    gaps,
    reports,
    requests,
    service,
)
from cloud.kernel import metrics
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable

BEAT_S = 10.0
TIDY_BEATS = 360
"""What is too old or too much goes every so many beats: once an hour."""

_silent = metrics.gauge("phoenyra_hub_gateways_silent", "gateways without an upload or a report")
_lasting = metrics.gauge("phoenyra_hub_alarms", "alarms that last", ["severity"])
_open = metrics.gauge("phoenyra_hub_commands_open", "commands that are not at their end")

_logger = logging.getLogger(__name__)


async def run(hub: Hub) -> None:
    """Look at the fleet every `BEAT_S` until cancelled."""
    since_us = hub.clock.now_us()
    beat = 0
    while True:
        try:
            await look(hub, since_us)
            if beat % TIDY_BEATS == 0:
                await tidy(hub)
        except Unavailable as error:
            _logger.warning("the fleet could not be looked at: %s", error)
        beat += 1
        await asyncio.sleep(BEAT_S)


async def look(hub: Hub, since_us: int) -> None:
    """End what is overdue; raise and clear the hub's own alarms.

    Args:
        since_us: when this hub began to listen: nobody was silent before.
    """
    now_us = hub.clock.now_us()
    async with hub.database.reading() as connection:
        late = await commands.overdue(connection, now_us)
        doubtful = await _doubtful(connection, since_us, now_us)
    for command_id in late:
        async with hub.database.transaction() as connection:
            ended = await commands.end_overdue(connection, command_id, now_us)
        if ended is not None:
            _wake(hub, [ended.site])
    for gateway_id in doubtful:
        await _decide(hub, gateway_id, since_us, now_us)
    async with hub.database.transaction() as connection:
        await alarms.end_of_revoked(connection, now_us)
    await _count(hub)


async def tidy(hub: Hub) -> None:
    """Forget what is beyond the limits of each table."""
    await bundles.forget_old(hub)
    async with hub.database.transaction() as connection:
        await requests.forget_old(connection, hub.clock.now_us())
    async with hub.database.reading() as connection:
        gateways = await fleet.gateways(connection)
    for gateway in gateways:
        async with hub.database.transaction() as connection:
            await alarms.trim(connection, gateway.id)
            await gaps.trim(connection, gateway.id)
            await commands.trim(connection, gateway.id)


async def _doubtful(connection: AsyncConnection, since_us: int, now_us: int) -> Collection[str]:
    """Return the gateways for which something has to be raised or cleared."""
    codes = await alarms.hub_codes(connection)
    seen = await reports.last_seen_of_all(connection)
    held = await reports.quarantined(connection)
    silent = {
        gateway
        for gateway, at_us in seen.items()
        if now_us - max(at_us, since_us) >= conditions.SILENT_US
    }
    raised = {gateway for gateway, found in codes.items() if "GATEWAY_SILENT" in found}
    unsaid = {gateway for gateway in held if "QUARANTINE" not in codes.get(gateway, ())}
    revoked = {g.id for g in await fleet.gateways(connection) if g.revoked_us is not None}
    return sorted(((silent ^ raised) | unsaid) - revoked)


async def _decide(hub: Hub, gateway_id: str, since_us: int, now_us: int) -> None:
    async with hub.database.transaction() as connection:
        gateway = await fleet.gateway(connection, gateway_id, lock=True)
        if gateway is None or gateway.revoked_us is not None:
            return
        known = await reports.known(connection, gateway_id)
        found = conditions.findings(known, since_us, now_us)
        changed = await alarms.reconcile(connection, gateway, found, now_us)
    if changed:
        _wake(hub, [gateway.site])


async def _count(hub: Hub) -> None:
    async with hub.database.reading() as connection:
        counted = (await alarms.counts(connection)).values()
        codes = await alarms.hub_codes(connection)
        waiting = await commands.open_counts(connection)
    _silent.set(sum("GATEWAY_SILENT" in found for found in codes.values()))
    _lasting.labels("alarm").set(sum(count.alarms for count in counted))
    _lasting.labels("warning").set(sum(count.warnings for count in counted))
    _open.set(sum(waiting.values()))


def _wake(hub: Hub, sites: Collection[str]) -> None:
    for topic in {topic for site in sites for topic in service.topics(site)}:
        hub.bus.wake(topic)
