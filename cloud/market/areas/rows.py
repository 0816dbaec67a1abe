"""The form of the areas' data files, strictly checked. Pure."""

import re
from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from cloud.market.series.model import Kind


class BadAreas(Exception):
    """The operator's file of areas cannot be used; the text has one line for each mistake."""


def _clock_time(text: str) -> str:
    if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) is None:
        raise ValueError("a local time as 12:00 is expected")
    return text


def _eic(text: str) -> str:
    if re.fullmatch(r"[0-9A-Z-]{16}", text) is None:
        raise ValueError("16 signs as 10YAT-APG------L are expected")
    return text


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EicRow(_Row):
    valid_from: date
    code: Annotated[str, AfterValidator(_eic)]


class SequenceRow(_Row):
    valid_from: date
    positions: dict[str, int]
    confidence: str = Field(min_length=1)


class LimitRow(_Row):
    kind: Kind
    valid_from: date
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    source: str = Field(min_length=1)
    areas: tuple[str, ...] = ()
    """Without any: of all areas without rows of their own for this kind."""

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"high: {self.high} is not allowed; more than low ({self.low}) is")
        return self


class GateRow(_Row):
    """When an auction closes, by the clock of the area."""

    auction: Literal["SDAC", "EXAA", "IDA1", "IDA2", "IDA3"]
    valid_from: date
    day: int = Field(ge=-1, le=0)
    """Counted from the delivery day."""
    local: Annotated[str, AfterValidator(_clock_time)]
    source: str = Field(min_length=1)
    areas: tuple[str, ...] = ()
    """Without any: of all areas without rows of their own for this auction and day."""

    @property
    def at(self) -> time:
        return time.fromisoformat(self.local)


class AreaRow(_Row):
    code: str = Field(pattern=r"^[A-Z][A-Z0-9-]{1,19}$")
    time_zone: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    eic: tuple[EicRow, ...] = Field(min_length=1)
    part_of: str = ""
    since: date | None = None
    until: date | None = None
    before: str = ""
    neighbours: tuple[str, ...] = ()
    sequence: tuple[SequenceRow, ...] = ()
    names: dict[str, str] = {}


class File(_Row):
    limit: tuple[LimitRow, ...]
    gate: tuple[GateRow, ...]
    area: tuple[AreaRow, ...]

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        codes = [row.code for row in self.area]
        if len(set(codes)) < len(codes):
            raise ValueError("area.code: a code is used twice")
        named = {
            name for row in self.area for name in (*row.neighbours, row.part_of, row.before) if name
        }
        named.update(name for row in self.limit for name in row.areas)
        named.update(name for row in self.gate for name in row.areas)
        if unknown := sorted(named - set(codes)):
            raise ValueError(f"{unknown[0]}: no such area")
        return self


class OwnAreaRow(_Row):
    """Dated rows of an area that is known."""

    code: str = Field(pattern=r"^[A-Z][A-Z0-9-]{1,19}$")
    eic: tuple[EicRow, ...] = Field(default=(), max_length=100)
    sequence: tuple[SequenceRow, ...] = Field(default=(), max_length=1_000)


class OwnFile(_Row):
    """All of the operator's file."""

    area: tuple[OwnAreaRow, ...] = Field(default=(), max_length=100)
    limit: tuple[LimitRow, ...] = Field(default=(), max_length=1_000)
    gate: tuple[GateRow, ...] = Field(default=(), max_length=1_000)
