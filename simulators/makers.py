"""Market makers of the simulated market: both sides of every delivery period, all day.

A maker goes round: one delivery period a turn. He looks at what he has sold and bought there, and
quotes so that others bring him back to nothing; he is full at some point, and then only empties
himself. Nothing that a restart could not find again is kept: he begins by taking back what an
earlier start has left.
"""

from simulators import prices
from simulators.desk import Desk, Period
from simulators.hub_client import HubUnreachable
from simulators.prices import Side

PERIOD_S = 2.0
FIRST_PERIOD_S = 0.25
"""Until every delivery period has been quoted once."""
_Place = tuple[str, int]


class Maker:
    """Quotes both sides of one delivery period after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[_Place, _Shown] | None = None
        self._turns = 0

    async def turn(self) -> float:
        desk = self._desk
        if self._open is None:
            await desk.withdraw_all()
            self._open = {}
        periods = await desk.periods()
        if not periods:
            return PERIOD_S
        places = {_place(period) for period in periods}
        self._open = {place: shown for place, shown in self._open.items() if place in places}
        try:
            await self._quote(periods[self._turns % len(periods)], self._open)
        except HubUnreachable:
            self._open = None  # what it has kept of us is taken back when it returns
            raise
        self._turns += 1
        return FIRST_PERIOD_S if self._turns < len(periods) else PERIOD_S

    async def _quote(self, period: Period, known: "dict[_Place, _Shown]") -> None:
        """Show new quotes; the older ones go first where the new ones could meet them."""
        desk = self._desk
        net_kw = await desk.net_kw(period)
        quotes = prices.quotes(
            desk.seed,
            period.start_us,
            desk.clock.now_us(),
            period.step_kw,
            net_kw=net_kw,
            maker=desk.number,
        )
        new, older = _Shown(), known.pop(_place(period), _Shown())
        for quote in quotes:
            new.widen(quote.side, quote.price_eur_mwh)
        known[_place(period)] = new
        if new.meets(older):
            await self._take_back(older)
        for quote in quotes:
            if answer := await desk.place(period, quote):
                new.order_ids.append(str(answer["order_id"]))
        await self._take_back(older)

    async def _take_back(self, shown: "_Shown") -> None:
        while shown.order_ids:
            await self._desk.withdraw(shown.order_ids.pop())


class _Shown:
    """What a maker has in one delivery period's book."""

    def __init__(self) -> None:
        self.order_ids: list[str] = []
        self.bid = float("-inf")
        self.ask = float("inf")

    def widen(self, side: Side, price_eur_mwh: float) -> None:
        if side is Side.BUY:
            self.bid = max(self.bid, price_eur_mwh)
        else:
            self.ask = min(self.ask, price_eur_mwh)

    def meets(self, other: "_Shown") -> bool:
        """Say whether the two would trade with each other."""
        return self.bid >= other.ask or other.bid >= self.ask


def _place(period: Period) -> _Place:
    return period.market, period.start_us
