"""The markets that the hub knows: the shipped data files, and an operator's own beside them.

A catalogue is read once and is the same for everybody: it never changes while the hub runs. A
wrong file stops the start, with one line for each mistake. The form of the rows is in `rows`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from cloud.market.contracts import Contract, Market
from cloud.market.rows import File

Catalogue = Mapping[str, Market]
"""Markets by their code."""
MARKETS_MAX = 1_000
BYTES_MAX = 4_000_000


class BadMarkets(Exception):
    """The data file cannot be used; the text has one line for each mistake."""


@cache
def load(own: Path | None = None) -> Catalogue:
    """Return the markets that this hub lists: of the shipped files and of the operator's own.

    A market of the operator's file stands in for a shipped one of the same code. Without a line
    ``listed`` in it, its markets are listed beside those that the shipped files list.

    Raises:
        BadMarkets: a file cannot be read or used.
    """
    shipped = _shipped()
    if own is None:
        return _listed(shipped, _names(shipped), "markets.toml")
    try:
        if own.stat().st_size > BYTES_MAX:
            raise BadMarkets(f"{own}: is too large; {BYTES_MAX} bytes are allowed")
        text = own.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadMarkets(f"{own}: cannot be read: {error}") from error
    file = _read(text, str(own))
    names = file.listed
    if names is None:
        names = (*_names(shipped), *(row.code for row in file.market))
    return _listed([*shipped, file], names, str(own))


@cache
def known() -> Catalogue:
    """Return all markets of the shipped files, listed or not."""
    shipped = _shipped()
    return _listed(shipped, [row.code for file in shipped for row in file.market], "markets.toml")


def parse(text: str, name: str) -> Catalogue:
    """Return the markets in a TOML text, listed or not.

    Raises:
        BadMarkets: a key is missing, unknown or out of range, or a code is used twice.
    """
    return {row.code: row.market() for row in _read(text, name).market}


def find(catalogue: Catalogue, market: str, start_us: int, end_us: int) -> Contract | None:
    """Return the contract or the block of this market from start to end, None for none."""
    found = catalogue.get(market)
    if found is None:
        return None
    if end_us - start_us == found.resolution_us:
        return found.contract(start_us)
    return found.block(start_us, end_us)


def _shipped() -> list[File]:
    folder = files("cloud.market") / "data"
    resources = sorted(folder.iterdir(), key=lambda resource: resource.name)
    return [
        _read(resource.read_text(encoding="utf-8"), resource.name)
        for resource in resources
        if resource.name.endswith(".toml")
    ]


def _names(shipped: Iterable[File]) -> tuple[str, ...]:
    return tuple(code for file in shipped for code in file.listed or ())


def _listed(shipped: Iterable[File], names: Iterable[str], name: str) -> Catalogue:
    """Return the listed ones of all markets; later files stand in for earlier ones."""
    rows = {row.code: row for file in shipped for row in file.market}
    chosen = dict.fromkeys(names)
    mistakes = [
        f"{name}: listed: {code!r} is not allowed; one of {', '.join(sorted(rows))} is expected"
        for code in chosen
        if code not in rows
    ]
    if len(chosen) > MARKETS_MAX:
        mistakes.append(f"{name}: {len(chosen)} markets are too many; {MARKETS_MAX} are allowed")
    if mistakes:
        raise BadMarkets("\n".join(mistakes))
    return {code: rows[code].market() for code in chosen}


def _read(text: str, name: str) -> File:
    try:
        file = File.model_validate(tomllib.loads(text, parse_float=Decimal))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadMarkets(f"{name}: {error}") from error
    except ValidationError as error:
        raise BadMarkets("\n".join(_lines(error, name))) from error
    codes = [row.code for row in file.market]
    for code in dict.fromkeys(codes):
        if codes.count(code) > 1:
            raise BadMarkets(f"{name}: market.code: {code!r} is used twice; codes are unique")
    return file


def _lines(error: ValidationError, name: str) -> Iterable[str]:
    details = error.errors(include_url=False)
    for detail in details:
        depth = len(detail["loc"])
        inside = [other for other in details if other["loc"][:depth] == detail["loc"]]
        if detail["type"] == "too_short" and len(inside) > 1:
            continue  # what is missing is the very row that is wrong
        where = ".".join(map(str, detail["loc"]))
        given = detail["input"]
        shown = "" if isinstance(given, dict | list) else f" {given!r} is not allowed;"
        yield f"{name}: {where}:{shown} {detail['msg'].removeprefix('Value error, ')}"
