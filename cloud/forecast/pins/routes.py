"""Pinned members over HTTP: set and taken back."""

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.forecast.pins import service as pins
from cloud.forecast.pins.store import Pin
from cloud.forecast.service.retreat import Members
from cloud.forecast.service.service import area_of
from cloud.kernel.auth import Admin
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.kernel.instants import iso
from cloud.market.areas.model import Area

Group = Literal["load", "renewables", "exaa", "neighbours", "early_neighbours"]

router = APIRouter(prefix="/api/forecast", tags=["forecasts"])


class PinBody(BaseModel):
    """Who is to be asked."""

    model_config = ConfigDict(extra="forbid")

    area: str = Field(min_length=1, max_length=20, examples=["AT"])
    members: Members = Field(description="in place of what the alarms of the watch ask for")
    without: list[Group] = Field(default=[], max_length=10, description="inputs that are not read")
    until: date = Field(description=f"last local day; at most {pins.DAYS_MAX} days ahead")
    reason: str = Field(min_length=3, max_length=200, examples=["a new regime of prices"])


class PinView(BaseModel):
    """What is pinned."""

    members: Members
    without: list[str]
    since: str
    until: date = Field(description="last local day")
    account: str
    reason: str

    @classmethod
    def of(cls, found: Pin, area: Area) -> "PinView":
        return cls(
            members=found.members,
            without=list(found.without),
            since=iso(found.since_us),
            until=area.day_of(found.until_us) - timedelta(days=1),
            account=found.account,
            reason=found.reason,
        )


@router.put("/pin", summary="Pin members", responses=responses(401, 403, 422))
async def put_pin(body: PinBody, hub: HubHere, principal: Admin) -> PinView:
    """Ask these members for the forecasts of an area until the end of a day, and no alarm.

    The next forecast that is asked for is made so; inputs that are missing or not to be believed
    are left out all the same.
    """
    area = area_of(body.area)
    without = tuple(str(one) for one in body.without)
    found = await pins.pin(hub, principal, area, body.members, without, body.until, body.reason)
    return PinView.of(found, area)


@router.delete(
    "/pin", status_code=204, summary="Take a pin back", responses=responses(401, 403, 404, 422)
)
async def delete_pin(
    hub: HubHere, principal: Admin, area: Annotated[str, Query(max_length=20)]
) -> None:
    """Let the alarms of the watch decide again."""
    await pins.unpin(hub, principal, area_of(area))
