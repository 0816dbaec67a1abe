"""How good the forecasts were, over HTTP: scores, alarms, the registry of models."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from cloud.forecast.pins import store as pin_store
from cloud.forecast.pins.routes import PinView
from cloud.forecast.service import standing
from cloud.forecast.service.retreat import Members
from cloud.forecast.service.service import area_of
from cloud.forecast.watch import store, verdicts
from cloud.forecast.watch.intraday import store as intraday_store
from cloud.forecast.watch.intraday.views import IntradayView
from cloud.forecast.watch.store import Alarm, Calibration
from cloud.forecast.watch.verdicts import Score
from cloud.kernel.auth import MarketReader
from cloud.kernel.context import HubHere
from cloud.kernel.errors import responses
from cloud.kernel.instants import iso, iso_or_none

SHOWN_MAX = 366

router = APIRouter(prefix="/api/forecast", tags=["forecasts"])


class ScoreView(BaseModel):
    """Of one delivery day, in EUR/MWh; null is what is not known."""

    day: date
    forecast_id: str
    model: str
    quality: str
    slots: int
    mae: float
    naive_mae: float | None = Field(description="of the price a week before")
    similar_mae: float | None = Field(description="of the similar day")
    models_mae: float | None = Field(
        description="of the members, where the similar day was issued in their place"
    )
    bias: float = Field(description="mean of forecast minus price")
    pinball: float | None
    inside80: int | None = Field(description="slots within the 80 % interval")
    inside90: int | None

    @classmethod
    def of(cls, found: Score) -> "ScoreView":
        return cls(
            day=found.day,
            forecast_id=found.forecast,
            model=found.model,
            quality=found.quality,
            slots=found.slots,
            mae=found.mae,
            naive_mae=found.naive_mae,
            similar_mae=found.similar_mae,
            models_mae=found.models_mae,
            bias=found.bias,
            pinball=found.pinball,
            inside80=found.inside80,
            inside90=found.inside90,
        )


class AlarmView(BaseModel):
    code: str = Field(examples=["ACCURACY"])
    since: str
    ended: str | None
    text: str
    forecast_id: str | None

    @classmethod
    def of(cls, found: Alarm) -> "AlarmView":
        return cls(
            code=found.code,
            since=iso(found.since_us),
            ended=iso_or_none(found.ended_us),
            text=found.text,
            forecast_id=found.forecast or None,
        )


class ModelView(BaseModel):
    """One calibration."""

    model: str
    inputs: str = Field(description="groups that were read beside prices", examples=["load"])
    day: date = Field(description="delivery day it was for")
    trained_from: date
    trained_to: date
    registered: str
    weights: dict[str, float]

    @classmethod
    def of(cls, found: Calibration) -> "ModelView":
        return cls(
            model=found.model,
            inputs=found.inputs,
            day=found.day,
            trained_from=found.trained_from,
            trained_to=found.trained_to,
            registered=iso(found.registered_us),
            weights=dict(found.weights),
        )


class WatchView(BaseModel):
    """How the forecasts of an area are doing."""

    area: str
    mae14: float | None = Field(description="EUR/MWh, the last 14 scored days")
    mae60: float | None
    rmae14: float | None = Field(description="against the price a week before")
    rmae60: float | None
    coverage80: float | None = Field(description="share of prices, the last 60 days")
    coverage90: float | None
    members: Members = Field(description="who is asked now")
    without: list[str] = Field(description="inputs that are left out now by an alarm or a pin")
    pin: PinView | None
    scores: list[ScoreView]
    intraday: IntradayView
    alarms: list[AlarmView]
    models: list[ModelView]


@router.get("/watch", summary="How good were they?", responses=responses(401, 422))
async def read_watch(
    hub: HubHere,
    _reader: MarketReader,
    area: Annotated[str, Query(max_length=20)],
    days: Annotated[int, Query(ge=1, le=SHOWN_MAX)] = 60,
) -> WatchView:
    """Return scores of an area by day, its newest alarms, and its newest calibrations."""
    found = area_of(area)
    now_us = hub.clock.now_us()
    since = found.day_of(now_us) - timedelta(days=days)
    async with hub.database.reading() as connection:
        scores = await store.scores(connection, found.code, since)
        alarms = await store.alarms(connection, found.code, SHOWN_MAX)
        models = await store.calibrations(connection, found.code, days)
        pin = await pin_store.at(connection, found.code, now_us)
        soon = await intraday_store.scores(connection, found.code, since)
    asked = await standing.retreat_of(hub.database, found, now_us)
    shut = await standing.is_shut(hub.database, found, now_us)
    last = verdicts.figures(scores)
    return WatchView(
        area=found.code,
        mae14=last.mae14,
        mae60=last.mae60,
        rmae14=last.rmae14,
        rmae60=last.rmae60,
        coverage80=last.coverage80,
        coverage90=last.coverage90,
        members=asked.members,
        without=list(asked.without),
        pin=None if pin is None else PinView.of(pin, found),
        scores=[ScoreView.of(one) for one in scores],
        intraday=IntradayView.of(soon, shut=shut),
        alarms=[AlarmView.of(one) for one in alarms],
        models=[ModelView.of(one) for one in models],
    )
