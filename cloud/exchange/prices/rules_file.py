"""The rules of market data from an operator's TOML file, strictly checked.

    mark_age_s = 900
    ema_alpha = 0.2

    [index.ID3]
    from_lead_min = 180
    to_lead_min = 30
    volume_mwh_min = 5
    fallback = ["ID3_WIDE", "IDFull", "DAY_AHEAD"]

What is not written stays as it is without a file. A step of a fallback is the window of another
index of the file, or of the usual three, or the auction's price. Pure.
"""

import tomllib
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cloud.exchange.prices.rules import (
    DAY_AHEAD,
    INDICES,
    IndexRule,
    Rules,
    Window,
)
from cloud.market.contracts import TICKS_PER_EUR
from cloud.market.money import WH_PER_MWH

_LEAD_MIN_MAX = 7 * 24 * 60
_Lead = Annotated[int, Field(ge=-24 * 60, le=_LEAD_MIN_MAX)]
_Eur = Annotated[Decimal, Field(ge=0, le=20_000, multiple_of=Decimal("0.01"))]
_SECOND_US = 1_000_000
_USUAL = Rules()
_Product = Literal["PT15M", "PT30M", "PT60M", "BLOCK"]


class BadRules(Exception):
    """The file cannot be used; the text has one line for each mistake."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _IndexRow(_Row):
    from_lead_min: _Lead | None = None
    to_lead_min: _Lead | None = None
    products: tuple[_Product, ...] = Field(default=("PT15M", "PT30M", "PT60M"), min_length=1)
    volume_mwh_min: Decimal = Field(default=Decimal(0), ge=0, le=1_000_000)
    fallback: tuple[str, ...] = Field(default=(), max_length=8)


class _File(_Row):
    depth_levels: int = Field(default=_USUAL.depth_levels, ge=1, le=100)
    mark_age_s: int = Field(default=_USUAL.mark_age_us_max // _SECOND_US, ge=0, le=86_400)
    mark_spread_eur_mwh: _Eur = Decimal(_USUAL.mark_spread_ticks_max) / TICKS_PER_EUR
    ema_alpha: float = Field(default=_USUAL.ema_alpha, gt=0, le=1)
    tape_trades_max: int = Field(default=_USUAL.tape_trades_max, ge=1, le=1_000_000)
    index: dict[str, _IndexRow] = Field(default={}, max_length=20)


def parse(text: str, name: str) -> Rules:
    """Return the rules in a TOML text.

    Raises:
        BadRules: a key is unknown or out of range, a window ends before it begins, or a fallback
            names no index.
    """
    try:
        rows = _File.model_validate(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise BadRules(f"{name}: {error}") from error
    except ValidationError as error:
        raise BadRules(
            "\n".join(
                f"{name}: {'.'.join(map(str, e['loc']))}: {e['input']!r} is not allowed; {e['msg']}"
                for e in error.errors(include_url=False)
            )
        ) from error
    return Rules(
        indices=_indices(rows.index, name),
        depth_levels=rows.depth_levels,
        mark_age_us_max=rows.mark_age_s * _SECOND_US,
        mark_spread_ticks_max=int(rows.mark_spread_eur_mwh * TICKS_PER_EUR),
        ema_alpha=rows.ema_alpha,
        tape_trades_max=rows.tape_trades_max,
    )


def _indices(rows: dict[str, _IndexRow], name: str) -> dict[str, IndexRule]:
    windows = {code: rule.window for code, rule in INDICES.items()}
    for code, row in rows.items():
        try:
            windows[code] = Window(from_lead_min=row.from_lead_min, to_lead_min=row.to_lead_min)
        except ValueError as error:
            raise BadRules(f"{name}: index.{code}.{error}") from error
    made = {
        code: IndexRule(
            window=windows[code],
            products=frozenset(row.products),
            volume_wh_min=int(row.volume_mwh_min * WH_PER_MWH),
            fallback=tuple(_step(step, windows, f"{name}: index.{code}") for step in row.fallback),
        )
        for code, row in rows.items()
    }
    return {**INDICES, **made}


def _step(step: str, windows: dict[str, Window], where: str) -> Window | str:
    if step == DAY_AHEAD:
        return step
    if step not in windows:
        allowed = ", ".join([*windows, DAY_AHEAD])
        raise BadRules(f"{where}.fallback: {step!r} is not allowed; one of {allowed} is")
    return windows[step]
