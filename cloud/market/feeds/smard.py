"""SMARD of the Bundesnetzagentur: prices, load and generation of Germany in weekly files. Pure.

An index names the files by their first instant; a file is ``{"series": [[ms, value or null]]}``.
Energies are MWh of a quarter-hour, as the pages of the source show them, and become the mean power,
MW; the files name no unit, so that this is not confirmed. Filters: market data, §5.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from cloud.market.areas.model import Area
from cloud.market.feeds import answers, rows
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import BadAnswer
from cloud.market.feeds.rows import Origin, Row
from cloud.market.series.model import Batch, Kind

SOURCE = "smard"
ADDRESS = "https://www.smard.de"
LICENCE = "CC BY 4.0, Bundesnetzagentur | SMARD.de"
RESOLUTION = "quarterhour"
RESOLUTION_S = 900
INDEX_MAX = 20_000
_MS = 1_000
_PAIR = 2


class Filter(NamedTuple):
    """A series of the source: its number, and our name of what it shows."""

    number: int
    detail: str


FILTERS: dict[Kind, tuple[Filter, ...]] = {
    Kind.PRICE_DAY_AHEAD: (Filter(4169, "SDAC"),),
    Kind.LOAD_ACTUAL: (Filter(410, ""),),
    Kind.GENERATION_ACTUAL: (
        Filter(4068, "B16"),
        Filter(1225, "B18"),
        Filter(4067, "B19"),
        Filter(4070, "B10"),
    ),
}


def offers(kind: Kind, area: Area) -> bool:
    """Prices are those of the zone alone, not of the control areas in it."""
    return (
        SOURCE in area.names
        and kind in FILTERS
        and not (kind is Kind.PRICE_DAY_AHEAD and area.part_of)
    )


def filters(wish: Wish) -> list[Filter]:
    """Return which series of the source a wish means."""
    return [one for one in FILTERS.get(wish.kind, ()) if wish.detail in ("", one.detail)]


def index_path(one: Filter, area: Area) -> str:
    return f"/app/chart_data/{one.number}/{area.names[SOURCE]}/index_{RESOLUTION}.json"


def block_path(one: Filter, area: Area, at_ms: int) -> str:
    region = area.names[SOURCE]
    name = f"{one.number}_{region}_{RESOLUTION}_{at_ms}.json"
    return f"/app/chart_data/{one.number}/{region}/{name}"


def blocks(body: bytes, wish: Wish) -> list[int]:
    """Return the names of the files that a wish needs, earliest first.

    Raises:
        BadAnswer: the body is no index.
    """
    found = answers.list_of(answers.object_of(body, SOURCE), "timestamps", SOURCE)
    if len(found) > INDEX_MAX:
        raise BadAnswer(f"{SOURCE}: an index of {len(found)} files; {INDEX_MAX} are allowed")
    known = sorted({answers.whole(at, "timestamps", SOURCE) for at in found})
    first = max(0, bisect_right(known, wish.start_us // _MS) - 1)
    return [at for at in known[first:] if at * _MS < wish.end_us]


def parse(bodies: Sequence[bytes], one: Filter, wish: Wish, area: Area, now_us: int) -> list[Batch]:
    """Return what the files of one filter say within the wish; null is no value.

    Raises:
        BadAnswer: a file is not of this form.
    """
    kept = []
    factor = 1.0 if wish.kind.unit == "EUR/MWh" else 3_600 / RESOLUTION_S
    for body in bodies:
        for pair in answers.list_of(answers.object_of(body, SOURCE), "series", SOURCE):
            if not isinstance(pair, list) or len(pair) != _PAIR:
                raise BadAnswer(f"{SOURCE}: a row is no pair")
            value = answers.number(pair[1], "value", SOURCE)
            if value is not None:
                at_ms = answers.whole(pair[0], "instant", SOURCE)
                kept.append(Row(at_ms * _MS, value * factor, RESOLUTION_S))
    origin = Origin(source=SOURCE, area=area, received_us=now_us, licence=LICENCE)
    return rows.batches(kept, wish, origin, one.detail)
