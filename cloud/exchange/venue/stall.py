"""One contract in the venue: its book, what sleeps beside it, its last price. Pure."""

from datetime import date

from cloud.exchange.facts import Halted, Listed
from cloud.exchange.matching.book import Book
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Order, Owner
from cloud.exchange.venue.guard import Post
from cloud.exchange.venue.profile import FACES_MAX
from cloud.market.contracts import Contract, Rule

ContractKey = tuple[str, int, int]
"""Market code, start and end of delivery: what tells contracts, and ranges of them, apart."""
_ANY = 10**12


class Stall:
    """A contract, or the range of a block."""

    __slots__ = (
        "book",
        "closes_us",
        "contract",
        "faces",
        "halted",
        "hibernated",
        "last_ticks",
        "last_us",
        "listed",
        "market",
        "number",
        "opens_us",
        "parts",
        "posts",
        "price_ticks_max",
        "price_ticks_min",
        "steps_max",
        "traded_steps",
    )

    def __init__(self, listed: Listed, contract: Contract, parts: tuple["Stall", ...]) -> None:
        self.listed = listed
        self.number = listed.contract
        self.market = listed.market
        self.contract = contract
        self.opens_us = listed.opens_us
        self.closes_us = listed.closes_us
        self.price_ticks_min = contract.rule.price_ticks_min
        self.price_ticks_max = contract.rule.price_ticks_max
        self.steps_max = contract.steps_max
        self.parts = parts
        self.book = Book()
        self.posts: dict[int, Post] = {}
        """By owner's number: those who have been here."""
        self.faces: dict[Owner, Post] = {}
        """The same by the object that an entry names its owner with."""
        self.hibernated: dict[int, Order] = {}
        """In the order of their falling asleep."""
        self.halted = False
        """By its own, its market's, or a wider scope."""
        self.last_ticks: int | None = None
        self.last_us = 0
        self.traded_steps = 0

    @property
    def key(self) -> ContractKey:
        return self.market, self.listed.start_us, self.listed.end_us

    def covered_by(self, halt: Halted) -> bool:
        """Say whether a halt of contracts (not of people) has this one, or a part, in scope."""
        scope, value, listed = halt.scope, halt.value, self.listed
        if scope == "contract":
            starts = [part.listed.start_us for part in self.parts] or [listed.start_us]
            return any(f"{self.market}/{start_us}" == value for start_us in starts)
        if scope == "product":
            return value in [listed.product] + [part.listed.product for part in self.parts[:1]]
        named = {"venue": "", "area": listed.area, "market": listed.market}
        return named.get(scope) == value

    def clear(self) -> None:
        """Forget the orders and their owners; the contract is closed."""
        self.book = Book()
        self.posts = {}
        self.faces = {}
        self.hibernated = {}

    def meet(self, given: Owner, post: Post) -> None:
        """Know an owner again by the object that he was given with."""
        if len(self.faces) >= FACES_MAX:
            self.faces.clear()
        self.faces[given] = post

    def reference_ticks(self) -> int | None:
        """Return the last price, else the middle of bid and ask rounded down, else None."""
        if self.last_ticks is not None:
            return self.last_ticks
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        return None if bid is None or ask is None else (bid + ask) // 2


def contract_of(listed: Listed, parts: tuple[Contract, ...]) -> Contract:
    """Return a contract as far as the journal knows it; its rule limits nothing."""
    rule = Rule(
        valid_from=date.min,
        opens_ahead_s=1,
        close_lead_s=0,
        step_kw=listed.step_kw,
        quantity_kw_max=_ANY,
        price_ticks_min=-_ANY,
        price_ticks_max=_ANY,
        protection_ticks=0,
    )
    return Contract(
        market=listed.market,
        start_us=listed.start_us,
        end_us=listed.end_us,
        opens_us=listed.opens_us,
        closes_us=listed.closes_us,
        rule=rule,
        area=listed.area,
        product=listed.product,
        day=listed.day,
        parts=parts,
    )
