"""The form of the markets' data files, strictly checked. Pure."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cloud.market.breaks import Break
from cloud.market.contracts import PRODUCTS, TICKS_PER_EUR, Market, Rule

_Eur = Annotated[Decimal, Field(ge=-100_000, le=100_000, multiple_of=Decimal("0.01"))]
_Distance = Annotated[_Eur, Field(ge=0)]
_Kw = Annotated[int, Field(ge=1, le=1_000_000_000)]
_Code = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]
_Lead = Annotated[int, Field(ge=0, le=86_400)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("a time zone as Europe/Vienna is expected") from None
    return name


def _clock_time(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        raise ValueError("a local time as 15:00 is expected") from None


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Opens(_Row):
    """A local time on a day before delivery: day -1 is the day before."""

    day: int = Field(ge=-7, le=0)
    local: Annotated[str, AfterValidator(lambda text: _clock_time(text) and text)]


class RuleRow(_Row):
    """What holds for delivery days from `valid_from` on."""

    valid_from: date
    opens: _Opens | None = None
    opens_ahead_s: Annotated[int, Field(gt=0, le=7 * 86_400)] | None = None
    area_only_lead_s: _Lead = 0
    close_lead_s: _Lead
    step_kw: int = Field(ge=1, le=1_000_000)
    quantity_kw_min: _Kw | None = None
    quantity_kw_max: _Kw
    clip_kw_min: _Kw | None = None
    tick_eur_mwh: Annotated[_Eur, Field(gt=0)] = Decimal("0.01")
    price_eur_mwh_min: _Eur
    price_eur_mwh_max: _Eur
    protection_eur_mwh: _Distance
    collar_eur_mwh: _Distance | None = None
    source: str = Field(min_length=1)
    confidence: str = Field(min_length=1)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.opens is None) == (self.opens_ahead_s is None):
            raise ValueError("one of opens and opens_ahead_s is expected")
        if self.opens_ahead_s is not None and self.opens_ahead_s <= self.close_lead_s:
            raise ValueError("opens_ahead_s: more than close_lead_s is expected")
        if self.area_only_lead_s and self.area_only_lead_s <= self.close_lead_s:
            raise ValueError("area_only_lead_s: more than close_lead_s is expected, or 0")
        if self.price_eur_mwh_min >= self.price_eur_mwh_max:
            raise ValueError("price_eur_mwh_max: more than price_eur_mwh_min is expected")
        for name in ("quantity_kw_min", "clip_kw_min"):
            value = getattr(self, name) or self.step_kw
            if value % self.step_kw or value > self.quantity_kw_max:
                raise ValueError(
                    f"{name}: {value}: a multiple of step_kw ({self.step_kw}) up to"
                    f" quantity_kw_max ({self.quantity_kw_max}) is expected"
                )
        return self

    def rule(self) -> Rule:
        """Return the rule in ticks."""
        opens = self.opens
        collar = self.collar_eur_mwh
        return Rule(
            valid_from=self.valid_from,
            opens_ahead_s=self.opens_ahead_s or 0,
            opens_day=0 if opens is None else opens.day,
            opens_local=None if opens is None else _clock_time(opens.local),
            area_only_lead_s=self.area_only_lead_s,
            close_lead_s=self.close_lead_s,
            step_kw=self.step_kw,
            quantity_kw_min=self.quantity_kw_min or self.step_kw,
            quantity_kw_max=self.quantity_kw_max,
            clip_kw_min=self.clip_kw_min or self.step_kw,
            tick_ticks=int(self.tick_eur_mwh * TICKS_PER_EUR),
            price_ticks_min=int(self.price_eur_mwh_min * TICKS_PER_EUR),
            price_ticks_max=int(self.price_eur_mwh_max * TICKS_PER_EUR),
            protection_ticks=int(self.protection_eur_mwh * TICKS_PER_EUR),
            collar_ticks=None if collar is None else int(collar * TICKS_PER_EUR),
        )


class BreakRow(_Row):
    """A time of each local day, from `valid_from` on, around which a market stands still."""

    valid_from: date
    valid_until: date | None = None
    local: Annotated[str, AfterValidator(lambda text: _clock_time(text) and text)]
    lead_s: _Lead
    lasts_s: Annotated[int, Field(gt=0, le=43_200)]
    reason: str = Field(min_length=1, max_length=200)
    source: str = Field(min_length=1)
    confidence: str = Field(min_length=1)

    def one(self) -> Break:
        return Break(
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            local=_clock_time(self.local).replace(tzinfo=None),
            lead_s=self.lead_s,
            lasts_s=self.lasts_s,
            reason=self.reason,
        )


class MarketRow(_Row):
    """A market with its dated rules and breaks."""

    code: _Code
    area: str = Field(pattern=r"^[A-Z][A-Z0-9_-]{1,19}$")
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    resolution_s: Literal[900, 1800, 3600]
    scope: Literal["local", "country", "cross_zonal"] = "local"
    rule: tuple[RuleRow, ...] = Field(min_length=1, max_length=1_000)
    pause: tuple[BreakRow, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        zone = ZoneInfo(self.time_zone)
        for month in (1, 7):
            offset = datetime(2026, month, 1, tzinfo=zone).utcoffset()
            if offset is None or offset.total_seconds() % self.resolution_s:
                raise ValueError(
                    f"time_zone: {PRODUCTS[self.resolution_s]} needs whole periods from UTC"
                )
        days = [row.valid_from for row in self.rule]
        if len(set(days)) < len(days):
            raise ValueError("rule.valid_from: a day is given twice; one rule a day is allowed")
        return self

    def market(self) -> Market:
        """Return the market, its rules newest first."""
        rules = sorted(
            (row.rule() for row in self.rule), key=lambda rule: rule.valid_from, reverse=True
        )
        return Market(
            code=self.code,
            area=self.area,
            zone=ZoneInfo(self.time_zone),
            resolution_s=self.resolution_s,
            rules=tuple(rules),
            scope=self.scope,
            breaks=tuple(row.one() for row in self.pause),
        )


class File(_Row):
    """A file: its markets, and which of all known ones the hub lists."""

    listed: tuple[_Code, ...] | None = None
    market: tuple[MarketRow, ...] = ()
