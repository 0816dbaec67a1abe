"""A simulated transparency platform: our own documents over real HTTP, with its habits and faults.

It answers whole local days, more than was asked for; two auctions side by side; at most a hundred
series at once; archives for outages and imbalance; acknowledgements for what it has not. Faults are
put into `Platform.faults` and come first.
"""

import gzip
import io
import math
import zipfile
import zlib
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.entsoe_documents import (
    MadeDocument,
    MadePeriod,
    MadeSeries,
    acknowledgement,
    xml,
)
from simulators.http import serving
from wire.clock import micros, utc

PAGE = 100
PLANTS = ("B16", "B19")
NOMINAL_MW = 400.0
_DAYS_MAX = 366
_PRICES = {
    "auction.type": "A01",
    "businessType": "A62",
    "contract_MarketAgreement.type": "A01",
    "currency_Unit.name": "EUR",
    "price_Measure_Unit.name": "MWH",
}
_POWER = {"quantity_Measure_Unit.name": "MAW"}
_SEQUENCE = "classificationSequence_AttributeInstanceComponent.position"
_XML, _ZIP = "application/xml", "application/zip"


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer given instead of the true one."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Platform:
    """What is published, and what was asked; changed by a test as it goes."""

    token: str = field(default_factory=lambda: str(uuid4()))
    """The only one that is let in."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Vienna"))
    sequences: tuple[str, ...] = ("2", "1")
    """Auctions of day-ahead prices, in the order in which they are sent."""
    published_until_us: int | None = None
    """Nothing that begins later is there, None: everything is."""
    days_max: int = _DAYS_MAX
    revision: int = 1
    shift: float = 0.0
    """Added to all values: a correction, together with `revision` and `created_us`."""
    created_us: int = micros(datetime(2026, 1, 1, tzinfo=UTC))
    packed: bool = False
    """Whether answers are compressed on the way."""
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[dict[str, str]] = field(default_factory=list)
    """Every question, without its token."""

    def value(self, name: str, start_us: int) -> float:
        """Return what is published for an interval: a curve by day; prices are now and then < 0."""
        phase = zlib.crc32(name.encode()) % 1_000 / 1_000
        hour = start_us / 3.6e9
        base = (55.0 if name.startswith(("A44", "A85")) else 155.0) + 70.0 * math.sin(
            2 * math.pi * (hour / 24 + phase)
        )
        return round(base + 9.0 * math.sin(hour * 5 * (1 + phase)) + self.shift, 2)

    def days(self, start_us: int, end_us: int) -> list[tuple[int, int]]:
        """Return the local days that an interval touches, as far as they are published."""
        found = []
        day = utc(start_us).astimezone(self.zone).date()
        while (edges := (self._midnight(day), self._midnight(day + timedelta(days=1))))[0] < end_us:
            if self.published_until_us is None or edges[0] < self.published_until_us:
                found.append(edges)
            day += timedelta(days=1)
        return found

    def _midnight(self, day: date) -> int:
        return micros(datetime.combine(day, time.min, self.zone))


@asynccontextmanager
async def platform_server(platform: Platform, port: int = 0) -> AsyncIterator[str]:
    """Serve the platform until the block ends; the value is its address.

    Raises:
        OSError: the port is taken.
    """

    async def answer(request: Request) -> Response:
        return _answer(platform, dict(request.query_params))

    app = Starlette(routes=[Route("/api", answer)])
    async with serving(app, "127.0.0.1", port) as taken:
        yield f"http://127.0.0.1:{taken}/api"


def _answer(platform: Platform, query: dict[str, str]) -> Response:
    token = query.pop("securityToken", "")
    platform.asked.append(query)
    if platform.faults:
        fault = platform.faults.popleft()
        return Response(fault.body, fault.status, dict(fault.headers))
    if token != platform.token:
        return Response("<html>Unauthorized</html>", 401)
    try:
        start_us, end_us = _instant(query["periodStart"]), _instant(query["periodEnd"])
        days = (end_us - start_us) // 86_400_000_000
        if days > platform.days_max:
            text = f"The number of instances ({days}) exceeds the allowed maximum"
            body = acknowledgement("999", f"{text} ({platform.days_max})")
            return Response(body, 400, media_type=_XML)
        documents = _documents(platform, query, start_us, end_us)
    except (KeyError, ValueError) as error:
        text = f"Input parameter is missing or wrong: {error}"
        return Response(acknowledgement("B11", text), 400, media_type=_XML)
    if not any(document.series for document in documents):
        return Response(acknowledgement("999", "No matching data found"), media_type=_XML)
    if query["documentType"] in ("A76", "A77", "A78", "A79", "A80", "A85"):
        return Response(archive([xml(document) for document in documents]), media_type=_ZIP)
    body = xml(documents[0])
    if platform.packed:
        return Response(gzip.compress(body), headers={"Content-Encoding": "gzip"})
    return Response(body, media_type=_XML)


def archive(bodies: Sequence[bytes]) -> bytes:
    """Return documents as one archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as entries:
        for number, body in enumerate(bodies, 1):
            entries.writestr(f"{number:03}-made.xml", body)
    return packed.getvalue()


