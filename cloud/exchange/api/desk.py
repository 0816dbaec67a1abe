"""Orders over a socket: the same forms, checks, codes and answers as over HTTP.

A message has a ``type`` of its own, so that of an order is ``order_kind`` here, as in what the feed
of own orders says. The orders of a basket are as over HTTP.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from cloud.exchange.api.counter import OrderCounter
from cloud.exchange.api.forms import (
    ID_MAX,
    BasketBody,
    ChangeBody,
    EntryBody,
    Form,
    Instant,
    MarketCode,
    Revision,
)
from cloud.exchange.matching.codes import State
from cloud.exchange.order_views import OrderAnswer, OrderBody
from cloud.exchange.service import Exchange
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.kernel.errors import Invalid, one_line
from cloud.kernel.figures import Plain
from wire.clock import micros

FIRST_FORM = frozenset({"time_in_force", "order_type"})
"""An order that says one of these has the form of ``POST /api/orders``, and its answer."""
_TO = {"delete": State.INACTIVE, "hibernate": State.HIBERNATED, "activate": State.ACTIVE}
_Body = TypeVar("_Body", bound=BaseModel)


class _One(Form):
    order_id: Annotated[int, Plain, Field(ge=1, le=ID_MAX)]
    revision: Revision | None = None


class _All(Form):
    market: MarketCode | None = None
    delivery_start: Instant | None = None


class SocketDesk:
    """The `feeds.desk.OrderDesk` of the running exchange."""

    def __init__(self, hub: Hub, exchange: Exchange) -> None:
        self._exchange = exchange
        self._counter = OrderCounter(hub, exchange)

    async def act(
        self, principal: Principal, action: str, body: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Do one of `feeds.desk.ACTIONS` for the account of the key.

        Raises:
            HubError: it was refused; nothing was changed.
        """
        account, user, counter = principal.account, principal.key_id, self._counter
        told: BaseModel
        match action:
            case "enter" if not FIRST_FORM.isdisjoint(body):
                told = await self._first_form(account, _read(OrderBody, body))
            case "enter":
                order = _read(EntryBody, _kind_as_type(body))
                told = await counter.enter(order, account, user=user)
            case "basket":
                told = await counter.enter_all(_read(BasketBody, body), account, user=user)
            case "modify":
                one = _read(_One, {"order_id": body.get("order_id")})
                rest = {name: value for name, value in body.items() if name != "order_id"}
                told = await counter.change(one.order_id, _read(ChangeBody, rest), account)
            case "delete_all":
                every = _read(_All, body)
                start = every.delivery_start
                told = await counter.switch_all(
                    State.INACTIVE,
                    account,
                    market=every.market or "",
                    start_us=None if start is None else micros(start),
                )
            case _:
                one = _read(_One, body)
                told = await counter.switch(
                    one.order_id, _TO[action], account, revision=one.revision
                )
        return told.model_dump()

    async def _first_form(self, account: str, body: OrderBody) -> OrderAnswer:
        done = await self._exchange.place(body.ticket(account))
        remaining = self._exchange.standings.throttle_remaining(account, done.contract.market)
        return OrderAnswer.of(done, remaining)


def _kind_as_type(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type" if name == "order_kind" else name: value for name, value in body.items()}


def _read(form: type[_Body], body: Mapping[str, Any]) -> _Body:
    try:
        return form.model_validate(dict(body))
    except ValidationError as error:
        raise Invalid(one_line(error.errors(include_url=False))) from error
