"""Scores of the forecasts of the next hours, as they are shown."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field

from cloud.forecast.watch.intraday import scores
from cloud.forecast.watch.intraday.scores import Score


class IntradayScoreView(BaseModel):
    """Of one delivery day, in EUR/MWh; null is what is not known."""

    day: date
    forecast_id: str = Field(description="of the newest run that told a slot of it")
    runs: int
    slots: int = Field(description="quarter-hours that are scored")
    mae: float
    last_mae: float = Field(description="of the price of the last auction known to each run")
    banded: int = Field(description="slots with quantiles")
    pinball: float | None
    inside80: int | None = Field(description="slots within the 80 % interval")
    heard: int = Field(description="slots of which it is known what the members' mean said")
    heard_mae: float | None = Field(description="of that mean")
    heard_last_mae: float | None = Field(description="of the last price, on the same slots")

    @classmethod
    def of(cls, found: Score) -> "IntradayScoreView":
        return cls(
            day=found.day,
            forecast_id=found.forecast,
            runs=found.runs,
            slots=found.slots,
            mae=found.mae,
            last_mae=found.last_mae,
            banded=found.banded,
            pinball=found.pinball,
            inside80=found.inside80,
            heard=found.heard,
            heard_mae=found.heard_mae,
            heard_last_mae=found.heard_last_mae,
        )


class IntradayView(BaseModel):
    """Of the newest run before each slot's gate, against what it aimed at."""

    mae14: float | None = Field(description="EUR/MWh, the last 14 scored days")
    last_mae14: float | None = Field(description="of the last price, the same days")
    mae60: float | None
    last_mae60: float | None
    coverage80: float | None = Field(description="share of prices, the last 60 days")
    shut: bool = Field(description="whether the last price is told in the members' place now")
    scores: list[IntradayScoreView]

    @classmethod
    def of(cls, found: Sequence[Score], *, shut: bool) -> "IntradayView":
        last = scores.figures(found)
        return cls(
            mae14=last.mae14,
            last_mae14=last.last_mae14,
            mae60=last.mae60,
            last_mae60=last.last_mae60,
            coverage80=last.coverage80,
            shut=shut,
            scores=[IntradayScoreView.of(one) for one in found],
        )
