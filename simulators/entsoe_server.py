"""A simulated transparency platform: our own documents over real HTTP, with its habits and faults.

It answers whole local days, more than was asked for; two auctions side by side; at most a hundred
series at once; archives for outages and imbalance; acknowledgements for what it has not. Faults are
put into `Platform.faults` and come first.
"""

import gzip
import io
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

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
from simulators.entsoe_platform import Platform
from simulators.entsoe_spoiling import spoiled
from simulators.http import serving
from wire.clock import QUARTER_HOUR_US, micros

PAGE = 100
PLANTS = ("B16", "B19")
NOMINAL_MW = 400.0
_PRICES = {
    "auction.type": "A01",
    "businessType": "A62",
    "contract_MarketAgreement.type": "A01",
    "currency_Unit.name": "EUR",
    "price_Measure_Unit.name": "MWH",
}
_BY_DOCUMENT = ("A69", "A75")
"""Documents whose process does not tell when they are there."""
_POWER = {"quantity_Measure_Unit.name": "MAW"}
_SEQUENCE = "classificationSequence_AttributeInstanceComponent.position"
_UNAUTHORIZED = 401
_XML, _ZIP = "application/xml", "application/zip"


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
    answer = _true_answer(platform, query)
    wrong = next((platform.spoiled[eic] for eic in query.values() if eic in platform.spoiled), "")
    if not wrong or answer.status_code == _UNAUTHORIZED:
        return answer
    status, body = spoiled(wrong, bytes(answer.body))
    return Response(body, status, media_type=answer.media_type)


def _true_answer(platform: Platform, query: dict[str, str]) -> Response:
    token = query.pop("securityToken", "")
    platform.asked.append(query)
    if platform.faults:
        fault = platform.faults.popleft()
        return Response(fault.body, fault.status, dict(fault.headers))
    if token != platform.token:
        return Response("<html>Unauthorized</html>", _UNAUTHORIZED)
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
    name = query["documentType"] + query.get("processType", "")
    if name == "A44":  # each auction has an hour of its own
        name = ""
    if query["documentType"] in _BY_DOCUMENT:
        name = query["documentType"]
    days = [day for day in platform.days(start_us, end_us) if platform.has(name, day[0])]
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


def _period(platform: Platform, name: str, edges: tuple[int, int]) -> MadePeriod:
    values = [platform.value(name, at_us) for at_us in range(*edges, QUARTER_HOUR_US)]
    return MadePeriod(start_us=edges[0], resolution="PT15M", values=values)


def _periods(
    platform: Platform, name: str, days: Sequence[tuple[int, int]], document: str
) -> list[MadePeriod]:
    """Return the days of a document as far as they are told."""
    told = [platform.told(document, edges) for edges in days]
    return [_period(platform, name, edges) for edges in told if edges[0] < edges[1]]


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
        if platform.has(f"A44{sequence}", edges[0])
    ]
    return series[offset : offset + PAGE]


def _flows(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    into, out = query["in_Domain"], query["out_Domain"]
    texts = {**_POWER, "in_Domain.mRID": into, "out_Domain.mRID": out}
    periods = _periods(platform, f"A11{out}{into}", days, "A11")
    return [MadeSeries(texts=texts, periods=periods, value="quantity")] if periods else []


def _loads(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    area = query["outBiddingZone_Domain"]
    texts = {**_POWER, "businessType": "A04", "outBiddingZone_Domain.mRID": area}
    name = f"A65{query['processType']}"
    periods = _periods(platform, f"{name}{area}", days, name)
    return [MadeSeries(texts=texts, periods=periods, value="quantity")] if periods else []


def _plants(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    area = query["in_Domain"]
    texts = {**_POWER, "inBiddingZone_Domain.mRID": area}
    document = query["documentType"]
    wanted = [plant for plant in PLANTS if query.get("psrType") in (None, plant)]
    return [
        MadeSeries(texts=texts, periods=periods, value="quantity", plant=plant)
        for plant in wanted
        if (periods := _periods(platform, f"{document}{plant}{area}", days, document))
    ]


def _imbalance(
    platform: Platform, query: Mapping[str, str], days: Sequence[tuple[int, int]]
) -> list[MadeSeries]:
    area = query["controlArea_Domain"]
    texts = {**_PRICES, "businessType": "A19", "controlArea_Domain.mRID": area}
    periods = _periods(platform, f"A85{area}", days, "A85")
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
