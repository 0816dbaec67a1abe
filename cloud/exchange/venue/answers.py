"""What became of a command, and the first answers to the clients' own ids. Pure."""

from collections import OrderedDict
from typing import NamedTuple

from cloud.exchange.facts import Refused
from cloud.exchange.matching.codes import Ending
from cloud.exchange.matching.order import Order
from cloud.exchange.venue.profile import ANSWERS_PER_ACCOUNT_MAX


class Answer(NamedTuple):
    """What became of one command by the end of its message."""

    order_id: int
    """0: an entry that was refused. Of a change that lost its place: the new order."""
    code: str
    """'' where it was accepted; else see `refusals`."""
    text: str
    state: str
    """Value of `State`; '' where it was refused."""
    filled_steps: int
    left_steps: int
    revision: int
    ending: str
    """Value of `Ending`; '' while the order lives."""
    at_us: int
    price_ticks: int
    """The limit that it has, also of a market order."""


class Answers:
    """The answers of the message that is being handled, and those that a repeat gets again."""

    __slots__ = ("now", "remembered")

    def __init__(self) -> None:
        self.now: list[Answer | tuple[Order, Ending | None, int]] = []
        """Of this message; an order stands for its answer until somebody wants to know."""
        self.remembered: dict[str, OrderedDict[str, Answer]] = {}
        """By account and client order id; a refusal is an answer too."""

    def given(self) -> list[Answer]:
        """Return one answer for each command of the message; ask before the next one."""
        return [a if isinstance(a, Answer) else answer_of(*a) for a in self.now]

    def known(self, account: str, client_order_id: str) -> Answer | None:
        """Return the first answer to a client's own id, None where it is new."""
        answers = self.remembered.get(account)
        return None if answers is None else answers.get(client_order_id)

    def repeat(self, answer: Answer) -> None:
        """Give a first answer once more."""
        self.now.append(answer)

    def accepted(
        self, order: Order, ending: Ending | None, client_order_id: str, at_us: int
    ) -> None:
        """Answer with what became of an order."""
        if client_order_id:
            answer = answer_of(order, ending, at_us)
            self.now.append(answer)
            self.remember(order.owner.account, client_order_id, answer)
        else:
            self.now.append((order, ending, at_us))

    def done(self, at_us: int) -> None:
        """Answer that something that is no order was done."""
        self.now.append(Answer(0, "", "", "", 0, 0, 0, "", at_us, 0))

    def refused(self, account: str, refused: Refused) -> None:
        """Answer that something was turned away."""
        answer = Answer(
            refused.order_id, refused.code, refused.text, "", 0, 0, 0, "", refused.at_us, 0
        )
        self.now.append(answer)
        if refused.client_order_id and account:
            self.remember(account, refused.client_order_id, answer)

    def remember(self, account: str, client_order_id: str, answer: Answer) -> None:
        """Keep a first answer; beyond `ANSWERS_PER_ACCOUNT_MAX` the oldest one is forgotten."""
        answers = self.remembered.setdefault(account, OrderedDict())
        answers.setdefault(client_order_id, answer)
        if len(answers) > ANSWERS_PER_ACCOUNT_MAX:
            answers.popitem(last=False)


def answer_of(order: Order, ending: Ending | None, at_us: int) -> Answer:
    """Return where an order stands."""
    return Answer(
        order.order_id,
        "",
        "",
        order.state.value,
        order.filled_steps,
        order.left_steps,
        order.revision,
        "" if ending is None else ending.value,
        at_us,
        order.price_ticks,
    )
