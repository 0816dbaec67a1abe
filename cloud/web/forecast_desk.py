"""What the page of the forecasts is shown; sent by `cloud.web.live`. The rest it asks of the API.

sections
  me         {account, role}
  outlook    [{area, scheduled, prices, next_us: {dayahead, intraday}, sources: [{source, kind,
             detail, answered_us, error, next_us, done, total}…]}…]: why there is no forecast yet,
             see `cloud.forecast.service.outlook`
  backtests  the reports in the hub's folder, the newest first: see `cloud.web.backtests`
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cloud.forecast.service.outlook import outlooks
from cloud.forecast.service.scheduler import areas_of
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.web import backtests
from cloud.web.groups import Groups
from cloud.web.state import Watch

_TOPICS: dict[str, frozenset[str]] = {"backtests": frozenset(), "outlook": frozenset()}
_AGE_S_MAX = {"backtests": 30.0, "outlook": 3.0}


@dataclass(slots=True)
class ForecastDesk:
    """One forecast page's view of the hub."""

    hub: Hub
    principal: Principal
    topics: Sequence[str] = ()
    sections: dict[str, Any] = field(default_factory=dict)
    _groups: Groups = field(default_factory=lambda: Groups(_TOPICS, _AGE_S_MAX))

    async def refresh(self, watch: Watch, woken: set[str], now_s: float) -> None:
        """Read again what is too old; see `cloud.web.live.Desk`."""
        due = self._groups.due(woken, now_s)
        if not due:
            return
        self.sections["me"] = {"account": self.principal.account, "role": self.principal.role}
        if "outlook" in due:
            areas = await asyncio.to_thread(areas_of, self.hub)
            self.sections["outlook"] = [asdict(one) for one in await outlooks(self.hub, areas)]
        if "backtests" in due:
            folder = self.hub.settings.data_dir
            self.sections["backtests"] = await asyncio.to_thread(backtests.listed, folder)
