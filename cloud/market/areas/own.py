"""The operator's file of areas: dated rows in place of the shipped ones of the same day.

TOML, named by ``PHOENYRA_HUB_AREAS_FILE``; strictly checked, a line for each mistake. It changes
codes, numbers of auctions, limits and gates of areas that are known, and makes no new ones.
"""

import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from cloud.market.areas.rows import AreaRow, BadAreas, File, GateRow, LimitRow, OwnFile

BYTES_MAX = 1_000_000
_Row = TypeVar("_Row")


def read_own(path: Path) -> OwnFile:
    """Return what the operator's file says.

    Raises:
        BadAreas: it cannot be read, or a key is missing, unknown or out of range.
    """
    try:
        if path.stat().st_size > BYTES_MAX:
            raise BadAreas(f"{path}: is too large; {BYTES_MAX} bytes are allowed")
        return OwnFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise BadAreas(f"{path}: cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadAreas(f"{path}: {error}") from error
    except ValidationError as error:
        raise BadAreas("\n".join(_lines(path, error))) from error


def merged(shipped: File, own: OwnFile) -> File:
    """Return the shipped rows with the operator's in place of those of the same day.

    Raises:
        BadAreas: a row names an area that is not known.
    """
    known = {row.code for row in shipped.area}
    named = [row.code for row in own.area]
    named += [name for limit in own.limit for name in limit.areas]
    named += [name for gate in own.gate for name in gate.areas]
    for name in named:
        if name not in known:
            raise BadAreas(f"area {name!r} is not known; one of {', '.join(sorted(known))}")
    by_code = {row.code: row for row in own.area}
    areas: list[AreaRow] = []
    for row in shipped.area:
        mine = by_code.get(row.code)
        if mine is not None:
            eic = _instead(row.eic, mine.eic, lambda one: one.valid_from)
            sequence = _instead(row.sequence, mine.sequence, lambda one: one.valid_from)
            areas.append(row.model_copy(update={"eic": eic, "sequence": sequence}))
        else:
            areas.append(row)
    return File(
        area=tuple(areas),
        limit=_instead(shipped.limit, own.limit, _limit_key),
        gate=_instead(shipped.gate, own.gate, _gate_key),
    )


def _limit_key(row: LimitRow) -> object:
    return row.kind, row.valid_from, row.areas


def _gate_key(row: GateRow) -> object:
    return row.auction, row.valid_from, row.areas


def _instead(
    shipped: Iterable[_Row], own: Iterable[_Row], key: Callable[[_Row], object]
) -> tuple[_Row, ...]:
    return tuple({key(row): row for row in (*shipped, *own)}.values())


def _lines(path: Path, error: ValidationError) -> Iterable[str]:
    for detail in error.errors(include_url=False):
        where = ".".join(map(str, detail["loc"])) or "file"
        given = detail["input"]
        shown = "" if isinstance(given, dict | list) else f" {given!r} is not allowed;"
        yield f"{path}: {where}:{shown} {detail['msg'].removeprefix('Value error, ')}"
