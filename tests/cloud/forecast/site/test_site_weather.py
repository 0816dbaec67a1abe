"""A site's sun with weather and with what the operator knows of its panels."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from cloud.forecast import solar
from cloud.forecast.arrays import FloatArray
from cloud.forecast.site import panels, places_file, reading, weather
from cloud.forecast.site.answer import document
from cloud.forecast.site.grid import SLOTS
from cloud.forecast.site.places_file import BadSites
from cloud.forecast.site.setup import Setup
from cloud.forecast.site.task import Task
from cloud.kernel.context import Hub
from cloud.market.areas import catalogue
from cloud.market.series.archive import Archive
from cloud.market.series.model import Batch, Kind, Series
from tests.support.hub import NOON_US as HUB_NOON_US
from tests.support.hub import add_site
from tests.support.site_days import fill, made

DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
NOON_US = int(datetime(2026, 9, 16, 12, tzinfo=UTC).timestamp()) * 1_000_000
PLACE = solar.Site(47.0, 15.0, 50.0, 45.0, 25.0, 200.0)
"""That of the made-up site."""
SETUP = Setup(latitude_degrees=47.0, longitude_degrees=15.0)


def clouded(task: Task) -> FloatArray:
    """Return the radiation behind a made-up site's power, hours."""
    days = len(task.pv) // SLOTS
    place = solar.sun(panels.times(task.start_us, days), PLACE)
    clear = solar.clear_power(place, PLACE)
    clouds = np.array(
        [
            np.median(row[lit > 5] / lit[lit > 5])
            for row, lit in zip(task.pv.reshape(-1, SLOTS), clear, strict=True)
        ]
    )
    level = solar.clear_radiation(place).reshape(days, 24, 4).mean(axis=2)
    return np.asarray((clouds[:, None] * level).ravel())


def sunny(seed: int = 1) -> Task:
    """Return a site that measures nothing but its panels."""
    task = made(NOON_US, seed=seed)
    return replace(task, load=task.load[:0])


