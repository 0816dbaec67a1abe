"""What the checks know of the batteries: from the fleet's sites and newest telemetry.

The newest state of charge counts, stored or live; of several devices of a site the first one's by
name, as the pages show it. Before an order the site that has to deliver is looked at again, so
that a decision is never older than what the hub knows. A value without a number, or one so old
that nobody may trade on it, is absent from the metrics, never 0.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from cloud.exchange.checks.battery import Battery
from cloud.exchange.checks.sites import Sites
from cloud.fleet import service as fleet
from cloud.fleet.live import LiveValues
from cloud.fleet.model import Newest, Site
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.kernel.metrics import gauge

SOC = "battery.soc_pct"
POINTS = {
    SOC: gauge("pho_soc_percent", "State of charge, %", ["site"]),
    "battery.temp_mean_c": gauge("pho_temp_celsius", "Battery temperature, °C", ["site"]),
    "ac.power_kw": gauge("pho_bess_power_mw", "Power, MW; discharge is positive", ["site"]),
}
"""What is read of a site, and the number that shows it; kW are shown as MW."""
_KW_PER_MW = 1_000
LOOK_S = 60.0
"""All sites are looked at this often, and when telemetry came."""
PAUSE_S = 10.0
"""Between two looks at all sites: a fleet uploads all the time, and `look_at` is never late."""

_logger = logging.getLogger(__name__)


class Batteries:
    """Sites by account, and what is told to the checks of each."""

    def __init__(self, hub: Hub, sites: Sites) -> None:
        self._hub = hub
        self._told = sites
        self._live = hub.service(LiveValues)
        self._sites: dict[str, Site] = {}
        self._by_account: dict[str, list[Site]] = {}
        self._sites_seen = -1
        self._heard: dict[str, int] = {}
        """Versions of the topics of the sites' telemetry that are told."""
        self._known: dict[str, Battery] = {}
        self._unfit: dict[str, str] = {}
        """Why a site cannot be traded for, as it was logged."""

    async def sites_of(self, account: str) -> Sequence[Site]:
        """Return the sites of an account, one that was made just now too."""
        if self._hub.bus.version(fleet.SITES_TOPIC) != self._sites_seen:
            await self._read_sites()
        return self._by_account.get(account, ())

    async def look_at(self, site: str) -> None:
        """Tell the newest of a site, if there is something newer."""
        if self._hub.bus.version(fleet.SITES_TOPIC) != self._sites_seen:
            await self._read_sites()
        version = self._hub.bus.version(fleet.telemetry_topic(site))
        if site in self._sites and self._heard.get(site) != version:
            async with self._hub.database.reading() as connection:
                stored = await fleet.newest_of_sites(connection, [site], POINTS)
            self._heard[site] = version
            self._tell(self._sites[site], stored.get(site, ()))

    async def look(self) -> None:
        """Tell the newest of all sites."""
        await self._read_sites()
        bus = self._hub.bus
        versions = {site: bus.version(fleet.telemetry_topic(site)) for site in self._sites}
        async with self._hub.database.reading() as connection:
            stored = await fleet.newest_of_sites(connection, None, POINTS)
        self._heard = versions
        for site in self._sites.values():
            self._tell(site, stored.get(site.id, ()))

    async def run(self) -> None:
        """Look at all sites whenever telemetry came, until cancelled or the hub stops."""
        bus = self._hub.bus
        while not bus.closed:
            seen = bus.version(fleet.TELEMETRY_TOPIC)
            with suppress(Unavailable):
                await self.look()
            await asyncio.sleep(PAUSE_S)
            await bus.wait(fleet.TELEMETRY_TOPIC, seen, LOOK_S)

    async def _read_sites(self) -> None:
        version = self._hub.bus.version(fleet.SITES_TOPIC)
        async with self._hub.database.reading() as connection:
            found = await fleet.sites(connection)
        self._sites = {site.id: site for site in found}
        self._by_account = {}
        for site in found:
            self._by_account.setdefault(site.account, []).append(site)
        self._sites_seen = version

    def _tell(self, site: Site, stored: Iterable[Newest]) -> None:
        newest = self._live.over(site.id, list(stored))
        points: dict[str, Newest] = {}
        for each in newest:
            points.setdefault(each.point, each)
        oldest_us = self._hub.clock.now_us() - 1_000_000 * self._hub.settings.soc_age_s
        _show(site.id, points, oldest_us)
        try:
            self._tell_checks(site, points.get(SOC))
        except ValueError as error:  # a site of no use must not stop the others' trading
            if self._unfit.get(site.id) != str(error):
                _logger.warning("nothing can be sold or bought for it: %s", error)
                self._unfit[site.id] = str(error)

    def _tell_checks(self, site: Site, soc: Newest | None) -> None:
        """Tell the checks what changed.

        Raises:
            ValueError: no battery is like this, or it is one too many.
        """
        battery = Battery(
            site=site.id,
            energy_kwh=site.energy_kwh,
            charge_kw_max=site.power_kw,
            discharge_kw_max=site.power_kw,
            soc_pct=None if soc is None else soc.value,
            soc_at_us=0 if soc is None else soc.at_us,
            age_s_max=self._hub.settings.soc_age_s,
        )
        if self._known.get(site.id) != battery:
            self._told.seen(battery)
            self._known[site.id] = battery


def _show(site: str, points: Mapping[str, Newest], oldest_us: int) -> None:
    for point, meter in POINTS.items():
        found = points.get(point)
        if found is None or found.value is None or found.at_us < oldest_us:
            with suppress(KeyError):
                meter.remove(site)
            continue
        meter.labels(site).set(found.value / (_KW_PER_MW if point.endswith("_kw") else 1))
