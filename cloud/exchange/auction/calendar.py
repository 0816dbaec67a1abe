"""The auctions that are held, and for each delivery day its gate, periods and limits. Pure.

They are data (``data/auctions.toml``), checked strictly. Local time makes gates and days, never
a key: a day has as many periods as the area's clock gives it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cloud.exchange.auction.orders import Terms
from cloud.market.contracts import TICKS_PER_EUR
from wire import clock

_Eur = Annotated[Decimal, Field(ge=-100_000, le=100_000, multiple_of=Decimal("0.01"))]
_Kw = Annotated[int, Field(ge=1, le=100_000_000)]


class Stage(Enum):
    """Where an auction of a day is."""

    PLANNED = "PLANNED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    """Its orders are sealed, and its result is not out yet."""
    PUBLISHED = "PUBLISHED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The auction of one delivery day; orders are taken in ``[opens_us, gate_us)``."""

    code: str
    area: str
    day: date
    start_us: int
    period_us: int
    opens_us: int
    gate_us: int
    step_kw: int
    terms: Terms

    def stage(self, at_us: int) -> Stage:
        """Return the stage by the clock; only a result makes it `PUBLISHED`."""
        if at_us < self.opens_us:
            return Stage.PLANNED
        return Stage.OPEN if at_us < self.gate_us else Stage.CLOSED


def _clock_time(text: str) -> str:
    try:
        datetime.strptime(text, "%H:%M").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("a local time as 12:00 is expected") from None
    return text


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _When(_Row):
    day: int = Field(ge=-31, le=0)
    local: Annotated[str, AfterValidator(_clock_time)]

    def at_us(self, day: date, zone: ZoneInfo) -> int:
        return _local_us(day + timedelta(days=self.day), time.fromisoformat(self.local), zone)


class _Rule(_Row):
    valid_from: date
    opens: _When
    gate: _When
    step_kw: _Kw
    quantity_kw_max: _Kw
    price_eur_mwh_min: _Eur
    price_eur_mwh_max: _Eur
    source: str = Field(min_length=1)
    confidence: str = Field(min_length=1)


class Auction(_Row):
    """An auction with its dated rules."""

    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")
    area: str = Field(pattern=r"^[A-Z][A-Z0-9_-]{1,19}$")
    time_zone: str
    resolution_s: Literal[900, 1800, 3600]
    rule: tuple[_Rule, ...] = Field(min_length=1)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def day_of(self, at_us: int) -> date:
        """Return the local day that an instant is on."""
        return clock.utc(at_us).astimezone(self.zone).date()

    def session(self, day: date) -> Session | None:
        """Return the auction of a delivery day, None before the first rule."""
        held = [rule for rule in self.rule if rule.valid_from <= day]
        if not held:
            return None
        rule = max(held, key=lambda one: one.valid_from)
        start_us = _local_us(day, time.min, self.zone)
        end_us = _local_us(day + timedelta(days=1), time.min, self.zone)
        period_us = self.resolution_s * 1_000_000
        terms = Terms(
            periods=(end_us - start_us) // period_us,
            price_ticks_min=int(rule.price_eur_mwh_min * TICKS_PER_EUR),
            price_ticks_max=int(rule.price_eur_mwh_max * TICKS_PER_EUR),
            steps_max=rule.quantity_kw_max // rule.step_kw,
        )
        return Session(
            code=self.code,
            area=self.area,
            day=day,
            start_us=start_us,
            period_us=period_us,
            opens_us=rule.opens.at_us(day, self.zone),
            gate_us=rule.gate.at_us(day, self.zone),
            step_kw=rule.step_kw,
            terms=terms,
        )

    def sessions(self, at_us: int) -> list[Session]:
        """Return the auctions whose orders are taken at an instant, nearest delivery first."""
        today = self.day_of(at_us)
        span = 1 - min(rule.opens.day for rule in self.rule)
        found = (self.session(today + timedelta(days=ahead)) for ahead in range(span + 1))
        return [one for one in found if one is not None and one.stage(at_us) is Stage.OPEN]

    def past(self, at_us: int, days: int) -> list[Session]:
        """Return the auctions whose gate has closed, of so many delivery days back, newest first.

        What is delivered tomorrow and later counts too.
        """
        today = self.day_of(at_us)
        ahead = 1 - min(rule.gate.day for rule in self.rule)
        found = (self.session(today + timedelta(days=day)) for day in range(ahead, -days - 1, -1))
        return [one for one in found if one is not None and at_us >= one.gate_us]


class _File(_Row):
    auction: tuple[Auction, ...]


@cache
def load() -> Mapping[str, Auction]:
    """Return the auctions that are held, by code."""
    text = (files("cloud.exchange.auction") / "data" / "auctions.toml").read_text(encoding="utf-8")
    file = _File.model_validate(tomllib.loads(text, parse_float=Decimal))
    return {auction.code: auction for auction in file.auction}


def _local_us(day: date, at: time, zone: ZoneInfo) -> int:
    return clock.micros(datetime.combine(day, at, zone))
