"""What is shown of a contract and of a market at one instant. Pure."""

from typing import NamedTuple

from cloud.exchange.facts import Listed
from cloud.exchange.matching.codes import Side
from cloud.exchange.prices.candles import Candle, candles
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.depth import Level
from cloud.exchange.prices.mark import UNKNOWN, Mark, mark
from cloud.exchange.prices.rules import MINUTE_US
from cloud.exchange.prices.session import Statistics
from cloud.exchange.prices.tape import PublicTrade


class View(NamedTuple):
    """One contract as the public sees it."""

    listed: Listed
    sequence: int
    """Of the last delta that is in it."""
    bids: tuple[Level, ...]
    """Best first, at most `Rules.depth_levels`, as the asks."""
    asks: tuple[Level, ...]
    statistics: Statistics
    mark: Mark


class Quote(NamedTuple):
    """The averages of one market in ticks; None where nothing is known, never 0."""

    market: str
    mark: Mark
    ema_ticks: float | None
    vwap_ticks: int | None
    """Of the current session: the local day of the market's area."""
    last: PublicTrade | None


def view(data: MarketData, contract: int, at_us: int) -> View | None:
    """Return a contract at this instant; None: it is not known, or forgotten."""
    session = data.board.sessions.get(contract)
    if session is None:
        return None
    depth = data.depth(contract)
    return View(
        listed=session.listed,
        sequence=depth.sequence,
        bids=depth.best(Side.BUY, data.rules.depth_levels),
        asks=depth.best(Side.SELL, data.rules.depth_levels),
        statistics=session.statistics(),
        mark=contract_mark(data, contract, at_us),
    )


def contract_mark(data: MarketData, contract: int, at_us: int) -> Mark:
    """Return the mark of a contract at this instant (see `mark.mark`)."""
    session = data.board.sessions[contract]
    last = None if session.last is None else (session.last.at_us, session.last.price_ticks)
    listed = session.listed
    auction = data.day_ahead(listed.area, listed.start_us, listed.end_us)
    return mark(last, *data.best(contract), auction, at_us, data.rules)


def market_mark(data: MarketData, market: str, at_us: int) -> Mark:
    """Return the newest trade of the market, else the mark of its nearest open contract that has
    one: a middle before an auction's price."""
    tape = data.board.tapes[market]
    last = tape.last()
    if last is not None and at_us - last.at_us <= data.rules.mark_age_us_max:
        return mark((last.at_us, last.price_ticks), None, None, None, at_us, data.rules)
    auction = UNKNOWN
    for listed in data.board.contracts(market, at_us):
        if listed.opens_us <= at_us < listed.closes_us:
            found = contract_mark(data, listed.contract, at_us)
            if found.source == "MID":
                return found
            auction = auction if auction.source else found
    return auction


def quote(data: MarketData, market: str, at_us: int) -> Quote:
    """Return the averages of a known market at this instant."""
    tape = data.board.tapes[market]
    today = data.day(market, at_us)
    return Quote(
        market=market,
        mark=market_mark(data, market, at_us),
        ema_ticks=tape.ema_ticks,
        vwap_ticks=tape.session.average if tape.day == today else None,
        last=tape.last(),
    )


def market_candles(
    data: MarketData, market: str, length_min: int, from_us: int, to_us: int
) -> list[Candle]:
    """Return a market's candles that memory reaches; whole candles of ``[from_us, to_us)``."""
    minutes = data.board.tapes[market].minutes
    return candles(minutes.between(*_aligned(from_us, to_us, length_min)), length_min)


def contract_candles(
    data: MarketData, contract: int, length_min: int, from_us: int, to_us: int
) -> list[Candle]:
    """Return a contract's candles; their weights are kW."""
    minutes = data.board.sessions[contract].minutes
    return candles(minutes.between(*_aligned(from_us, to_us, length_min)), length_min)


def _aligned(from_us: int, to_us: int, length_min: int) -> tuple[int, int]:
    length_us = length_min * MINUTE_US
    return from_us - from_us % length_us, to_us + -to_us % length_us
