"""Where posts come from: a guard's own, which are quicker, or plain ones for any guard. Pure."""

from typing import Protocol, runtime_checkable

from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Guard
from cloud.exchange.venue.post import PlainPost, Post
from cloud.market.contracts import Contract


@runtime_checkable
class Posting(Protocol):
    """A guard with posts of its own."""

    def post(self, owner: Owner, contract: Contract) -> Post: ...


def post_of(guard: Guard, owner: Owner, contract: Contract) -> Post:
    """Return a new post of an owner at a contract."""
    if isinstance(guard, Posting):
        return guard.post(owner, contract)
    return PlainPost(guard, owner, contract)
