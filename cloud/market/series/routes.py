"""Series of the markets over HTTP: what there is, values as they were known, how the feeds are."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.kernel.auth import Admin, MarketReader
from cloud.kernel.context import HubHere
from cloud.kernel.errors import Invalid, NotFound, responses
from cloud.kernel.instants import Instant, us_or
from cloud.market.feeds.states import FeedStates
from cloud.market.series import quarantine
from cloud.market.series.archive import ASIDES_MAX
from cloud.market.series.days import by_day
from cloud.market.series.model import Kind, Series
from cloud.market.series.opened import archive_of
from cloud.market.series.views import (
    AsideView,
    DecisionBody,
    ExtentView,
    FeedsView,
    FeedView,
    QuarantineView,
    SeriesListView,
    ValuesView,
)
from wire import fields

DAYS_MAX = 366
_DAY_US = 86_400_000_000
_PARTS_MIN = 4

router = APIRouter(prefix="/api/v1/market", tags=["markets", "market data"])


@router.get("/series", summary="List series", responses=responses(401))
async def list_series(hub: HubHere, _reader: MarketReader) -> SeriesListView:
    """Return every series of which something is kept, by source, kind and area."""
    found = await archive_of(hub).extents()
    return SeriesListView(series=[ExtentView.kept(extent) for extent in found])


@router.get("/series/values", summary="Read a series", responses=responses(401, 404, 422))
async def read_values(
    hub: HubHere,
    _reader: MarketReader,
    series: Annotated[
        str, Query(description="as listed", examples=["entsoe/price.day_ahead/AT/900s/SDAC"])
    ],
    start: Annotated[Instant | None, Query(alias="from", description="default: now")] = None,
    end: Annotated[Instant | None, Query(alias="to", description="default: a day later")] = None,
    as_of: Annotated[
        Instant | None, Query(description="as it was known at this instant; default: now")
    ] = None,
) -> ValuesView:
    """Return the values of intervals that start in ``[from, to)``, a year at most.

    What is missing has no entry, and is never replaced by another source. Values of which two
    statements of the same rank differ, or outside the limits of the product, stand in `apart`.
    """
    wanted = _series(series)
    archive = archive_of(hub)
    area = archive.areas.get(wanted.area)
    if area is None:
        raise NotFound(f"series {series[:80]!r} is not known")
    now_us = hub.clock.now_us()
    start_us = us_or(start, now_us)
    end_us = us_or(end, start_us + _DAY_US)
    if not start_us < end_us <= start_us + DAYS_MAX * _DAY_US:
        raise Invalid(f"to: an instant after from, up to {DAYS_MAX} days later, is expected")
    known_us = us_or(as_of, now_us)
    found = await archive.as_of(wanted, start_us, end_us, known_us)
    if not found.starts_us and all(wanted != extent.series for extent in await archive.extents()):
        raise NotFound(f"series {series[:80]!r} is not known")
    days = by_day(found, area, start_us, end_us)
    return ValuesView.made(found, list(days.values()), known_us)


@router.get("/quarantine", summary="List what is set apart", responses=responses(401, 422))
async def list_quarantine(
    hub: HubHere,
    _reader: MarketReader,
    limit: Annotated[int, Query(ge=1, le=ASIDES_MAX)] = 100,
    open_only: Annotated[
        bool, Query(alias="open", description="only what nobody has decided on")
    ] = False,
) -> QuarantineView:
    """Return what is kept and not served: implausible values and conflicts within an answer."""
    archive = archive_of(hub)
    found = await archive.quarantine(limit, open_only)
    return QuarantineView(
        quarantine=[AsideView.kept(one, archive.areas.get(one.series.area)) for one in found]
    )


@router.post(
    "/quarantine/{number}",
    summary="Release or reject",
    responses=responses(401, 403, 404, 409, 422),
)
async def decide(
    hub: HubHere,
    admin: Admin,
    number: Annotated[int, Path(ge=1, le=2**53)],
    body: DecisionBody,
) -> AsideView:
    """Decide on what is set apart, once. Everybody who trades here sees the same prices: admins.

    A released value is served from now on as what the source has said; nothing that was computed
    before changes. A rejected one stays set apart. Both are in the audit log, and an event.
    """
    found = await quarantine.decide(hub, admin, number, body.verdict, fields.cut(body.reason))
    return AsideView.kept(found, archive_of(hub).areas.get(found.series.area))


@router.get("/feeds", summary="List feeds", responses=responses(401))
async def list_feeds(hub: HubHere, _reader: MarketReader) -> FeedsView:
    """Return how each source is: when it answered, since when and why it does not, when next."""
    return FeedsView(feeds=[FeedView.of(state) for state in hub.service(FeedStates)])


def _series(text: str) -> Series:
    """Return the series of a name as listed; the source may have a slash of its own.

    Raises:
        NotFound: it is no such name.
    """
    kinds = {kind.value: kind for kind in Kind}
    parts = text.split("/")
    at = next((n for n, part in enumerate(parts) if part in kinds), 0)
    length = parts[at + 2] if at and len(parts) >= at + _PARTS_MIN - 1 else ""
    if not length.endswith("s") or not length[:-1].isascii() or not length[:-1].isdigit():
        raise NotFound(f"series {text[:80]!r} is not known")
    return Series(
        "/".join(parts[:at]),
        kinds[parts[at]],
        parts[at + 1],
        int(length[:6].rstrip("s")),
        "/".join(parts[at + 3 :]),
    )
