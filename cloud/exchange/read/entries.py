"""From a trade to positions: both owners, each quarter-hour of the delivery. Pure; sign as `wire`.

Whatever was traded, an hour or a block, the battery and the meter know quarter-hours: the same
power in each of them, the energy and the cash in equal parts, exact.
"""

from collections.abc import Iterator, Mapping

from cloud.exchange.auction.facts import Auctioned
from cloud.exchange.facts import Joined, Listed
from cloud.exchange.read.changes import Trade
from cloud.market.contracts import wh_of
from cloud.portfolio.model import Entry
from wire.clock import QUARTER_HOUR_US


def entries(
    trade: Trade, contract: Listed, owners: Mapping[int, Joined], *, void: bool = False
) -> Iterator[Entry]:
    """Return what a trade does to positions; a self-trade counts on both of its sides.

    Args:
        owners: at least those of the trade.
        void: it is not in force any more, so that its entries are taken back.
    """
    assert not (contract.end_us - contract.start_us) % QUARTER_HOUR_US, "whole quarter-hours"
    power_kw = trade.quantity_steps * contract.step_kw
    energy_wh = wh_of(power_kw, QUARTER_HOUR_US)
    for number, sign in ((trade.buy_owner, -1), (trade.sell_owner, 1)):
        owner = owners[number]
        for start_us in range(contract.start_us, contract.end_us, QUARTER_HOUR_US):
            yield Entry(
                account=owner.account,
                site=owner.site or None,
                market=contract.market,
                start_us=start_us,
                power_kw=sign * power_kw,
                energy_wh=sign * energy_wh,
                price_ticks=trade.price_ticks,
                void=void,
            )


def auction_entries(fact: Auctioned, owner: Joined) -> Iterator[Entry]:
    """Return what an auction does to the positions of one owner."""
    assert not fact.period_us % QUARTER_HOUR_US, "whole quarter-hours"
    for period, steps in enumerate(fact.steps):
        if not steps:
            continue
        first_us = fact.start_us + period * fact.period_us
        power_kw = steps * fact.step_kw
        for start_us in range(first_us, first_us + fact.period_us, QUARTER_HOUR_US):
            yield Entry(
                account=owner.account,
                site=owner.site or None,
                market=fact.auction,
                start_us=start_us,
                power_kw=power_kw,
                energy_wh=wh_of(power_kw, QUARTER_HOUR_US),
                price_ticks=fact.price_ticks[period],
            )
