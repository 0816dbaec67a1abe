"""The auctions over HTTP: own orders until the gate, the result for everybody."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from cloud.exchange.api.paces import Entering, Own, Studying, Watching
from cloud.exchange.auction.bodies import PERIODS_MAX, SubmissionBody
from cloud.exchange.auction.service import Auctions
from cloud.exchange.auction.views import (
    AwardsView,
    AwardView,
    CurvesView,
    LeftOutView,
    OwnView,
    ResultView,
    SessionsView,
    SessionView,
    SubmissionAnswer,
    SubmissionView,
)
from cloud.kernel.bodies import OnceRoute
from cloud.kernel.context import HubHere
from cloud.kernel.errors import NotFound, responses
from cloud.kernel.instants import iso
from cloud.kernel.keys import IDENTIFIER

PATH = "/api/v1/auctions/"
BYTES_MAX = {PATH: 4 * 1024 * 1024}
"""A curve of 256 pairs for each of 100 periods."""

DAYS_MAX = 31

router = APIRouter(prefix="/api/v1/auctions", tags=["auctions"], route_class=OnceRoute)


async def _auctions(hub: HubHere) -> Auctions:
    return hub.service(Auctions)


AuctionsHere = Annotated[Auctions, Depends(_auctions)]
Site = Annotated[str | None, Query(pattern=IDENTIFIER)]


@router.get("", summary="Auctions that take orders", responses=responses(401, 403, 429))
async def list_auctions(
    auctions: AuctionsHere,
    principal: Watching,
    days: Annotated[int, Query(ge=0, le=DAYS_MAX, description="also those that are over")] = 0,
) -> SessionsView:
    """Return the auctions whose gate is open, by code and delivery day.

    Behind them come those that are over, of so many delivery days back, newest first.
    """
    found = await auctions.listed(principal.account, days)
    return SessionsView(auctions=[SessionView.of(one.session, one.stage) for one in found])


@router.get(
    "/{code}/{day}", summary="An auction and its result", responses=responses(401, 403, 404, 429)
)
async def read_auction(
    auctions: AuctionsHere, _reader: Watching, code: str, day: date
) -> ResultView:
    """Return gate and limits, and once it is published prices and volumes of each period."""
    session = auctions.session(code, day)
    stage, kept, outcome = await auctions.result(session)
    return ResultView.made(session, stage, outcome, kept.published_us if kept else None)


@router.get(
    "/{code}/{day}/curves/{period}",
    summary="Curves of a period",
    responses=responses(401, 403, 404, 429),
)
async def read_curves(
    auctions: AuctionsHere, _reader: Studying, code: str, day: date, period: int
) -> CurvesView:
    """Return what all would have sold and bought by price, when the result is published."""
    session = auctions.session(code, day)
    _, _, outcome = await auctions.result(session)
    if outcome is None or not 0 <= period < min(session.terms.periods, PERIODS_MAX):
        raise NotFound(f"curves of period {period} are not published")
    return CurvesView.of(session, period, await auctions.sealed(session))


@router.put(
    "/{code}/{day}/orders",
    summary="Order in an auction",
    responses=responses(401, 403, 404, 409, 422, 429, 503),
)
async def put_orders(
    auctions: AuctionsHere, principal: Entering, code: str, day: date, body: SubmissionBody
) -> SubmissionAnswer:
    """Keep all curves and blocks for a site, or without one, in place of those of before.

    They are safe when the answer comes, and nobody else sees them before the gate.
    """
    session = auctions.session(code, day)
    one = body.submission(principal.account, session)
    at_us = await auctions.submit(principal, session, one)
    return SubmissionAnswer(
        auction=code,
        day=day.isoformat(),
        site=body.site,
        received_at=iso(at_us),
        curves=len(one.curves),
        blocks=len(one.blocks),
    )


@router.delete(
    "/{code}/{day}/orders",
    summary="Take auction orders back",
    status_code=204,
    responses=responses(401, 403, 404, 409, 422, 429, 503),
)
async def delete_orders(
    auctions: AuctionsHere, principal: Entering, code: str, day: date, site: Site = None
) -> None:
    await auctions.take_back(principal, auctions.session(code, day), site or "")


@router.get(
    "/{code}/{day}/orders", summary="Own auction orders", responses=responses(401, 403, 404, 429)
)
async def list_orders(auctions: AuctionsHere, principal: Own, code: str, day: date) -> OwnView:
    """Return what the key's account has ordered for which sites, and when."""
    session = auctions.session(code, day)
    found = await auctions.own(principal.account, session)
    return OwnView(submissions=[SubmissionView.made(at_us, one, session) for at_us, one in found])


@router.get("/{code}/{day}/awards", summary="Own results", responses=responses(401, 403, 404, 429))
async def list_awards(auctions: AuctionsHere, principal: Own, code: str, day: date) -> AwardsView:
    """Return what the key's account got; empty before the result is published."""
    session = auctions.session(code, day)
    _, _, outcome = await auctions.result(session)
    if outcome is None:
        return AwardsView(awards=[], left_out=[])
    own = (award for award in outcome.awards if award.account == principal.account)
    return AwardsView(
        awards=[AwardView.of(award, session, outcome.prices) for award in own],
        left_out=[
            LeftOutView(site=one.site or None, code=one.code, message=one.text)
            for one in outcome.left_out
            if one.account == principal.account
        ],
    )
