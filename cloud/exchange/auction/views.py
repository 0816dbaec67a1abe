"""Auctions as they are shown. Prices in EUR/MWh, powers in kW."""

from pydantic import BaseModel, Field

from cloud.exchange.auction.calendar import Session, Stage
from cloud.exchange.auction.ladder import Ladder
from cloud.exchange.auction.orders import PPM, Style, Submission
from cloud.exchange.auction.outcome import Award, Fate, Outcome
from cloud.kernel.instants import iso, iso_or_none
from cloud.market.contracts import TICKS_PER_EUR


class SubmissionAnswer(BaseModel):
    auction: str
    day: str = Field(examples=["2026-11-22"])
    site: str | None
    received_at: str
    curves: int
    blocks: int


class OwnCurveView(BaseModel):
    period: int
    style: Style
    points: list[tuple[float, int]] = Field(description="price, net power: sold +, bought -")


class OwnBlockView(BaseModel):
    name: str
    price_eur_mwh: float
    parts: list[tuple[int, int]] = Field(description="period, power")
    min_ratio: float
    parent: str
    group: str
    loop: str


class SubmissionView(SubmissionAnswer):
    """What was ordered; `curves` and `blocks` count them."""

    ordered_curves: list[OwnCurveView]
    ordered_blocks: list[OwnBlockView]

    @classmethod
    def made(cls, at_us: int, one: Submission, session: Session) -> "SubmissionView":
        step_kw = session.step_kw
        return cls(
            auction=session.code,
            day=session.day.isoformat(),
            site=one.site or None,
            received_at=iso(at_us),
            curves=len(one.curves),
            blocks=len(one.blocks),
            ordered_curves=[
                OwnCurveView(
                    period=curve.period,
                    style=curve.style,
                    points=[(ticks / TICKS_PER_EUR, q * step_kw) for ticks, q in curve.points],
                )
                for curve in one.curves
            ],
            ordered_blocks=[
                OwnBlockView(
                    name=block.name,
                    price_eur_mwh=block.price_ticks / TICKS_PER_EUR,
                    parts=[(period, steps * step_kw) for period, steps in block.parts],
                    min_ratio=block.min_ratio_ppm / PPM,
                    parent=block.parent,
                    group=block.group,
                    loop=block.loop,
                )
                for block in one.blocks
            ],
        )


class OwnView(BaseModel):
    submissions: list[SubmissionView]


class SessionView(BaseModel):
    """The auction of one delivery day."""

    auction: str = Field(examples=["PHO_AT_DAY_AHEAD_15MIN"])
    area: str
    day: str
    stage: Stage
    opens: str
    gate: str
    first_delivery_start: str
    periods: int = Field(description="92, 96 or 100 quarter-hours")
    period_minutes: int
    step_kw: int
    price_eur_mwh_min: float
    price_eur_mwh_max: float

    @classmethod
    def of(cls, session: Session, stage: Stage) -> "SessionView":
        return cls(
            auction=session.code,
            area=session.area,
            day=session.day.isoformat(),
            stage=stage,
            opens=iso(session.opens_us),
            gate=iso(session.gate_us),
            first_delivery_start=iso(session.start_us),
            periods=session.terms.periods,
            period_minutes=session.period_us // 60_000_000,
            step_kw=session.step_kw,
            price_eur_mwh_min=session.terms.price_ticks_min / TICKS_PER_EUR,
            price_eur_mwh_max=session.terms.price_ticks_max / TICKS_PER_EUR,
        )


class SessionsView(BaseModel):
    auctions: list[SessionView]


class PeriodView(BaseModel):
    period: int
    delivery_start: str
    price_eur_mwh: float | None = Field(description="null: nobody sells, or nobody buys")
    volume_kw: int = Field(description="sold, and as much bought")


class ResultView(SessionView):
    """What came of it; without periods before it is published."""

    published_at: str | None
    results: list[PeriodView]
    blocks_accepted: int
    blocks_partly_accepted: int
    blocks_paradoxically_rejected: int
    welfare_eur: float | None
    gap: float | None = Field(description="relative; 0: less than a millionth may be missing")

    @classmethod
    def made(
        cls, session: Session, stage: Stage, outcome: Outcome | None, published_us: int | None
    ) -> "ResultView":
        fates = [b.fate for award in (outcome.awards if outcome else ()) for b in award.blocks]
        return cls(
            **SessionView.of(session, stage).model_dump(),
            published_at=iso_or_none(published_us),
            results=[] if outcome is None else _periods(session, outcome),
            blocks_accepted=fates.count(Fate.ACCEPTED),
            blocks_partly_accepted=fates.count(Fate.PARTLY_ACCEPTED),
            blocks_paradoxically_rejected=fates.count(Fate.PARADOXICALLY_REJECTED),
            welfare_eur=None if outcome is None else _welfare_eur(session, outcome),
            gap=None if outcome is None else outcome.gap,
        )


