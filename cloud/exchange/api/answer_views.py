"""What became of a command, as version 1 answers it: MWh and EUR/MWh, null where unknown."""

from pydantic import BaseModel, Field

from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.refusals import status_of
from cloud.kernel.instants import iso
from cloud.market.contracts import Contract
from cloud.market.money import eur_mwh, mwh

_AT = "2026-11-21T10:15:00Z"


class OrderTold(BaseModel):
    """The order is on the disk; whatever happens now, this counts."""

    order_id: str = Field(
        description="after a change that lost its place: the new one's", examples=["17"]
    )
    revision: int = Field(description="needed for the next change", examples=[1])
    state: str = Field(
        description="ACTI in the book, HIBE hibernated, IACT ended", examples=["ACTI"]
    )
    ending: str | None = Field(
        description="FILLED, KILLED, SELF_TRADE, CANCELLED, REPLACED, EXPIRED; null while it lives",
        examples=[None],
    )
    price: float = Field(description="its limit in EUR/MWh, also of a market order")
    filled_mwh: float = Field(examples=[0.0])
    left_mwh: float = Field(description="what has not traded of it", examples=[0.0075])
    timestamp: str = Field(examples=[_AT])
    throttle_remaining: int | None = Field(
        default=None, description="entries and changes that would be taken now; null: no limit"
    )

    @classmethod
    def of(cls, answer: Answer, contract: Contract, remaining: int | None = None) -> "OrderTold":
        return cls(
            order_id=str(answer.order_id),
            revision=answer.revision,
            state=answer.state,
            ending=answer.ending or None,
            price=eur_mwh(answer.price_ticks),
            filled_mwh=mwh(answer.filled_steps * contract.wh_per_step),
            left_mwh=mwh(answer.left_steps * contract.wh_per_step),
            timestamp=iso(answer.at_us),
            throttle_remaining=remaining,
        )


class BasketItem(BaseModel):
    """The answer to one order of a basket: `order`, or why there is none."""

    order: OrderTold | None
    status: int = Field(description="what it alone would have been answered with", examples=[200])
    code: str | None = Field(description="why it was refused", examples=[None])
    message: str | None = Field(examples=[None])


class BasketTold(BaseModel):
    """One answer for each order, in the order of the request."""

    accepted: int = Field(examples=[1])
    refused: int = Field(examples=[0])
    results: list[BasketItem]


class AllTold(BaseModel):
    """What became of each order that was touched; `order_id` is the one that was meant."""

    changed: int
    refused: int
    order_ids: list[str] = Field(description="of those that were changed")


class Done(BaseModel):
    """It is on the disk, and in force."""

    timestamp: str = Field(examples=[_AT])


def taken_item(answer: Answer, contract: Contract, remaining: int | None = None) -> BasketItem:
    """Return the answer to one of several orders that was taken."""
    told = OrderTold.of(answer, contract, remaining)
    return BasketItem(order=told, status=200, code=None, message=None)


def refused_item(code: str, message: str) -> BasketItem:
    """Return the answer to an order that was turned away."""
    return BasketItem(order=None, status=status_of(code), code=code, message=message)


def all_of(answers: list[Answer]) -> AllTold:
    """Return what became of all orders of an account."""
    done = [answer for answer in answers if not answer.code]
    return AllTold(
        changed=len(done),
        refused=len(answers) - len(done),
        order_ids=[str(answer.order_id) for answer in done],
    )