def errors_kw(task: Task) -> float:
    told = json.loads(document(task))
    known = (task.as_of_us - task.start_us) // (DAY_US // SLOTS)
    came = task.pv[known : known + 192]
    points = np.array([row["pv_kw"] for row in told["series"]])
    return float(np.abs(points - came)[SLOTS // 2 :].mean())


def test_weather_makes_tomorrow_better_and_ends_the_flag() -> None:
    task = sunny()
    with_it = replace(task, radiation=clouded(task), radiation_age_s=7_200)
    told = json.loads(document(with_it))
    assert "no_weather" not in told["flags"]
    assert told["data_age_s"]["weather"] == 7_200
    assert "no_weather" in json.loads(document(task))["flags"]
    assert "weather" not in json.loads(document(task))["data_age_s"]
    assert errors_kw(with_it) < 0.5 * errors_kw(task)
    for row in told["series"]:
        assert row["pv_q"] == sorted(row["pv_q"])


def test_weather_that_has_nothing_to_say_does_little_harm() -> None:
    off = []
    for seed in range(3):
        task = sunny(seed)
        clear = clouded(replace(task, pv=made(NOON_US, seed=seed + 50).pv))
        off.append(errors_kw(replace(task, radiation=clear)) / errors_kw(task))
    assert np.mean(off) < 1.4


def test_a_day_without_weather_is_as_clear_as_lately() -> None:
    task = sunny()
    radiation = clouded(task)
    radiation[-3 * 24 :] = np.nan
    told = json.loads(document(replace(task, radiation=radiation)))
    assert "no_weather" in told["flags"]
    assert all(row["pv_kw"] is not None for row in told["series"])


def test_what_the_operator_knows_of_panels_counts() -> None:
    power = made(NOON_US).pv.reshape(-1, SLOTS)
    start_us = made(NOON_US).start_us
    setup = Setup(
        latitude_degrees=47.5,
        longitude_degrees=15.25,
        tilt_degrees=33.0,
        azimuth_degrees=111.0,
        capacity_kw=60.0,
        limit_kw=40.0,
    )
    assert panels.fitted(power, start_us, setup) == solar.Site(47.5, 15.25, 60.0, 40.0, 33.0, 111.0)
    half = panels.fitted(power, start_us, SETUP)
    assert half is not None
    assert (half.latitude_degrees, half.longitude_degrees) == (47.0, 15.0)
    assert half.tilt_degrees in panels.TILTS


def test_a_task_survives_its_way_to_the_computing_process() -> None:
    task = replace(made(NOON_US), radiation=np.array([1.0, np.nan]), radiation_age_s=3, setup=SETUP)
    again = Task.unpack(task.pack())
    assert np.array_equal(again.radiation, task.radiation, equal_nan=True)
    assert (again.radiation_age_s, again.setup) == (3, SETUP)


async def test_each_day_is_read_as_it_was_known_on_its_eve_and_later_news_change_nothing(
    hub: Hub,
) -> None:
    site = "werk-sued"
    await add_site(hub, site)
    task = made(HUB_NOON_US, 20)
    await fill(hub, task, "pv.power_kw", task.pv)
    archive = Archive(hub.database, catalogue.load())
    first_us = HUB_NOON_US - HUB_NOON_US % DAY_US - 5 * DAY_US

    def said(value: float, known_us: int) -> Batch:
        hours = tuple(range(first_us, first_us + 8 * DAY_US, HOUR_US))
        return Batch(
            series=Series("weather", Kind.WEATHER_RADIATION, "AT", 3_600, "graz"),
            starts_us=hours,
            values=tuple(value for _ in hours),
            known_us=known_us,
            received_us=known_us,
            created_us=known_us,
        )

    await archive.append([said(float(n), HUB_NOON_US - n * DAY_US) for n in range(6, 0, -1)])
    row = places_file.parse('[[site]]\nid = "werk-sued"\nweather = "AT/graz"', "f")[site]
    read = await reading.task(hub.database, site, "AT", HUB_NOON_US, row)
    days = read.radiation.reshape(-1, 24)
    assert np.isnan(days[:-8]).all()
    # Yesterday as of the day before it, today and what comes as of now, an hour of each day.
    assert days[-8:, 0].tolist() == [6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0]
    assert read.radiation_age_s == DAY_US // 1_000_000
    await archive.append([said(99.0, HUB_NOON_US + 1)])
    again = await reading.task(hub.database, site, "AT", HUB_NOON_US, row)
    assert document(again) == document(read)
    nowhere = await weather.radiation(hub.database, "AT/linz", read.start_us, HUB_NOON_US)
    assert len(nowhere.radiation) == 0


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('[[site]]\nid = "a"\nlatitude = 48.0', "latitude, longitude: both"),
        ('[[site]]\nid = "a"\nlatitude = 98.0\nlongitude = 1', "latitude: 98.0 is not allowed"),
        ('[[site]]\nid = "a"\nkwp = 0', "kwp: 0 is not allowed"),
        ('[[site]]\nid = "a"\nazimuth = 360', "azimuth: 360 is not allowed"),
        ('[[site]]\nid = "a"\nweather = "graz"', "AREA/PLACE is expected"),
        ('[[site]]\nid = "a"\n[[site]]\nid = "a"', "'a' is there twice"),
        ('[[site]]\nid = "a"\nroof = 1', "site.0.roof"),
        ("[[site", "f: "),
    ],
)
def test_a_wrong_file_costs_one_line(text: str, wrong: str) -> None:
    with pytest.raises(BadSites) as raised:
        places_file.parse(text, "f")
    assert wrong in str(raised.value)
    assert str(raised.value).count("\n") == 0


def test_without_a_file_nothing_is_said() -> None:
    assert places_file.load(None) == {}


def test_the_example_of_the_guide_can_be_used() -> None:
    guide = (Path(__file__).parents[4] / "docs/guide/forecasting.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(# PHOENYRA_HUB_FORECAST_SITES_FILE.*?)```", guide, re.DOTALL)
    row = places_file.parse(text, "guide")["werk-sued"]
    assert (row.weather, row.setup.capacity_kw) == ("AT/graz", 48.5)
