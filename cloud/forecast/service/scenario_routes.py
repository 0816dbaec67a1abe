"""Scenarios of a forecast over HTTP: whole courses of its days, all as likely."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from cloud.forecast.scenarios import SCENARIOS
from cloud.forecast.service import alternatives, store
from cloud.forecast.service.model import Forecast
from cloud.kernel.auth import MarketReader
from cloud.kernel.context import HubHere
from cloud.kernel.errors import NotFound, Refused, responses
from cloud.kernel.instants import iso

router = APIRouter(prefix="/api/forecast", tags=["forecasts"])


class ScenariosView(BaseModel):
    """Courses of the price through all slots of a forecast, each as likely as any other."""

    forecast_id: str
    area: str
    issued_at: str
    simulated: bool
    seed: int = Field(description="the same inputs and seed give the same scenarios")
    start: str = Field(description="of the first slot, UTC; the others follow without a gap")
    granularity_min: int
    unit: str
    count: int
    price_eur_mwh: list[list[float]] = Field(
        description=f"{SCENARIOS} rows of one price a slot; a decided slot is alike in all"
    )


@router.get(
    "/scenarios/{forecast_id}",
    summary="Read the joint scenarios of a forecast",
    response_model=ScenariosView,
    responses=responses(401, 404, 409),
)
async def read_scenarios(
    hub: HubHere, _reader: MarketReader, forecast_id: Annotated[str, Path(max_length=40)]
) -> Response:
    """Return whole courses of the forecast's days: what rises and falls together does so in each.

    Slot by slot their quantiles are those of the forecast; 409 `NO_SCENARIOS` where it has none.
    """
    async with hub.database.reading() as connection:
        forecast = await store.forecast_of(connection, forecast_id)
        packed = await store.scenarios_of(connection, forecast_id)
    if forecast is None:
        raise NotFound(f"forecast {forecast_id!r} is not known")
    if packed is None:
        raise Refused("NO_SCENARIOS", "this forecast has no quantiles, and so no scenarios")
    courses = await asyncio.to_thread(alternatives.as_json, packed)
    return Response(_head(forecast) + courses + b"}", media_type="application/json")


def _head(forecast: Forecast) -> bytes:
    view = ScenariosView(
        forecast_id=forecast.id,
        area=forecast.request.area,
        issued_at=iso(forecast.issued_us),
        simulated=forecast.simulated,
        seed=forecast.seed,
        start=iso(forecast.request.start_us),
        granularity_min=forecast.request.granularity_min,
        unit="EUR/MWh",
        count=SCENARIOS,
        price_eur_mwh=[],
    )
    return view.model_dump_json().encode().removesuffix(b"[]}")
