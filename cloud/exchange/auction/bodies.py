"""Auction orders as they are posted. Prices in EUR/MWh, powers in kW."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.exchange.auction.calendar import Session
from cloud.exchange.auction.orders import (
    BLOCKS_MAX,
    NAME_MAX,
    POINTS_MAX,
    PPM,
    Block,
    Curve,
    Style,
    Submission,
)
from cloud.kernel.errors import Invalid
from cloud.kernel.keys import IDENTIFIER
from cloud.market.money import OffStep, ticks_of

PERIODS_MAX = 100
_Price = Annotated[Decimal, Field(ge=-100_000, le=100_000, allow_inf_nan=False, examples=[85.5])]
_PowerKw = Annotated[int, Field(ge=-(10**9), le=10**9, description="sold +, bought -")]
_Period = Annotated[int, Field(ge=0, lt=PERIODS_MAX, description="0: the first of the local day")]
_Name = Annotated[str, Field(max_length=NAME_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CurveBody(_Body):
    """Net power by price in one period; it never falls while the price rises."""

    period: _Period
    style: Literal["LINEAR", "STEP"] = "LINEAR"
    points: list[tuple[_Price, _PowerKw]] = Field(
        min_length=1, max_length=POINTS_MAX, examples=[[[0, -100], [60, 0], [90, 100]]]
    )


class BlockBody(_Body):
    """Powers over periods that are taken together, for their mean price or a better one."""

    name: _Name = Field(min_length=1, examples=["evening"])
    price_eur_mwh: _Price
    parts: list[tuple[_Period, _PowerKw]] = Field(
        min_length=1, max_length=PERIODS_MAX, examples=[[[72, 100], [73, 100]]]
    )
    min_ratio: Decimal = Field(default=Decimal(1), ge=0, le=1, allow_inf_nan=False)
    parent: _Name = ""
    group: _Name = ""
    loop: _Name = Field(default="", description="taken with all others of this loop, or not at all")


class SubmissionBody(_Body):
    """All that a member orders in an auction for one site, or without one."""

    site: str | None = Field(
        default=None, pattern=IDENTIFIER, description="which battery delivers", examples=["hafen"]
    )
    curves: list[CurveBody] = Field(default=[], max_length=PERIODS_MAX)
    blocks: list[BlockBody] = Field(default=[], max_length=BLOCKS_MAX)

    def submission(self, account: str, session: Session) -> Submission:
        """Return it in ticks and steps.

        Raises:
            Invalid: a price or a power is no whole number of them.
        """
        return Submission(
            account=account,
            site=self.site or "",
            curves=tuple(
                Curve(
                    period=curve.period,
                    style=Style(curve.style),
                    points=tuple(
                        (_ticks(price, f"curves.{n}"), _steps(power, session, f"curves.{n}"))
                        for price, power in curve.points
                    ),
                )
                for n, curve in enumerate(self.curves)
            ),
            blocks=tuple(
                Block(
                    name=block.name,
                    price_ticks=_ticks(block.price_eur_mwh, f"blocks.{n}"),
                    parts=tuple(
                        (period, _steps(power, session, f"blocks.{n}"))
                        for period, power in block.parts
                    ),
                    min_ratio_ppm=int(block.min_ratio * PPM),
                    parent=block.parent,
                    group=block.group,
                    loop=block.loop,
                )
                for n, block in enumerate(self.blocks)
            ),
        )


def _ticks(price: Decimal, key: str) -> int:
    try:
        return ticks_of(price)
    except OffStep as error:
        raise Invalid(f"{key}: {error}") from error


def _steps(power_kw: int, session: Session, key: str) -> int:
    if power_kw % session.step_kw:
        raise Invalid(f"{key}: {power_kw} kW is not allowed; multiples of {session.step_kw} are")
    return power_kw // session.step_kw
