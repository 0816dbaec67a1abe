"""Everybody else in the simulated market: small orders of every kind, here and there.

Mostly they take what is there and never wait. Now and then one rests in the book, and is moved,
put to sleep, woken or taken back later. After news they trade more, and mostly the way the price
has gone.
"""

import random
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from simulators import news, prices
from simulators.desk import Desk, OrderGone, Period
from simulators.hub_client import HubUnreachable
from simulators.order_lines import Told
from simulators.prices import Quote, Side
from wire.clock import utc

PERIOD_S = (1.5, 4.0)
HURRY = 3.0
"""So many times as often they trade right after news."""
SIZE_KW = (5, 40)
STEPS_MAX = 3
"""Where a step is larger than those powers."""
REACH_EUR_MWH = 6.0
"""Who takes pays up to so much more than the price."""
WAIT_EUR_MWH = 3.0
"""Who waits wants up to so much better than the price."""
FULL_KW = 400
"""With so much of one delivery period they only trade back."""
FULL_STEPS = 10
RESTING_MAX = 12
"""Orders that wait; with more the oldest are taken back."""
BLOCK = 4
"""Delivery periods of a block, one after the other, of one delivery day."""
_ZONE = ZoneInfo("Europe/Vienna")
"""Delivery days of the areas that are traded here begin together."""
PEAKS = 4
"""An iceberg shows so small a part of itself."""
_KINDS = {"IOC": 62, "FOK": 8, "rest": 14, "AON": 5, "iceberg": 5, "sweep": 4, "block": 2}
"""How often of a hundred."""
_CHANGES = {"modify": 4, "hibernate": 1, "delete": 1}
_CHANGE_BELOW = 0.25
"""In so many turns a resting order is changed as well."""


class _Resting:
    """An order that waits, asleep or not."""

    def __init__(self, period: Period, side: Side, told: Told) -> None:
        self.period = period
        self.side = side
        self.take(told)

    def take(self, told: Told) -> None:
        """Remember what it is called now."""
        self.order_id = str(told["order_id"])
        self.revision = int(told["revision"])
        self.asleep = told["state"] == "HIBE"


class Crowd:
    """One account that stands for many."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._draw = random.Random(f"crowd {desk.seed} {desk.number}")
        self._resting: list[_Resting] | None = None

    async def turn(self) -> float:
        desk, draw = self._desk, self._draw
        if self._resting is None:
            await desk.withdraw_all()
            self._resting = []
        periods = await desk.periods()
        pause_s = draw.uniform(*PERIOD_S)
        if periods:
            try:
                await self._trade(periods, self._resting)
            except HubUnreachable:
                self._resting = None  # what it has kept of us is taken back when it returns
                raise
        excited = news.breaking(desk.seed, desk.clock.now_us())
        return pause_s / HURRY if excited else pause_s

    async def _trade(self, periods: Sequence[Period], resting: list[_Resting]) -> None:
        draw = self._draw
        kind = draw.choices(list(_KINDS), list(_KINDS.values()))[0]
        period = periods[min(int(draw.expovariate(0.5)), len(periods) - 1)]
        side = await self._side(period)
        quote = Quote(
            side,
            self._price_eur_mwh(period, side, waits=kind not in {"IOC", "FOK", "sweep"}),
            self._power_kw(period),
        )
        await self._enter(kind, period, quote, periods, resting)
        open_until = {each.start_us for each in periods}
        resting[:] = [one for one in resting if one.period.start_us in open_until]
        if resting and draw.random() < _CHANGE_BELOW:
            await self._change(draw.choice(resting), resting)
        while len(resting) > RESTING_MAX:
            await self._desk.withdraw(resting.pop(0).order_id)

    async def _enter(
        self,
        kind: str,
        period: Period,
        quote: Quote,
        periods: Sequence[Period],
        resting: list[_Resting],
    ) -> None:
        desk = self._desk
        told: Told | None
        match kind:
            case "IOC" | "FOK":
                told = await desk.place(period, quote, execution=kind)
            case "AON":
                told = await desk.place(period, quote, execution="AON")
            case "iceberg":
                whole = quote._replace(power_kw=PEAKS * quote.power_kw)
                told = await desk.place(period, whole, type="I", display_kw=quote.power_kw)
            case "sweep" | "block":
                execution = "IOC" if kind == "sweep" else "AON"
                block = block_of(period, periods)
                if block is None:
                    return
                told = await desk.place(block, quote, type="B", execution=execution)
            case _:
                told = await desk.place(period, quote)
        if told is not None and told["state"] != "IACT":
            resting.append(_Resting(period, quote.side, told))

    async def _change(self, one: _Resting, resting: list[_Resting]) -> None:
        """Do something with a resting order; one that is no longer there is forgotten."""
        try:
            told = await self._changed(one)
        except OrderGone:
            told = None
        if told is None or told["state"] == "IACT":
            resting.remove(one)
        else:
            one.take(told)

    async def _changed(self, one: _Resting) -> Told | None:
        """Wake, move or take back an order, or send it to sleep; None: it is there no more."""
        desk = self._desk
        change = self._draw.choices(list(_CHANGES), list(_CHANGES.values()))[0]
        if one.asleep:
            return await desk.switch(one.order_id, "activate", one.revision)
        if change == "modify":
            price = self._price_eur_mwh(one.period, one.side, waits=True)
            return await desk.modify(one.order_id, one.revision, limit_price_eur_mwh=price)
        if change == "hibernate":
            return await desk.switch(one.order_id, "hibernate", one.revision)
        await desk.withdraw(one.order_id)
        return None

    async def _side(self, period: Period) -> Side:
        desk = self._desk
        now_us = desk.clock.now_us()
        net_kw = await desk.net_kw(period)
        if abs(net_kw) >= max(FULL_KW, FULL_STEPS * period.step_kw):
            return Side.BUY if net_kw > 0 else Side.SELL
        buys = 0.5
        if news.breaking(desk.seed, now_us):
            buys = 0.8 if news.shift_eur_mwh(desk.seed, period.start_us, now_us) > 0.0 else 0.2
        return Side.BUY if self._draw.random() < buys else Side.SELL

    def _price_eur_mwh(self, period: Period, side: Side, *, waits: bool) -> float:
        reach = -WAIT_EUR_MWH if waits else REACH_EUR_MWH
        away = self._draw.uniform(0.0, reach) * (1.0 if side is Side.BUY else -1.0)
        return round(self._desk.told_eur_mwh(period) + away, 2)

    def _power_kw(self, period: Period) -> int:
        if period.step_kw > SIZE_KW[0]:
            return self._draw.randint(1, STEPS_MAX) * period.step_kw
        return prices.in_steps(self._draw.uniform(*SIZE_KW), period.step_kw)


def block_of(first: Period, periods: Sequence[Period]) -> Period | None:
    """Return the range that begins with a period, None where the day's open ones end before."""
    last = first
    for _ in range(BLOCK - 1):
        after = (p for p in periods if p.market == first.market and p.start_us == last.end_us)
        found = next(after, None)
        if found is None:
            return None
        last = found
    if _day(first) != _day(last):
        return None
    return first._replace(end_us=last.end_us)


def _day(period: Period) -> int:
    return utc(period.start_us).astimezone(_ZONE).toordinal()