def _documents(
    platform: Platform, query: Mapping[str, str], start_us: int, end_us: int
) -> list[MadeDocument]:
    days = platform.days(start_us, end_us)
    match query["documentType"]:
        case "A44":
            root, series = "Publication_MarketDocument", _prices(platform, query, days)
        case "A11":
            root, series = "Publication_MarketDocument", _flows(platform, query, days)
        case "A65":
            root, series = "GL_MarketDocument", _loads(platform, query, days)
        case "A69" | "A75":
            root, series = "GL_MarketDocument", _plants(platform, query, days)
        case "A85":
            root, series = "Balancing_MarketDocument", _imbalance(platform, query, days)
        case "A76" | "A77" | "A78" | "A79" | "A80":
            return _outages(platform, query, days)
        case other:
            raise ValueError(f"documentType {other}")
    made = MadeDocument(
        root=root,
        type=query["documentType"],
        series=series,
        revision=platform.revision,
        created_us=platform.created_us,
    )
    return [made]


def _period(
    platform: Platform, name: str, edges: tuple[int, int], tag: str = "Period"
) -> MadePeriod:
    values = [platform.value(name, at_us) for at_us in range(*edges, 900_000_000)]
    return MadePeriod(start_us=edges[0], resolution="PT15M", values=values, tag=tag)


def _prices(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    area = query["in_Domain"]
    offset = int(query.get("offset", "0"))
    domains = {"in_Domain.mRID": area, "out_Domain.mRID": query["out_Domain"]}
    series = [
        MadeSeries(
            texts={**_PRICES, **domains, _SEQUENCE: sequence},
            periods=[_period(platform, f"A44{area}{sequence}", edges)],
        )
        for edges in days
        for sequence in platform.sequences
    ]
    return series[offset : offset + PAGE]


def _flows(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    into, out = query["in_Domain"], query["out_Domain"]
    texts = {**_POWER, "in_Domain.mRID": into, "out_Domain.mRID": out}
    periods = [_period(platform, f"A11{out}{into}", edges) for edges in days]
    return [MadeSeries(texts=texts, periods=periods, value="quantity")] if periods else []


def _loads(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    area = query["outBiddingZone_Domain"]
    texts = {**_POWER, "businessType": "A04", "outBiddingZone_Domain.mRID": area}
    name = f"A65{query['processType']}{area}"
    periods = [_period(platform, name, edges) for edges in days]
    return [MadeSeries(texts=texts, periods=periods, value="quantity")] if periods else []


def _plants(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    area = query["in_Domain"]
    texts = {**_POWER, "inBiddingZone_Domain.mRID": area}
    wanted = [plant for plant in PLANTS if query.get("psrType") in (None, plant)]
    return [
        MadeSeries(
            texts=texts,
            periods=[
                _period(platform, f"{query['documentType']}{plant}{area}", edges) for edges in days
            ],
            value="quantity",
            plant=plant,
        )
        for plant in wanted
        if days
    ]


def _imbalance(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    area = query["controlArea_Domain"]
    texts = {**_PRICES, "businessType": "A19", "controlArea_Domain.mRID": area}
    periods = [_period(platform, f"A85{area}", edges) for edges in days]
    made = MadeSeries(texts=texts, periods=periods, value="imbalance_Price.amount", curve="A01")
    return [made] if periods else []


def _outages(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeDocument]:
    """Return one outage a day, from 06:00 to 18:00 after its midnight."""
    offset = int(query.get("offset", "0"))
    area = query.get("biddingZone_Domain") or query["out_Domain"]
    texts = {
        **_POWER,
        "businessType": "A54",
        "biddingZone_Domain.mRID": area,
        "production_RegisteredResource.pSRType.powerSystemResources.nominalP": f"{NOMINAL_MW}",
    }
    documents = []
    for start_us, _ in days:
        at_us = start_us + 6 * 3_600_000_000
        period = MadePeriod(
            start_us=at_us, resolution="PT60M", values=[100.0] * 12, tag="Available_Period"
        )
        series = MadeSeries(texts=texts, periods=[period], value="quantity", curve="A03")
        documents.append(
            MadeDocument(
                root="Unavailability_MarketDocument",
                type=query["documentType"],
                series=[series],
                mrid=f"outage-{start_us // 1_000_000}",
                revision=platform.revision,
                created_us=platform.created_us,
            )
        )
    return documents[offset : offset + 2 * PAGE]


def _instant(text: str) -> int:
    return micros(datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC))
