"""Market makers of the simulated market: both sides of every delivery period, all day.

A maker goes round: one delivery period a turn. He looks at what he has sold and bought there, and
quotes so that others bring him back to nothing; he is full at some point, and then only empties
himself. His orders stay and move with the price. Nothing that a restart could not find again is
kept: he begins by taking back what an earlier start has left.
"""

from dataclasses import dataclass

from simulators import prices
from simulators.desk import Desk, OrderGone, Period
from simulators.hub_client import HubUnreachable
from simulators.order_lines import Told
from simulators.prices import Quote, Side

PERIOD_S = 2.0
ROUND_S = 32.0
"""Where there are many delivery periods, they are gone through faster: prices do not wait."""
FIRST_PERIOD_S = 0.25
"""Until every delivery period has been quoted once."""
ENOUGH = 0.5
"""An order of which less than this part is left is renewed."""
PEAKS = 4
"""The outermost quote of every other maker is an iceberg of so many peaks."""
_Place = tuple[str, int]
_Slot = tuple[Side, int]
"""A side and a level, 0 the best."""


@dataclass(slots=True)
class _Shown:
    """One quote as it lies in the book."""

    order_id: str
    revision: int
    price_eur_mwh: float
    left_mwh: float
    enough_mwh: float


class Maker:
    """Quotes both sides of one delivery period after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._books: dict[_Place, dict[_Slot, _Shown]] | None = None
        self._turns = 0

    async def turn(self) -> float:
        desk = self._desk
        if self._books is None:
            await desk.withdraw_all()
            self._books = {}
        periods = await desk.periods()
        if not periods:
            return PERIOD_S
        places = {(period.market, period.start_us) for period in periods}
        for gone in self._books.keys() - places:
            del self._books[gone]
        period = periods[self._turns % len(periods)]
        try:
            await self._quote(period, self._books.setdefault((period.market, period.start_us), {}))
        except HubUnreachable:
            self._books = None  # what it has kept of us is taken back when it returns
            raise
        self._turns += 1
        if self._turns < len(periods):
            return FIRST_PERIOD_S
        return min(PERIOD_S, ROUND_S / len(periods))

    async def _quote(self, period: Period, book: dict[_Slot, _Shown]) -> None:
        """Bring a book to what shall be quoted now, that side first which moves away."""
        desk = self._desk
        wanted: dict[_Slot, Quote] = {}
        for quote in prices.quotes(
            desk.seed,
            period.start_us,
            desk.clock.now_us(),
            period.step_kw,
            net_kw=await desk.net_kw(period),
            maker=desk.number,
        ):
            level = sum(side is quote.side for side, _ in wanted)
            wanted[quote.side, level] = quote
        rises = _rises(wanted, book)
        for slot in sorted(wanted.keys() | book.keys(), key=lambda s: (s[0] is Side.BUY) == rises):
            await self._bring(period, book, slot, wanted.get(slot))

    async def _bring(
        self, period: Period, book: dict[_Slot, _Shown], slot: _Slot, quote: Quote | None
    ) -> None:
        desk, shown = self._desk, book.pop(slot, None)
        if shown is not None and quote is not None and shown.left_mwh >= shown.enough_mwh:
            if shown.price_eur_mwh == quote.price_eur_mwh:
                book[slot] = shown
                return
            try:
                told = await desk.modify(
                    shown.order_id, shown.revision, limit_price_eur_mwh=quote.price_eur_mwh
                )
            except OrderGone:
                told = shown = None
            if shown is not None and told is not None:
                _show(book, slot, told, quote, shown.enough_mwh)
                return
        if shown is not None:
            await desk.withdraw(shown.order_id)
        if quote is not None:
            told = await desk.place(period, quote, **self._iceberg(slot, quote))
            if told is not None:
                _show(book, slot, told, quote, ENOUGH * float(told["left_mwh"]))

    def _iceberg(self, slot: _Slot, quote: Quote) -> dict[str, object]:
        if slot[1] < prices.LEVELS - 1 or self._desk.number % 2 == 0:
            return {}
        return {
            "type": "I",
            "power_kw": PEAKS * quote.power_kw,
            "display_kw": quote.power_kw,
        }


def _show(
    book: dict[_Slot, _Shown], slot: _Slot, told: Told, quote: Quote, enough_mwh: float
) -> None:
    """Remember a quote that lies in the book now."""
    if told["state"] == "ACTI":
        book[slot] = _Shown(
            str(told["order_id"]),
            int(told["revision"]),
            quote.price_eur_mwh,
            float(told["left_mwh"]),
            enough_mwh,
        )


def _rises(wanted: dict[_Slot, Quote], book: dict[_Slot, _Shown]) -> bool:
    """Say whether prices go up: then the asks have to make room before the bids move."""
    moves = (
        wanted[slot].price_eur_mwh - shown.price_eur_mwh
        for slot, shown in book.items()
        if slot in wanted
    )
    return next(moves, 0.0) > 0.0
