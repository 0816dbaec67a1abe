"""What the page of the market data is told; sent by `cloud.web.live`. The rest it asks of the API.

sections
  me    {account, role}
  news  rises whenever something new was kept, or decided on: then the page asks anew
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.market.feeds.running import TOPIC as KEPT
from cloud.market.series.quarantine import TOPIC as DECIDED
from cloud.web.state import Watch


@dataclass(slots=True)
class MarketDesk:
    """One such page's view of the hub."""

    hub: Hub
    principal: Principal
    topics: Sequence[str] = (KEPT, DECIDED)
    sections: dict[str, Any] = field(default_factory=dict)

    async def refresh(self, watch: Watch, woken: set[str], now_s: float) -> None:
        """Say whether there is news; see `cloud.web.live.Desk`."""
        self.sections["me"] = {"account": self.principal.account, "role": self.principal.role}
        self.sections["news"] = sum(self.hub.bus.version(topic) for topic in self.topics)
