"""I20: what products keep free is out of reach for everything below them. Pure.

A reserve never forces power: 0 kW stays allowed. A product whose reserve does not fit any more is
announced as not available, and the schedule is not cut for it.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from agent.control.arbitrate import Proposal
from agent.control.energy import reservoir as energy
from agent.control.energy.contract import Reservoir
from agent.control.response.serving import Serving

CLASS = 1
LIFE_US = 10_000_000
"""How long the proposal lives; it is made anew in every cycle."""


def proposals(
    kept: Sequence[Serving],
    whole: Reservoir | None,
    lower_kw: float,
    upper_kw: float,
    now_us: int,
) -> Iterator[Proposal]:
    """Yield what keeps power, and then energy, for all products together; reserves add up.

    Args:
        kept: the products for which power is kept free.
        whole: the energy of the plant; None: not known.
        lower_kw: what class 0 leaves, at the most negative.
        upper_kw: and at the most positive.
        now_us: wall time.
    """
    if not kept:
        return
    up_kw = sum(serving.keeps_up_kw for serving in kept)
    down_kw = sum(serving.keeps_down_kw for serving in kept)
    yield Proposal(
        source="reserve",
        cls=CLASS,
        code="RESERVE",
        text=_kept(up_kw, down_kw, tuple([serving.service.product for serving in kept])),
        valid_from_us=now_us,
        expires_us=now_us + LIFE_US,
        lower_kw=min(0.0, lower_kw + down_kw),
        upper_kw=max(0.0, upper_kw - up_kw),
    )
    yield from energy.proposals([serving.contract for serving in kept], whole, now_us)


@lru_cache(maxsize=8)
def _kept(up_kw: float, down_kw: float, products: tuple[str, ...]) -> str:
    """Return the same text for as long as the reserve is the same, made once."""
    return f"{up_kw:g} kW up and {down_kw:g} kW down are kept free for {' and '.join(products)}"
