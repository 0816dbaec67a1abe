"""A client's own id stands for one order: with another order it is refused, not answered.

The venue gives a repeated id its first answer, whatever else is said; so a program that counts
wrongly would take the answer to one order for that to another. Here what was asked is remembered,
as a number, for as many ids as the venue remembers answers; after a restart what the read model
has of the order is compared: its contract, side and form, and while it is unchanged its price and
quantity. An id of an entry that never came so far (BUSY) keeps its order too.
"""

from collections import OrderedDict

from cloud.exchange.read import store
from cloud.exchange.read.model import OrderRow
from cloud.exchange.read.projection import Projection
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.venue.answers import Answers
from cloud.exchange.venue.commands import Entry
from cloud.exchange.venue.profile import ANSWERS_PER_ACCOUNT_MAX

_FIRST_REVISION = 1


class Repeats:
    """What was asked under each client order id since the start, by account."""

    def __init__(self, answers: Answers, projection: Projection) -> None:
        self._answers = answers
        self._projection = projection
        self._asked: dict[str, OrderedDict[str, int]] = {}

    async def check(self, entry: Entry) -> None:
        """Remember a new id; let the same order pass again.

        Raises:
            OrderRefused: CLIENT_ORDER_ID_REUSED.
            Behind: the order of before a restart cannot be read yet.
        """
        name, account = entry.client_order_id, entry.owner.account
        if not name:
            return
        asked, now = self._asked.setdefault(account, OrderedDict()), _fingerprint(entry)
        known = asked.get(name)
        if known is None:
            first = self._answers.known(account, name)
            if first is not None and first.order_id:
                await self._compare(entry, first.order_id)
            known = asked.setdefault(name, now)
        if known != now:
            raise _reused(name)
        if len(asked) > ANSWERS_PER_ACCOUNT_MAX:
            asked.popitem(last=False)

    async def _compare(self, entry: Entry, order_id: int) -> None:
        async with self._projection.reading() as connection:
            row = await store.order(connection, order_id, entry.owner.account)
        if row is not None and _differs(row, entry):
            raise _reused(entry.client_order_id)


def _reused(name: str) -> OrderRefused:
    return OrderRefused(
        "CLIENT_ORDER_ID_REUSED",
        f"client_order_id: {name!r} is not allowed; it stands for another order, take a new one",
    )


def _fingerprint(entry: Entry) -> int:
    """Return a number that tells orders apart; which key of the account entered it is no matter."""
    contract, owner = entry.contract, entry.owner
    return hash(
        (
            *(contract.market, contract.start_us, contract.end_us),
            *(owner.site, owner.portfolio, owner.strategy),
            *(entry.side, entry.kind, entry.execution, entry.validity, entry.state),
            *(entry.price_ticks, entry.quantity_steps, entry.display_steps, entry.delta_ticks),
            *(entry.valid_until_us, entry.text),
        )
    )


def _differs(row: OrderRow, entry: Entry) -> bool:
    """Tell what is certainly another order: a market order's price was made by the venue."""
    kept, contract = row.contract, entry.contract
    if (
        (kept.market, kept.start_us, kept.end_us)
        != (contract.market, contract.start_us, contract.end_us)
        or (row.side, row.kind, row.execution) != (entry.side, entry.kind, entry.execution)
        or row.owner.site != entry.owner.site
        or (row.client_order_id.isascii() and row.client_order_id != entry.client_order_id)
    ):
        return True
    return row.revision == _FIRST_REVISION and (
        row.quantity_steps != entry.quantity_steps
        or (entry.price_ticks is not None and row.price_ticks != entry.price_ticks)
    )
