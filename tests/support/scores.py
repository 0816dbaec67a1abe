"""A day's score of the day-ahead forecast, as most days have it."""

from datetime import date

from cloud.forecast.watch.verdicts import Score

GOOD = Score(
    area="AT",
    day=date(2026, 9, 1),
    forecast="f",
    model="dayahead-2",
    quality="full",
    slots=96,
    mae=5.0,
    naive_mae=10.0,
    bias=0.0,
    pinball=2.0,
    inside80=77,
    inside90=86,
)
