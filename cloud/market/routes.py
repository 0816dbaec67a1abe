"""The markets over HTTP."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from cloud.kernel.auth import MarketReader
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.market.catalogue import load
from cloud.market.contracts import Market
from cloud.market.money import eur_mwh, mwh

router = APIRouter(prefix="/api/v1", tags=["markets"])


class MarketView(BaseModel):
    """A market, with the rule that holds for deliveries from now on."""

    market: str = Field(examples=["PHO_AT_INTRADAY_15MIN"])
    area: str = Field(examples=["AT"])
    time_zone: str = Field(examples=["Europe/Vienna"])
    resolution_s: int = Field(examples=[900])
    step_kw: int = Field(examples=[1])
    step_mwh: float = Field(description="the same, as energy of one period", examples=[0.00025])
    opens_ahead_s: int = Field(examples=[86_400])
    close_lead_s: int = Field(description="the gate closes this long before delivery", examples=[0])
    price_min: float = Field(description="EUR/MWh", examples=[-9999.99])
    price_max: float = Field(examples=[9999.99])

    @classmethod
    def of(cls, market: Market, now_us: int) -> "MarketView | None":
        contracts = market.open_contracts(now_us)
        if not contracts:
            return None
        rule = contracts[0].rule
        return cls(
            market=market.code,
            area=market.area,
            time_zone=market.zone.key,
            resolution_s=market.resolution_s,
            step_kw=rule.step_kw,
            step_mwh=mwh(contracts[0].wh_per_step),
            opens_ahead_s=rule.opens_ahead_s,
            close_lead_s=rule.close_lead_s,
            price_min=eur_mwh(rule.price_ticks_min),
            price_max=eur_mwh(rule.price_ticks_max),
        )


class MarketsView(BaseModel):
    markets: list[MarketView]


@router.get("/markets", summary="List markets", responses=responses(401))
async def list_markets(hub: HubHere, _reader: MarketReader) -> MarketsView:
    """Return the markets that can be traded now, by code."""
    now_us = hub.clock.now_us()
    found = (MarketView.of(market, now_us) for _, market in sorted(load().items()))
    return MarketsView(markets=[view for view in found if view is not None])
