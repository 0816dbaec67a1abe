"""aWATTar: day-ahead prices of Austria and Germany, an hour a row, without registration. Pure.

``{"data": [{"start_timestamp": ms, "end_timestamp": ms, "marketprice", "unit": "Eur/MWh"}]}``. The
length of a row is its end less its start: quarter-hours, should they come, are taken as such.
Source: market data, §5.
"""

from cloud.market.areas.model import Area
from cloud.market.feeds import answers, rows
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import BadAnswer
from cloud.market.feeds.rows import Origin, Row
from cloud.market.series.model import Batch, Kind

SOURCE = "awattar"
ADDRESSES = {"at": "https://api.awattar.at", "de": "https://api.awattar.de"}
"""By `Area.names`; whether Austria needs a token is not confirmed."""
_MS = 1_000


def offers(kind: Kind, area: Area) -> bool:
    return kind is Kind.PRICE_DAY_AHEAD and SOURCE in area.names


def question(wish: Wish) -> tuple[str, dict[str, str]]:
    """Return path and parameters."""
    return "/v1/marketdata", {"start": str(wish.start_us // _MS), "end": str(wish.end_us // _MS)}


def parse(body: bytes, wish: Wish, area: Area, received_us: int) -> list[Batch]:
    """Return what an answer says within the wish.

    Raises:
        BadAnswer: it is no answer of this form, or a row is in another unit.
    """
    found = answers.object_of(body, SOURCE)
    kept = []
    for row in answers.list_of(found, "data", SOURCE):
        if not isinstance(row, dict):
            raise BadAnswer(f"{SOURCE}: a row is no object")
        answers.price_unit(row.get("unit"), SOURCE)
        start_ms = answers.whole(row.get("start_timestamp"), "start_timestamp", SOURCE)
        end_ms = answers.whole(row.get("end_timestamp"), "end_timestamp", SOURCE)
        price = answers.number(row.get("marketprice"), "marketprice", SOURCE)
        if price is not None:
            kept.append(Row(start_ms * _MS, price, (end_ms - start_ms) // 1_000 or -1))
    return rows.batches(kept, wish, Origin(source=SOURCE, area=area, received_us=received_us))
