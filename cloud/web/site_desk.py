"""What the page of one site is shown; sent by `cloud.web.live`.

sections    (powers in kW, + = discharge, instants µs; None: not known)
  me         {account, role}
  site       {id, name, power_kw, energy_kwh, tags}
  boxes      [as in the fleet list]: the site's boxes
  values     {device|point: {device, point, value, quality, at_us, sampled_us}}
  schedule   {version, issued_us, slots: [[start_us, end_us, power_kw]…]}, or None
  alarms     newest first, those that are over too
  commands   newest first
  gaps       the ledger, newest loss first
  gap_total  {rows, n, unknown}: of the whole ledger
  forecast   {issued_us, load, pv: {days, mae_kw, rmae, coverage80} or None}, or None: when load and
             sun were last told, and how good that was; the forecast itself is asked of the API
  events     newest first: [{id, at_us, site, code, severity, source, text}]
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import service as fleet
from cloud.fleet.live import LiveValues, live_topic
from cloud.fleet.model import Newest, Site
from cloud.fleet.operation import service as operation
from cloud.fleet.operation.alarms import Filter as AlarmFilter
from cloud.fleet.operation.commands import Filter as CommandFilter
from cloud.forecast.site import service as forecast
from cloud.kernel import events
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.web import fleet_rows, rows
from cloud.web.groups import Groups
from cloud.web.state import Watch

ALARMS_MAX = 100
COMMANDS_MAX = 50
GAPS_MAX = 200
EVENTS_MAX = 100
_AGE_S_MAX = {"values": 5.0, "live": 5.0, "operation": 5.0, "plan": 5.0, "forecast": 60.0}


@dataclass(slots=True)
class SiteDesk:
    """One site page's view of the hub."""

    hub: Hub
    principal: Principal
    site: str
    sections: dict[str, Any] = field(default_factory=dict)
    topics: Sequence[str] = field(init=False)
    _groups: Groups = field(init=False)
    _stored: Sequence[Newest] = ()

    def __post_init__(self) -> None:
        self._groups = Groups(
            {
                "values": frozenset({fleet.telemetry_topic(self.site)}),
                "live": frozenset({live_topic(self.site)}),
                "operation": frozenset({operation.operation_topic(self.site)}),
                "plan": frozenset({fleet.schedule_topic(self.site)}),
                "forecast": frozenset({forecast.site_topic(self.site)}),
            },
            _AGE_S_MAX,
        )
        self.topics = self._groups.all_topics

    async def refresh(self, watch: Watch, woken: set[str], now_s: float) -> None:
        """Read again what was woken or is too old; see `cloud.web.live.Desk`."""
        due = self._groups.due(woken, now_s)
        if due - {"live"}:
            async with self.hub.database.reading() as connection:
                site = await fleet.visible_site(connection, self.site, self.principal)
                if "values" in due:
                    self._stored = await fleet.newest(connection, site.id)
                    self.sections |= await self._events(connection)
                if "operation" in due:
                    self.sections |= await self._operation(connection, site)
                if "plan" in due:
                    self.sections |= await self._plan(connection)
                if "forecast" in due:
                    self.sections |= await self._forecast(connection)
        if due & {"values", "live"}:
            self.sections |= self._values()

    def _values(self) -> rows.Row:
        """Return the newer of stored and live values, and go on watching all of them."""
        live = self.hub.service(LiveValues)
        live.watch(self.site)
        found = live.over(self.site, self._stored)
        return {"values": {f"{each.device}|{each.point}": fleet_rows.value(each) for each in found}}

    async def _events(self, connection: AsyncConnection) -> rows.Row:
        found = await events.newest(connection, site=self.site, limit=EVENTS_MAX)
        return {"events": [rows.event(each) | {"source": each.source} for each in found]}

    async def _operation(self, connection: AsyncConnection, site: Site) -> rows.Row:
        boxes = await operation.fleet_rows(connection, self.principal, site.id)
        alarms = AlarmFilter(sites=[site.id], limit=ALARMS_MAX)
        commands = CommandFilter(sites=[site.id], limit=COMMANDS_MAX)
        gaps = (await operation.gaps_of_site(connection, site.id))[:GAPS_MAX]
        who = self.principal
        return {
            "me": {"account": who.account, "role": who.role},
            "site": rows.site(site, ()) | {"tags": dict(boxes[0].tags) if boxes else {}},
            "boxes": [fleet_rows.box(each, site, ()) for each in boxes],
            "alarms": [
                fleet_rows.alarm(each) for each in await operation.alarms(connection, alarms)
            ],
            "commands": [
                fleet_rows.command(each) for each in await operation.commands(connection, commands)
            ],
            "gaps": [fleet_rows.gap(each) for each in gaps],
            "gap_total": fleet_rows.gap_total(await operation.gap_total(connection, site.id)),
        }

    async def _plan(self, connection: AsyncConnection) -> rows.Row:
        found = await fleet.newest_schedule(connection, self.site)
        return {"schedule": None if found is None else rows.schedule(found)}

    async def _forecast(self, connection: AsyncConnection) -> rows.Row:
        found = await forecast.standing(connection, self.site, self.hub.clock.now_us())
        if found is None:
            return {"forecast": None}
        quality = {kind: asdict(one) for kind, one in found.quality.items()}
        none: rows.Row = {"load": None, "pv": None}
        return {"forecast": {"issued_us": found.issued_us, **none, **quality}}
