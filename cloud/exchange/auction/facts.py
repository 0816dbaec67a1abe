"""What the journal keeps of an auction; see `cloud.exchange.facts`. Pure."""

from typing import NamedTuple


class Auctioned(NamedTuple):
    """Cause. What one owner got in an auction; that of all owners is committed at once."""

    at_us: int
    auction: str  # code; the market of the positions
    area: str
    day: int  # local delivery day as `date.toordinal`
    owner: int
    start_us: int  # of the first period
    period_us: int
    step_kw: int
    price_ticks: tuple[int, ...]  # of each period; where nothing was traded, 0
    steps: tuple[int, ...]  # of each period, net: sold (+) or bought (-)
