"""What the fleet page is shown; sent by `cloud.web.live`.

sections    (powers in kW, + = discharge, instants µs; None: not known)
  me      {account, role, sites}: sites counts all that the account has
  fleet   {site/gateway: {id, name, power_kw, energy_kwh, points, gateway, seen_us, reported_us,
          report, gaps: {rows, n, unknown}, alarms: [alarms, warnings, unacknowledged],
          commands, tags}}: one line a box, and one for a site without one
  alarms  that last, those that nobody has seen first; see `cloud.web.fleet_rows`
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import service as fleet
from cloud.fleet.live import LIVE_TOPIC, LiveValues
from cloud.fleet.model import Newest, Site
from cloud.fleet.operation import service as operation
from cloud.fleet.operation.alarms import Filter, Phase
from cloud.fleet.operation.model import AlarmRow, FleetRow
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.web import fleet_rows, rows
from cloud.web.groups import Groups
from cloud.web.state import Watch

SITES_MAX = 1_000
"""Sites of one page, the first by id; ``me.sites`` says how many there are."""
LIVE_SITES_MAX = 200
"""Sites whose boxes are asked for live values; the others are shown as stored."""
ALARMS_MAX = 200
_TOPICS = {
    "list": frozenset[str](),
    "alarms": frozenset({operation.OPERATION_TOPIC}),
    "live": frozenset({LIVE_TOPIC}),
}
_AGE_S_MAX = {"list": 2.0, "alarms": 10.0, "live": 5.0}


@dataclass(slots=True)
class FleetDesk:
    """One fleet page's view of the hub."""

    hub: Hub
    principal: Principal
    topics: Sequence[str] = Groups(_TOPICS, _AGE_S_MAX).all_topics
    sections: dict[str, Any] = field(default_factory=dict)
    _groups: Groups = field(default_factory=lambda: Groups(_TOPICS, _AGE_S_MAX))
    _boxes: Sequence[FleetRow] = ()
    _sites: Mapping[str, Site] = field(default_factory=dict)
    _stored: Mapping[str, Sequence[Newest]] = field(default_factory=dict)

    async def refresh(self, watch: Watch, woken: set[str], now_s: float) -> None:
        """Read again what was woken or is too old; see `cloud.web.live.Desk`."""
        due = self._groups.due(woken, now_s)
        if due & {"list", "alarms"}:
            async with self.hub.database.reading() as connection:
                if "list" in due:
                    self.sections |= await self._list(connection)
                if "alarms" in due:
                    self.sections |= await self._alarms(connection)
        if "list" in due:
            self.sections["fleet"] = self._lines(self._boxes)
        if due & {"list", "live"}:
            self.sections["fleet"] = self.sections["fleet"] | self._lines(self._watched())

    async def _list(self, connection: AsyncConnection) -> rows.Row:
        who = self.principal
        sites = await fleet.visible_sites(connection, who)
        self._sites = {site.id: site for site in sites[:SITES_MAX]}
        found = await operation.fleet_rows(connection, who)
        self._boxes = [row for row in found if row.site in self._sites]
        self._stored = await fleet.newest_of_sites(connection, list(self._sites), rows.POINTS)
        return {"me": {"account": who.account, "role": who.role, "sites": len(sites)}}

    async def _alarms(self, connection: AsyncConnection) -> rows.Row:
        found: list[AlarmRow] = []
        for phase in (Phase.RAISED, Phase.ACKNOWLEDGED):
            wanted = Filter(sites=list(self._sites), phase=phase, limit=ALARMS_MAX)
            found += await operation.alarms(connection, wanted)
        return {"alarms": [fleet_rows.alarm(each) for each in found]}

    def _lines(self, boxes: Iterable[FleetRow]) -> rows.Row:
        """Return a line for each of the boxes, with the newer of stored and live values."""
        live = self.hub.service(LiveValues)
        lines = {}
        for box in boxes:
            newest = live.over(box.site, self._stored.get(box.site, ()))
            line = fleet_rows.box(box, self._sites[box.site], newest)
            lines[f"{box.site}/{box.gateway or ''}"] = line
        return lines

    def _watched(self) -> list[FleetRow]:
        """Return the boxes whose live values are shown, and go on watching them."""
        sites = list(self._sites)[:LIVE_SITES_MAX]
        live = self.hub.service(LiveValues)
        for site in sites:
            live.watch(site, rows.POINTS)
        watched = frozenset(sites)
        return [box for box in self._boxes if box.site in watched]
