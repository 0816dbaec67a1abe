"""Rows of the database as values of `model`, and the columns that they are made from."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, FromClause

from cloud.exchange.matching.codes import (
    Ending,
    Execution,
    Kind,
    Side,
    State,
    TradeState,
    Validity,
)
from cloud.exchange.read import tables
from cloud.exchange.read.model import ContractRow, OrderRow, OwnerRow, PublicTrade, TradeRow

Named = Mapping[Any, Any]
_JOINED = ("contract", "owner")


def columns(kind: type[Any], table: FromClause = tables.order) -> list[ColumnElement[Any]]:
    """Return the columns of a table that make a value of this kind."""
    return [table.c[f.name] for f in fields(kind) if f.name in table.c and f.name not in _JOINED]


def joined(contract: FromClause, owner: FromClause) -> list[ColumnElement[Any]]:
    """Return the columns of the contract and the owner of a row, under names of their own."""
    found: list[ColumnElement[Any]] = [
        contract.c[f.name].label(f"contract_{f.name}") for f in fields(ContractRow)
    ]
    for field in fields(OwnerRow):
        name = "user_name" if field.name == "user" else field.name
        found.append(owner.c[name].label(f"owner_{field.name}"))
    return found


def order(row: Named) -> OrderRow:
    own = {f.name: row[f.name] for f in fields(OrderRow) if f.name not in _JOINED}
    ending = row["ending"]
    own |= {
        "side": Side(row["side"]),
        "kind": Kind(row["kind"]),
        "execution": Execution(row["execution"]),
        "validity": Validity(row["validity"]),
        "state": State(row["state"]),
        "ending": None if ending is None else Ending(ending),
    }
    return OrderRow(**own, contract=_contract(row), owner=_owner(row))


def trade(row: Named) -> TradeRow:
    return TradeRow(
        trade_id=row["trade_id"],
        at_us=row["at_us"],
        contract=_contract(row),
        order_id=row["order_id"],
        owner=_owner(row),
        side=Side(row["side"]),
        aggressor=Side(row["aggressor"]),
        price_ticks=row["price_ticks"],
        quantity_steps=row["quantity_steps"],
        self_trade=row["self_trade"],
        state=TradeState(row["state"]),
        moved_us=row["moved_us"],
    )


def public_trade(row: Named) -> PublicTrade:
    words = {"aggressor": Side(row["aggressor"]), "state": TradeState(row["state"])}
    return PublicTrade(**{**row, **words})


def contract(row: Named) -> ContractRow:
    return ContractRow(**{f.name: row[f.name] for f in fields(ContractRow)})


def _contract(row: Named) -> ContractRow:
    return ContractRow(**{f.name: row[f"contract_{f.name}"] for f in fields(ContractRow)})


def _owner(row: Named) -> OwnerRow:
    return OwnerRow(**{f.name: row[f"owner_{f.name}"] for f in fields(OwnerRow)})
