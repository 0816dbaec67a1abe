"""Orders over a socket: the same bodies, checks, codes and answers as over HTTP."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from cloud.exchange.order_views import OrderAnswer, OrderBody, WithdrawalAnswer
from cloud.exchange.service import Exchange
from cloud.kernel.auth import Principal
from cloud.kernel.errors import Invalid, one_line


class SocketDesk:
    """The `OrderDesk` of the running exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def act(
        self, principal: Principal, action: str, body: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Do what is asked; return what is answered once it is safe on the disk.

        Raises:
            HubError: it was refused; nothing was changed.
        """
        account = principal.account
        if action == "enter":
            done = await self._exchange.place(_order(body).ticket(account))
            remaining = self._exchange.standings.throttle_remaining(account, done.contract.market)
            return OrderAnswer.of(done, remaining).model_dump()
        if action == "delete":
            answer = await self._exchange.withdraw(account, _order_id(body))
            return WithdrawalAnswer.of(answer).model_dump()
        raise Invalid(f"type: {action!r} is not taken over this socket; enter and delete are")


def _order(body: Mapping[str, Any]) -> OrderBody:
    try:
        return OrderBody.model_validate(body)
    except ValidationError as error:
        raise Invalid(one_line(error.errors())) from error


def _order_id(body: Mapping[str, Any]) -> int:
    found = str(body.get("order_id", ""))
    if not (found.isascii() and found.isdigit() and len(found) <= 18):
        raise Invalid(f"order_id: {body.get('order_id')!r} is not allowed; a number is expected")
    return int(found)
