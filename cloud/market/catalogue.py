"""The markets that the hub knows, from the data file, strictly checked.

A catalogue is read once and is the same for everybody: it never changes while the hub runs.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cloud.market.contracts import TICKS_PER_EUR, Market, Rule

_Eur = Annotated[Decimal, Field(ge=-100_000, le=100_000, multiple_of=Decimal("0.01"))]
Catalogue = Mapping[str, Market]
"""Markets by their code."""


class BadMarkets(Exception):
    """The data file cannot be used; the text has one line for each mistake."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("a time zone as Europe/Vienna is expected") from None
    return name


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _RuleRow(_Row):
    valid_from: date
    opens_ahead_s: int = Field(gt=0, le=7 * 86_400)
    close_lead_s: int = Field(ge=0, le=86_400)
    step_kw: int = Field(ge=1, le=1_000_000)
    quantity_kw_max: int = Field(ge=1, le=1_000_000_000)
    price_eur_mwh_min: _Eur
    price_eur_mwh_max: _Eur
    protection_eur_mwh: Annotated[_Eur, Field(ge=0)]
    source: str
    confidence: str

    def rule(self) -> Rule:
        return Rule(
            valid_from=self.valid_from,
            opens_ahead_s=self.opens_ahead_s,
            close_lead_s=self.close_lead_s,
            step_kw=self.step_kw,
            quantity_kw_max=self.quantity_kw_max,
            price_ticks_min=int(self.price_eur_mwh_min * TICKS_PER_EUR),
            price_ticks_max=int(self.price_eur_mwh_max * TICKS_PER_EUR),
            protection_ticks=int(self.protection_eur_mwh * TICKS_PER_EUR),
        )


class _MarketRow(_Row):
    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")
    area: str = Field(pattern=r"^[A-Z][A-Z0-9_-]{1,19}$")
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    resolution_s: Literal[900]
    """Only quarter-hours so far: site limits, positions and schedules are counted in them."""
    rule: tuple[_RuleRow, ...] = Field(min_length=1)

    def market(self) -> Market:
        rules = sorted(
            (row.rule() for row in self.rule), key=lambda rule: rule.valid_from, reverse=True
        )
        return Market(
            code=self.code,
            area=self.area,
            zone=ZoneInfo(self.time_zone),
            resolution_s=self.resolution_s,
            rules=tuple(rules),
        )


class _File(_Row):
    market: tuple[_MarketRow, ...] = Field(min_length=1)


@cache
def load() -> Catalogue:
    """Return the markets that are shipped."""
    resource = files("cloud.market") / "data" / "markets.toml"
    return parse(resource.read_text(encoding="utf-8"), "markets.toml")


def parse(text: str, name: str) -> Catalogue:
    """Return the markets in a TOML text.

    Raises:
        BadMarkets: a key is missing, unknown or out of range, or a code is used twice.
    """
    try:
        rows = _File.model_validate(tomllib.loads(text, parse_float=Decimal)).market
    except tomllib.TOMLDecodeError as error:
        raise BadMarkets(f"{name}: {error}") from error
    except ValidationError as error:
        raise BadMarkets(
            "\n".join(
                f"{name}: {'.'.join(map(str, e['loc']))}: {e['input']!r} is not allowed; {e['msg']}"
                for e in error.errors(include_url=False)
            )
        ) from error
    codes = [row.code for row in rows]
    for code in codes:
        if codes.count(code) > 1:
            raise BadMarkets(f"{name}: market.code: {code!r} is used twice; codes are unique")
    return {row.code: row.market() for row in rows}
