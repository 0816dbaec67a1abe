"""A service of weather forecasts that keeps its old ones, in the form of Open-Meteo. Pure.

``GET /v1/forecast?latitude=…&hourly=…`` answers ``{"hourly_units": {…}, "hourly": {"time": [s],
NAME: [value or null]}}``. Radiation is the mean of the hour that ends at its time, wind and
temperature are those of the instant. What a forecast said one and two days before its time comes
under ``NAME_previous_day1`` and ``…2``, from an address of its own: old values became known that
long before their day's end, and `delay_us` later, for a model takes its time to run. So no hour
of a day counts as known before the whole day was. Weather of the past is never told as a forecast.

Source: the service's documentation of ``/v1/forecast`` and of previous runs; that the age of an
old forecast counts from its valid time is said there, the delay is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cloud.market.areas.model import Area
from cloud.market.feeds import answers
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import BadAnswer
from cloud.market.series.model import Batch, Kind, Series
from wire import clock

SOURCE = "weather"
PATH = "/v1/forecast"
LICENCE = "terms of the service; of Open-Meteo CC BY 4.0, without a key not for commercial use"
NAMES: Mapping[Kind, str] = {
    Kind.WEATHER_RADIATION: "shortwave_radiation",
    Kind.WEATHER_WIND: "wind_speed_80m",
    Kind.WEATHER_TEMPERATURE: "temperature_2m",
}
OLD_DAYS = (2, 1)
"""Old forecasts that are asked for, the oldest first."""
RESOLUTION_S = 3_600
ROWS_MAX = 20_000
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_S = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the weather of an area is asked for."""

    name: str
    """The series' detail."""
    latitude_degrees: float
    """+ = north."""
    longitude_degrees: float
    """+ = east."""


def columns(kind: Kind, *, history: bool) -> list[str]:
    """Return what the service calls a kind: the newest forecast, or those of the days before."""
    name = NAMES[kind]
    return [f"{name}_previous_day{days}" for days in OLD_DAYS] if history else [name]


def question(wish: Wish, place: Place) -> dict[str, str]:
    """Return the parameters of a request for the whole days of UTC around a wish."""
    first = clock.utc(wish.start_us).date()
    last = clock.utc(wish.end_us).date()
    return {
        "latitude": f"{place.latitude_degrees:.4f}",
        "longitude": f"{place.longitude_degrees:.4f}",
        "hourly": ",".join(columns(wish.kind, history=wish.history)),
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
        "timeformat": "unixtime",
        "wind_speed_unit": "ms",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked, and when the answer came."""

    wish: Wish
    place: Place
    area: Area
    received_us: int
    delay_us: int
    """From the start of a model's run until its forecast is published."""


def parse(body: bytes, asked: Asked) -> list[Batch]:
    """Return what an answer says within the wish: one batch, of history one a day and age.

    Raises:
        BadAnswer: it is no answer of this form, or in another unit.
    """
    found = answers.object_of(body, SOURCE)
    hourly, units = _object(found, "hourly"), _object(found, "hourly_units")
    times = answers.list_of(hourly, "time", SOURCE)
    if len(times) > ROWS_MAX:
        raise BadAnswer(f"{SOURCE}: {len(times)} rows; {ROWS_MAX} are allowed")
    back_us = _HOUR_US if asked.wish.kind is Kind.WEATHER_RADIATION else 0
    starts = [answers.whole(at, "time", SOURCE) * _S - back_us for at in times]
    if any(at_us % _HOUR_US for at_us in starts) or sorted(set(starts)) != starts:
        raise BadAnswer(f"{SOURCE}: times are not whole hours in order")
    batches = []
    for name in columns(asked.wish.kind, history=asked.wish.history):
        if units.get(name) != asked.wish.kind.unit:
            told = str(units.get(name))[:40]
            raise BadAnswer(
                f"{SOURCE}: {name}: unit {told!r} is not known; {asked.wish.kind.unit} is expected"
            )
        values = answers.list_of(hourly, name, SOURCE)
        if len(values) != len(starts):
            raise BadAnswer(f"{SOURCE}: {name}: {len(values)} values for {len(starts)} times")
        numbers = [answers.number(value, name, SOURCE) for value in values]
        pairs = [
            (at_us, value)
            for at_us, value in zip(starts, numbers, strict=True)
            if value is not None and _is_wanted(asked, at_us)
        ]
        batches += _history(pairs, asked, name) if asked.wish.history else _live(pairs, asked)
    return batches


def _is_wanted(asked: Asked, start_us: int) -> bool:
    """Tell whether an hour is asked for; one that has begun is no forecast any more."""
    wish = asked.wish
    begin_us = wish.start_us if wish.history else max(wish.start_us, asked.received_us)
    return begin_us <= start_us < wish.end_us


def _live(pairs: list[tuple[int, float]], asked: Asked) -> list[Batch]:
    if not pairs:
        return []
    return [_batch(pairs, asked, asked.received_us, assumed=False)]


def _history(pairs: list[tuple[int, float]], asked: Asked, name: str) -> list[Batch]:
    by_day: dict[date, list[tuple[int, float]]] = {}
    for at_us, value in pairs:
        by_day.setdefault(asked.area.day_of(at_us), []).append((at_us, value))
    days = int(name[-1])
    found = []
    for day, of_day in by_day.items():
        known_us = asked.area.day_us(day)[1] - days * _DAY_US + asked.delay_us
        if known_us <= asked.received_us:  # else the day has not been told that late yet
            found.append(_batch(of_day, asked, known_us, assumed=True))
    return found


def _batch(pairs: list[tuple[int, float]], asked: Asked, known_us: int, *, assumed: bool) -> Batch:
    wish = asked.wish
    return Batch(
        series=Series(SOURCE, wish.kind, wish.area, RESOLUTION_S, asked.place.name),
        starts_us=tuple(at_us for at_us, _ in pairs),
        values=tuple(value for _, value in pairs),
        known_us=known_us,
        assumed=assumed,
        received_us=asked.received_us,
        created_us=known_us,
        licence=LICENCE,
    )


def _object(found: dict[str, object], key: str) -> dict[str, object]:
    value = found.get(key)
    if not isinstance(value, dict):
        raise BadAnswer(f"{SOURCE}: {key} is no object")
    return value
