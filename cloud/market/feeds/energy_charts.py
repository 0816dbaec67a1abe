"""Energy-Charts of Fraunhofer ISE: day-ahead prices of many zones, without registration. Pure.

``{"license_info", "unix_seconds": [], "price": [], "unit", "deprecated"}``; EUR/MWh for zones with
other currencies too; 404 where there is nothing. The licence differs by zone and is kept word by
word. Source: market data, §5.
"""

from cloud.market.areas.model import Area
from cloud.market.feeds import answers, rows
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import BadAnswer
from cloud.market.feeds.rows import Origin, Row
from cloud.market.series.model import Batch, Kind

SOURCE = "energy-charts"
ADDRESS = "https://api.energy-charts.info"
_US = 1_000_000


def offers(kind: Kind, area: Area) -> bool:
    return kind is Kind.PRICE_DAY_AHEAD and SOURCE in area.names


def question(wish: Wish, area: Area) -> tuple[str, dict[str, str]]:
    """Return path and parameters; the end is the last second that is asked for."""
    return "/price", {
        "bzn": area.names[SOURCE],
        "start": str(wish.start_us // _US),
        "end": str(wish.end_us // _US - 1),
    }


def parse(body: bytes, wish: Wish, area: Area, received_us: int) -> list[Batch]:
    """Return what an answer says within the wish; null is no value.

    Raises:
        BadAnswer: it is no answer of this form, or in another unit.
    """
    found = answers.object_of(body, SOURCE)
    answers.price_unit(found.get("unit"), SOURCE)
    starts = answers.list_of(found, "unix_seconds", SOURCE)
    prices = answers.list_of(found, "price", SOURCE)
    if len(starts) != len(prices):
        raise BadAnswer(f"{SOURCE}: {len(starts)} instants and {len(prices)} prices")
    read = (
        (answers.whole(at, "unix_seconds", SOURCE), answers.number(price, "price", SOURCE))
        for at, price in zip(starts, prices, strict=True)
    )
    licence = found.get("license_info")
    origin = Origin(
        source=SOURCE,
        area=area,
        received_us=received_us,
        licence=licence if isinstance(licence, str) else "",
    )
    kept = (Row(at * _US, price) for at, price in read if price is not None)
    return rows.batches(kept, wish, origin)
