"""Orders at rest must not trade for a battery of which nobody knows any more how full it is.

New orders of a site are refused once its state of charge is older than `soc_age_s`. When it has
been so for `silent_site_s` more, the site's active orders hibernate: once a silence, by a command
of ``system`` in the journal with the reason ``SITE_SILENT``, on the way of a used-up quota.
Nothing wakes them but their owner, when telemetry is back. What he may enter or wake meanwhile
(only what makes smaller what the site owes) is left alone; a hub that starts anew knows of no
silence and begins with the stored state of charge, so it looks at all active orders once more.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from cloud.exchange.checks.battery import Battery
from cloud.exchange.checks.sites import Sites
from cloud.exchange.matching.order import Owner
from cloud.exchange.read.order_facts import SITE_SILENT
from cloud.exchange.suspension import Ask, hibernate
from cloud.kernel.errors import Unavailable
from cloud.kernel.metrics import counter
from wire.clock import Clock

LOOK_S = 10.0

_ORDERS = counter(
    "pho_silenced_orders_total", "Orders put to sleep because their site is silent", ["site"]
)
_logger = logging.getLogger(__name__)


class Silences:
    """Looks at what the checks know of each battery: the same that refuses new orders."""

    def __init__(
        self,
        sites: Sites,
        owners: Sequence[Owner],
        clock: Clock,
        ask: Ask,
        look_at: Callable[[str], Awaitable[None]],
        silent_s: int,
    ) -> None:
        """Hibernate by `ask` what has been too old for `silent_s`; 0: never.

        `owners` are the venue's own, by number; `look_at` reads once more what is known of a site.
        """
        self._sites = sites
        self._owners = owners
        self._clock = clock
        self._ask = ask
        self._look_at = look_at
        self._silent_s = silent_s
        self._known_us: dict[str, int] = {}
        """When the state of charge of a site was last known; of one never known, the first look."""
        self._silent: set[str] = set()
        """Sites whose orders were put to sleep in this silence."""

    async def run(self) -> None:
        """Follow the clock until cancelled."""
        while self._silent_s:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Hibernate the orders of sites that have fallen silent, each site once a silence."""
        for battery in list(self._sites.batteries()):
            if not self._is_silent(battery):
                if battery.site in self._silent:
                    self._silent.remove(battery.site)
                    _logger.info("site %s is heard again; its owner wakes orders", battery.site)
            elif battery.site not in self._silent:
                await self._begin(battery.site)

    async def _begin(self, site: str) -> None:
        with suppress(Unavailable):  # then what the checks know counts, as it does for an order
            await self._look_at(site)
        cell = self._sites.known(site)
        if cell is None or cell.battery is None or not self._is_silent(cell.battery):
            return
        accounts = sorted({owner.account for owner in self._owners if owner.site == site})
        slept = [await hibernate(self._ask, account, SITE_SILENT, site) for account in accounts]
        count = sum(each or 0 for each in slept)
        if count:
            _ORDERS.labels(site).inc(count)
            _logger.warning("site %s is silent: %d orders hibernate", site, count)
        if None not in slept:  # else the next look asks again
            self._silent.add(site)

    def _is_silent(self, battery: Battery) -> bool:
        now_us, site = self._clock.now_us(), battery.site
        known_us = self._known_us.get(site)
        is_known = battery.is_fresh(battery.soc_at_us)  # a number from 0 to 100
        if is_known and (battery.soc_at_us <= now_us or battery.is_fresh(now_us)):
            known_us = max(battery.soc_at_us, known_us or 0)
        # A clock that was set back begins anew: no time has passed that it knows of.
        known_us = self._known_us[site] = min(now_us if known_us is None else known_us, now_us)
        return now_us - known_us > (battery.age_s_max + self._silent_s) * 1_000_000
