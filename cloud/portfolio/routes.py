"""Positions over HTTP; an account sees its own, an admin all."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from cloud.kernel.auth import OrderReader, Role
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, responses
from cloud.kernel.instants import Instant, iso, us_or
from cloud.kernel.keys import IDENTIFIER
from cloud.market.money import eur, mwh
from cloud.portfolio import service
from cloud.portfolio.model import Position
from wire.clock import quarter_hour_us

DEFAULT_SPAN_US = 48 * 3600 * 1_000_000
_AT = "2026-11-21T10:15:00Z"

router = APIRouter(prefix="/api/v1", tags=["portfolio"])


class PositionView(BaseModel):
    """What one owner has traded net for one delivery period."""

    account: str = Field(examples=["stadtwerk"])
    site: str | None = Field(description="null: no battery behind it", examples=["werk-sued"])
    market: str = Field(examples=["PHO_AT_INTRADAY_15MIN"])
    delivery_start: str = Field(examples=[_AT])
    net_kw: int = Field(description="positive: sold; negative: bought", examples=[30])
    net_mwh: float = Field(examples=[0.0075])
    sold_mwh: float = Field(examples=[0.0075])
    bought_mwh: float = Field(examples=[0.0])
    cash_eur: float = Field(description="positive: to receive", examples=[0.64])

    @classmethod
    def of(cls, position: Position) -> "PositionView":
        return cls(
            account=position.account,
            site=position.site,
            market=position.market,
            delivery_start=iso(position.start_us),
            net_kw=position.net_kw,
            net_mwh=mwh(position.net_wh),
            sold_mwh=mwh(position.sold_wh),
            bought_mwh=mwh(position.bought_wh),
            cash_eur=eur(position.cash),
        )


class PositionsView(BaseModel):
    positions: list[PositionView]


@router.get("/positions", summary="Net positions", responses=responses(401, 422))
async def list_positions(
    hub: HubHere,
    principal: OrderReader,
    site: Annotated[str | None, Query(pattern=IDENTIFIER)] = None,
    from_: Annotated[
        Instant | None, Query(alias="from", description="default: this quarter-hour")
    ] = None,
    to: Annotated[Instant | None, Query(description="excluded; default: 48 h after from")] = None,
) -> PositionsView:
    """Return positions by start of delivery, earliest first."""
    from_us = us_or(from_, quarter_hour_us(hub.clock.now_us()))
    to_us = us_or(to, from_us + DEFAULT_SPAN_US)
    if to_us <= from_us:
        raise Invalid(f"to: {iso(to_us)!r} is not allowed; later than from is expected")
    async with hub.database.reading() as connection:
        found = await service.positions(
            connection,
            account=None if principal.role is Role.ADMIN else principal.account,
            site=site,
            from_us=from_us,
            to_us=to_us,
        )
    return PositionsView(positions=[PositionView.of(position) for position in found])
