"""The areas that the hub knows, from the data file beside this one. Read once, never changed."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.market.areas.model import Area, Eic, Limits, Sequences
from cloud.market.series.model import Kind

_FILE = "areas.toml"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _EicRow(_Row):
    valid_from: date
    code: str = Field(pattern=r"^[0-9A-Z-]{16}$")


class _SequenceRow(_Row):
    valid_from: date
    positions: dict[str, int]
    confidence: str = Field(min_length=1)


class _LimitRow(_Row):
    kind: Kind
    valid_from: date
    low: float
    high: float
    source: str = Field(min_length=1)
    areas: tuple[str, ...] = ()
    """Without any: of all areas without rows of their own for this kind."""


class _AreaRow(_Row):
    code: str = Field(pattern=r"^[A-Z][A-Z0-9-]{1,19}$")
    time_zone: str
    country: str = Field(pattern=r"^[A-Z]{2}$")
    eic: tuple[_EicRow, ...] = Field(min_length=1)
    part_of: str = ""
    since: date | None = None
    until: date | None = None
    before: str = ""
    neighbours: tuple[str, ...] = ()
    sequence: tuple[_SequenceRow, ...] = ()
    names: dict[str, str] = {}


class _File(_Row):
    limit: tuple[_LimitRow, ...]
    area: tuple[_AreaRow, ...]

    @model_validator(mode="after")
    def _coherent(self) -> "_File":
        codes = [row.code for row in self.area]
        if len(set(codes)) < len(codes):
            raise ValueError("area.code: a code is used twice")
        named = {
            name for row in self.area for name in (*row.neighbours, row.part_of, row.before) if name
        }
        named.update(name for row in self.limit for name in row.areas)
        if unknown := sorted(named - set(codes)):
            raise ValueError(f"{unknown[0]}: no such area")
        return self


@cache
def load() -> dict[str, Area]:
    """Return all areas by their code, those of the past among them."""
    resource = files("cloud.market.areas") / "data" / _FILE
    file = _File.model_validate(tomllib.loads(resource.read_text(encoding="utf-8")))
    return {row.code: _area(row, file.limit) for row in file.area}


@cache
def by_eic() -> dict[str, Area]:
    """Return the area of each EIC that any of them has or had."""
    return {row.code: area for area in load().values() for row in area.eics}


def _area(row: _AreaRow, limits: tuple[_LimitRow, ...]) -> Area:
    return Area(
        code=row.code,
        zone=ZoneInfo(row.time_zone),
        country=row.country,
        eics=tuple(Eic(e.valid_from, e.code) for e in sorted(row.eic, key=_since, reverse=True)),
        part_of=row.part_of,
        since=row.since,
        until=row.until,
        before=row.before,
        neighbours=tuple(sorted(row.neighbours)),
        sequences=tuple(
            Sequences(s.valid_from, dict(s.positions))
            for s in sorted(row.sequence, key=_since, reverse=True)
        ),
        limits={kind.value: found for kind in Kind if (found := _limits(row, limits, kind))},
        names=dict(row.names),
    )


def _limits(row: _AreaRow, limits: tuple[_LimitRow, ...], kind: Kind) -> tuple[Limits, ...]:
    of_kind = [limit for limit in limits if limit.kind is kind]
    own = [limit for limit in of_kind if row.code in limit.areas]
    chosen = own or [limit for limit in of_kind if not limit.areas]
    return tuple(
        Limits(limit.valid_from, limit.low, limit.high)
        for limit in sorted(chosen, key=_since, reverse=True)
    )


def _since(row: _EicRow | _SequenceRow | _LimitRow) -> date:
    return row.valid_from
