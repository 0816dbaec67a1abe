"""Markets and contracts as they are shown to programs."""

from datetime import date

from pydantic import BaseModel, Field

from cloud.kernel.instants import iso
from cloud.market.contracts import BLOCK, Contract, Market, Phase
from cloud.market.money import eur_mwh, mwh


class MarketView(BaseModel):
    """A market, with the rule that holds for deliveries from now on."""

    market: str = Field(examples=["PHO_AT_INTRADAY_15MIN"])
    area: str = Field(examples=["AT"])
    time_zone: str = Field(examples=["Europe/Vienna"])
    product: str = Field(examples=["PT15M"])
    scope: str = Field(description="local, country or cross_zonal", examples=["local"])
    resolution_s: int = Field(examples=[900])
    step_kw: int = Field(examples=[1])
    step_mwh: float = Field(description="the same, as energy of one period", examples=[0.00025])
    quantity_min_kw: int = Field(examples=[1])
    quantity_max_kw: int = Field(examples=[100_000])
    clip_min_kw: int = Field(description="the least that an iceberg shows", examples=[1])
    opens_ahead_s: int | None = Field(
        description="trading begins this long before delivery; null: at opens_local",
        examples=[86_400],
    )
    opens_day: int | None = Field(
        description="days from delivery to the day of opens_local", examples=[-1]
    )
    opens_local: str | None = Field(examples=["16:00"])
    close_lead_s: int = Field(description="the gate closes this long before delivery", examples=[0])
    tick: float = Field(description="EUR/MWh; prices are multiples of it", examples=[0.01])
    price_min: float = Field(description="EUR/MWh", examples=[-9999.99])
    price_max: float = Field(examples=[9999.99])

    @classmethod
    def of(cls, market: Market, now_us: int) -> "MarketView | None":
        """Return the view of a market, None while nothing of it can be traded."""
        contracts = market.open_contracts(now_us)
        if not contracts:
            return None
        rule = contracts[0].rule
        local = rule.opens_local
        return cls(
            market=market.code,
            area=market.area,
            time_zone=market.zone.key,
            product=market.product,
            scope=market.scope,
            resolution_s=market.resolution_s,
            step_kw=rule.step_kw,
            step_mwh=mwh(contracts[0].wh_per_step),
            quantity_min_kw=rule.quantity_kw_min,
            quantity_max_kw=rule.quantity_kw_max,
            clip_min_kw=rule.clip_kw_min,
            opens_ahead_s=rule.opens_ahead_s if local is None else None,
            opens_day=None if local is None else rule.opens_day,
            opens_local=None if local is None else f"{local:%H:%M}",
            close_lead_s=rule.close_lead_s,
            tick=eur_mwh(rule.tick_ticks),
            price_min=eur_mwh(rule.price_ticks_min),
            price_max=eur_mwh(rule.price_ticks_max),
        )


class MarketsView(BaseModel):
    markets: list[MarketView]


class ContractView(BaseModel):
    """One contract, or a block over several."""

    product: str = Field(examples=["PT15M"])
    delivery_start: str = Field(examples=["2026-11-21T12:00:00Z"])
    delivery_end: str
    label: str = Field(
        description="local clock time of the start; A and B in the hour that autumn repeats",
        examples=["13:00"],
    )
    opens: str
    closes: str
    phase: Phase

    @classmethod
    def of(cls, contract: Contract, market: Market, now_us: int) -> "ContractView":
        return cls(
            product=contract.product,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            label=market.label(contract.start_us),
            opens=iso(contract.opens_us),
            closes=iso(contract.closes_us),
            phase=contract.phase(now_us),
        )


class ContractsView(BaseModel):
    market: str
    day: date
    contracts: list[ContractView]
    base: ContractView | None = Field(description=f"the {BLOCK.lower()} of the whole day")
    peak: ContractView | None = Field(description="hours 9 to 20, null at weekends")


def of_day(market: Market, day: date, now_us: int) -> ContractsView:
    """Return the contracts of a local delivery day."""
    base, peak = market.base(day), market.peak(day)
    return ContractsView(
        market=market.code,
        day=day,
        contracts=[ContractView.of(one, market, now_us) for one in market.contracts_of(day)],
        base=None if base is None else ContractView.of(base, market, now_us),
        peak=None if peak is None else ContractView.of(peak, market, now_us),
    )
