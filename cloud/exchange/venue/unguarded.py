"""The guard of a venue without pre-trade checks. Pure; a file of its own, never compiled."""

from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Post, Refusal
from cloud.market.contracts import Contract


class NoGuard:
    """Lets everything pass: for books alone, and for benchmarks that say so."""

    def post(self, owner: Owner, contract: Contract) -> Post:
        return Post(owner, contract)

    def acted(self, owner: Owner, at_us: int) -> None: ...

    def forget_until(self, at_us: int) -> None: ...

    def configured(self, what: str, version: int, content: str) -> Refusal | None:
        return None

    def dump(self) -> list[object]:
        return []

    def load(self, dumped: list[object]) -> None: ...
