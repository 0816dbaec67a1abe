"""Orders entered, changed and taken back; over HTTP and over a socket alike."""

from collections.abc import Sequence

from cloud.exchange.api.answer_views import (
    AllTold,
    BasketItem,
    BasketTold,
    OrderTold,
    all_of,
    refused_item,
    taken_item,
)
from cloud.exchange.api.forms import BasketBody, ChangeBody, EntryBody
from cloud.exchange.api.tickets import change_of, ticket_of
from cloud.exchange.entry import Ticket
from cloud.exchange.matching.codes import Linking, State
from cloud.exchange.read import store
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import Done, Exchange
from cloud.exchange.venue.commands import Modification, Switch, SwitchAll
from cloud.kernel.context import Hub
from cloud.kernel.errors import NotFound
from cloud.kernel.keys import account_of_id
from cloud.market.catalogue import find
from cloud.market.contracts import Contract

_TOGETHER = OrderRefused("BASKET_REFUSED", "another order of the basket was refused")


class OrderCounter:
    """Where orders are taken; the same for every way in."""

    def __init__(self, hub: Hub, exchange: Exchange) -> None:
        self._hub = hub
        self._exchange = exchange

    async def enter(
        self, body: EntryBody, account: str, *, user: str = "", by_admin: str = ""
    ) -> OrderTold:
        """Check, match and keep an order.

        Raises:
            NotFound: an administrator names an account that is not there.
            OrderRefused: it was turned away; the code says why.
        """
        await self._known(account, by_admin)
        ticket = ticket_of(body, self._exchange.catalogue, account, user=user, by_admin=by_admin)
        done = await self._exchange.place(ticket)
        return OrderTold.of(done.answer, done.contract, self._remaining(account, body.market))

    async def enter_all(
        self, body: BasketBody, account: str, *, user: str = "", by_admin: str = ""
    ) -> BasketTold:
        """Do the same with several orders; each has its answer, in its place.

        Without linking, what does not fit is refused alone, and the rest is entered.

        Raises:
            OrderRefused: nothing of it was even looked at.
        """
        await self._known(account, by_admin)
        linking = Linking(body.linking)
        catalogue = self._exchange.catalogue
        made: list[Ticket | OrderRefused] = []
        for one in body.orders:
            try:
                made.append(ticket_of(one, catalogue, account, user=user, by_admin=by_admin))
            except OrderRefused as refused:
                made.append(refused)
        tickets = [one for one in made if isinstance(one, Ticket)]
        if linking is not Linking.NONE and len(tickets) < len(made):
            reasons = [one if isinstance(one, OrderRefused) else _TOGETHER for one in made]
            return _basket([refused_item(one.code, str(one)) for one in reasons])
        done: Sequence[Done | OrderRefused] = ()
        if tickets:
            done = await self._exchange.place_all(tickets, linking)
        told = iter(done)
        results = [next(told) if isinstance(one, Ticket) else one for one in made]
        left = {t.market: self._remaining(account, t.market) for t in tickets}
        return _basket(
            [
                refused_item(one.code, str(one))
                if isinstance(one, OrderRefused)
                else taken_item(one.answer, one.contract, left[one.contract.market])
                for one in results
            ]
        )

    async def change(
        self, order_id: int, body: ChangeBody, account: str, by_admin: str = ""
    ) -> OrderTold:
        """Change an order; one that loses its place is a new order, and may trade at once.

        Raises:
            NotFound: this account never had such an order.
            OrderRefused: ORDER_ENDED, STALE_REVISION, or as for an entry.
        """
        contract = await self._contract(account, order_id)
        command = change_of(body, account, order_id, contract, by_admin)
        return await self._done(command, contract)

    async def switch(
        self,
        order_id: int,
        to: State,
        account: str,
        *,
        revision: int | None = None,
        by_admin: str = "",
    ) -> OrderTold:
        """Hibernate, activate or delete an order.

        Raises:
            NotFound, OrderRefused: as `change`.
        """
        contract = await self._contract(account, order_id)
        command = Switch(
            account=account, order_id=order_id, to=to, revision=revision, by_admin=by_admin
        )
        return await self._done(command, contract)

    async def switch_all(
        self,
        to: State,
        account: str,
        *,
        market: str = "",
        start_us: int | None = None,
        by_admin: str = "",
    ) -> AllTold:
        """Do the same with all orders of an account, of one market or contract where it is said."""
        command = SwitchAll(
            account=account, to=to, market=market, start_us=start_us, by_admin=by_admin
        )
        return all_of(await self._exchange.ask(command))

    async def _done(self, command: Modification | Switch, contract: Contract) -> OrderTold:
        (answer,) = await self._exchange.ask(command)
        answer = await self._exchange.of_order(command.account, command.order_id, answer)
        return OrderTold.of(answer, contract, self._remaining(command.account, contract.market))

    async def _known(self, account: str, by_admin: str) -> None:
        """Refuse what an administrator does for nobody."""
        if not by_admin:
            return
        async with self._hub.database.reading() as connection:
            if await account_of_id(connection, account) is None:
                raise NotFound(f"account {account} is not known")

    async def _contract(self, account: str, order_id: int) -> Contract:
        """Return the contract of an order; a repeated change may name one that is replaced."""
        live = self._exchange.contract_of(account, order_id)
        if live is not None:
            return live
        async with self._exchange.reading() as connection:
            kept = await store.order(connection, order_id, account)
        if kept is None:
            raise NotFound(f"order {order_id} is not known")
        named = kept.contract
        contract = find(self._exchange.catalogue, named.market, named.start_us, named.end_us)
        if contract is None:
            raise OrderRefused("ORDER_ENDED", f"order {order_id} lives no more: {kept.status}")
        return contract

    def _remaining(self, account: str, market: str) -> int | None:
        checks, now_us = self._exchange.checks, self._hub.clock.now_us()
        return checks.throttle_remaining(account, market, now_us)


def _basket(results: list[BasketItem]) -> BasketTold:
    accepted = sum(item.order is not None for item in results)
    return BasketTold(accepted=accepted, refused=len(results) - accepted, results=results)
