"""What the page of the auctions is shown; sent by `cloud.web.live`. The rest it asks of the API.

sections    (instants µs)
  me        {account, role}
  auctions  those that take orders, then those of the last days, newest first: [{code, area, day,
            stage, opens_us, gate_us, start_us, period_us, periods, published_us, ordered}];
            ordered counts the own submissions
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cloud.exchange.auction.service import Auctions, Shown
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.web.groups import Groups
from cloud.web.rows import Row
from cloud.web.state import Watch

DAYS = 7
_TOPICS: dict[str, frozenset[str]] = {"auctions": frozenset()}
_AGE_S_MAX = {"auctions": 0.9}


@dataclass(slots=True)
class AuctionDesk:
    """One auction page's view of the hub."""

    hub: Hub
    principal: Principal
    topics: Sequence[str] = ()
    sections: dict[str, Any] = field(default_factory=dict)
    _groups: Groups = field(default_factory=lambda: Groups(_TOPICS, _AGE_S_MAX))

    async def refresh(self, watch: Watch, woken: set[str], now_s: float) -> None:
        """Read again what is too old; see `cloud.web.live.Desk`."""
        if not self._groups.due(woken, now_s):
            return
        who = self.principal
        found = await self.hub.service(Auctions).listed(who.account, DAYS)
        self.sections["me"] = {"account": who.account, "role": who.role}
        self.sections["auctions"] = [_row(one) for one in found]


def _row(shown: Shown) -> Row:
    session = shown.session
    return {
        "code": session.code,
        "area": session.area,
        "day": session.day.isoformat(),
        "stage": shown.stage.value,
        "opens_us": session.opens_us,
        "gate_us": session.gate_us,
        "start_us": session.start_us,
        "period_us": session.period_us,
        "periods": session.terms.periods,
        "published_us": shown.published_us,
        "ordered": shown.ordered,
    }
