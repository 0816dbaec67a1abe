"""The areas that the hub knows, from the data file beside this one. Read once, never changed."""

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from cloud.market.areas.model import Area, Eic, Gate, Limits, Sequences
from cloud.market.areas.own import merged, read_own
from cloud.market.areas.rows import AreaRow, EicRow, File, GateRow, LimitRow, SequenceRow
from cloud.market.series.model import Kind

_FILE = "areas.toml"


@cache
def load(own: Path | None = None) -> dict[str, Area]:
    """Return all areas by their code, those of the past among them.

    Args:
        own: the operator's file; its dated rows stand beside the shipped ones, and in the place of
            those of the same day. Read once.

    Raises:
        BadAreas: the operator's file cannot be read or used.
    """
    resource = files("cloud.market.areas") / "data" / _FILE
    shipped = File.model_validate(tomllib.loads(resource.read_text(encoding="utf-8")))
    file = shipped if own is None else merged(shipped, read_own(own))
    return {row.code: _area(row, file) for row in file.area}


@cache
def by_eic() -> dict[str, Area]:
    """Return the area of each EIC that any of them has or had."""
    return {row.code: area for area in load().values() for row in area.eics}


def _area(row: AreaRow, file: File) -> Area:
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
        limits={kind.value: found for kind in Kind if (found := _limits(row, file.limit, kind))},
        gates=_gates(row, file.gate),
        names=dict(row.names),
    )


def _limits(row: AreaRow, limits: tuple[LimitRow, ...], kind: Kind) -> tuple[Limits, ...]:
    of_kind = [limit for limit in limits if limit.kind is kind]
    own = [limit for limit in of_kind if row.code in limit.areas]
    chosen = own or [limit for limit in of_kind if not limit.areas]
    return tuple(
        Limits(limit.valid_from, limit.low, limit.high)
        for limit in sorted(chosen, key=_since, reverse=True)
    )


def _gates(row: AreaRow, gates: tuple[GateRow, ...]) -> tuple[Gate, ...]:
    own = [gate for gate in gates if row.code in gate.areas]
    named = {(gate.auction, gate.valid_from) for gate in own}
    shared = [g for g in gates if not g.areas and (g.auction, g.valid_from) not in named]
    return tuple(
        Gate(gate.auction, gate.valid_from, gate.day, gate.at)
        for gate in sorted([*own, *shared], key=_since, reverse=True)
    )


def _since(row: EicRow | SequenceRow | LimitRow | GateRow) -> date:
    return row.valid_from
