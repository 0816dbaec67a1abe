"""I20: the power that armed products keep free is out of reach for everything below them. Pure."""

from collections.abc import Iterator, Sequence

from agent.control.arbitrate import Proposal
from wire.schedule import FrequencyService

CLASS = 1
RESERVE_FACTORS = {"fcr_ce": 1.25, "fcr_n": 1.34}
"""Power kept free per unit of capacity; other products: 1. Source: SOGL, Nordic FCR rules."""


def proposals(
    services: Sequence[FrequencyService], lower_kw: float, upper_kw: float
) -> Iterator[Proposal]:
    """Yield one proposal that keeps room for all products together; 0 kW stays allowed.

    Args:
        services: the products that answer now.
        lower_kw: what protection leaves, at the most negative.
        upper_kw: and at the most positive.
    """
    if not services:
        return
    up_kw = down_kw = 0.0
    for service in services:
        kept_kw = service.capacity_kw * RESERVE_FACTORS.get(service.product, 1.0)
        up_kw += kept_kw * max(0.0, *(share for _, share in service.curve))
        down_kw += kept_kw * max(0.0, *(-share for _, share in service.curve))
    products = " and ".join(service.product for service in services)
    yield Proposal(
        source="reserve",
        cls=CLASS,
        code="RESERVE",
        text=f"{up_kw:g} kW up and {down_kw:g} kW down are kept free for {products}",
        valid_from_us=min(service.start_us for service in services),
        expires_us=min(service.end_us for service in services),
        lower_kw=min(0.0, lower_kw + down_kw),
        upper_kw=max(0.0, upper_kw - up_kw),
    )
