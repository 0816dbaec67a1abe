"""A day's score of the forecasts of the next hours: as most days have it, and a bad one."""

from dataclasses import replace
from datetime import date

from cloud.forecast.watch.intraday.scores import Score

GOOD = Score(
    area="AT",
    day=date(2026, 9, 1),
    forecast="f",
    runs=3,
    slots=96,
    mae=4.0,
    last_mae=5.0,
    banded=90,
    pinball=1.5,
    inside80=72,
    heard=96,
    heard_mae=4.0,
    heard_last_mae=5.0,
)
BAD = replace(GOOD, mae=6.0, heard_mae=6.0)