class BlockView(BaseModel):
    name: str
    fate: Fate
    powers_kw: list[int] = Field(description="taken, in the order of its parts")
    surplus_eur: float = Field(
        description="at the prices; of the whole where nothing was taken. Of a loop the sum counts"
    )


class AwardView(BaseModel):
    """What one member got for one site."""

    site: str | None
    powers_kw: list[int] = Field(description="net by period: sold +, bought -")
    cash_eur: float = Field(description="positive: to receive")
    blocks: list[BlockView]

    @classmethod
    def of(cls, award: Award, session: Session, prices: tuple[int | None, ...]) -> "AwardView":
        cash = sum(steps * (ticks or 0) for steps, ticks in zip(award.steps, prices, strict=True))
        return cls(
            site=award.site or None,
            powers_kw=[steps * session.step_kw for steps in award.steps],
            cash_eur=_eur(cash, session),
            blocks=[
                BlockView(
                    name=block.name,
                    fate=block.fate,
                    powers_kw=[steps * session.step_kw for steps in block.steps],
                    surplus_eur=_eur(block.surplus, session),
                )
                for block in award.blocks
            ],
        )


class LeftOutView(BaseModel):
    """A submission that did not count: at the gate it could not be allowed any more."""

    site: str | None
    code: str
    message: str


class AwardsView(BaseModel):
    awards: list[AwardView]
    left_out: list[LeftOutView]


class CurvePointView(BaseModel):
    price_eur_mwh: float
    sold_kw: int
    bought_kw: int


class CurvesView(BaseModel):
    """All curves of a period together, without names and blocks."""

    period: int
    points: list[CurvePointView]

    @classmethod
    def of(cls, session: Session, period: int, found: list[Submission]) -> "CurvesView":
        curves = [c for one in found for c in one.curves if c.period == period]
        terms = session.terms
        ladder = Ladder(curves, terms.price_ticks_min, terms.price_ticks_max)
        prices = {terms.price_ticks_min, terms.price_ticks_max}
        prices.update(ticks for curve in curves for ticks, _ in curve.points)
        jumps = (p for curve in curves if curve.style is Style.STEP for p, _ in curve.points)
        prices.update(max(terms.price_ticks_min, ticks - 1) for ticks in jumps)
        points = []
        for ticks in _thinned(sorted(prices)):
            given = [int(steps) for steps in ladder.at(ticks)]
            points.append(
                CurvePointView(
                    price_eur_mwh=ticks / TICKS_PER_EUR,
                    sold_kw=sum(max(0, steps) for steps in given) * session.step_kw,
                    bought_kw=sum(max(0, -steps) for steps in given) * session.step_kw,
                )
            )
        return cls(period=period, points=points)


CURVE_POINTS_MAX = 1_000


def _thinned(prices: list[int]) -> list[int]:
    """Return so many at most, the first and the last among them."""
    every = -(-len(prices) // CURVE_POINTS_MAX)
    return [*prices[:-1:every], prices[-1]]


def _periods(session: Session, outcome: Outcome) -> list[PeriodView]:
    return [
        PeriodView(
            period=period,
            delivery_start=iso(session.start_us + period * session.period_us),
            price_eur_mwh=None if ticks is None else ticks / TICKS_PER_EUR,
            volume_kw=steps * session.step_kw,
        )
        for period, (ticks, steps) in enumerate(zip(outcome.prices, outcome.volumes, strict=True))
    ]


def _welfare_eur(session: Session, outcome: Outcome) -> float:
    return _eur(outcome.welfare, session)


def _eur(ticks_steps: int, session: Session) -> float:
    """Return ticks x steps over one period as money, in whole cents, ties away from zero."""
    wh = session.step_kw * 1_000 * session.period_us // 3_600_000_000
    cents = abs(ticks_steps) * wh * 2 + 1_000_000
    return (1 if ticks_steps >= 0 else -1) * (cents // 2_000_000) / 100
