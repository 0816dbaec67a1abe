"""What a message did to the orders of a book, as plain tuples in the order that it happened. Pure.

``(kind, order, other, price_ticks, steps)``; quick to make, and read by the venue alone.
"""

from typing import Final

from cloud.exchange.matching.order import Order

TRADE: Final = 0
"""(TRADE, maker, taker, price, steps): the maker is the older of the two."""
OWN_TRADE: Final = 1
"""The same between orders of one self-trade scope, which their owner allows."""
CLIP: Final = 2
"""(CLIP, order, None, new price, visible steps): the next clip of an iceberg."""
REDUCED: Final = 3
"""(REDUCED, order, other, price, steps): taken away by `decrement_both`, once for each of both."""
ENDED: Final = 4
"""(ENDED, order, other, price, steps that left): a resting order ended by a self-trade rule."""

Effect = tuple[int, Order, Order | None, int, int]
