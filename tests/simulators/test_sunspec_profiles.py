"""Every shipped SunSpec profile goes once round: its models served, each point read and written."""

import pytest

from drivers import document as documents
from drivers.base import PowerSetter, Rate
from drivers.document import Protocol, open_document
from drivers.point import Coding
from drivers.profile import load
from drivers.sunspec.resolve import parse
from simulators import sunspec
from tests.support.sunspec_site import driver_at, read, serving
from wire.block import Quality

NAMES = [name for name in documents.names() if open_document(name).protocol is Protocol.SUNSPEC]


@pytest.mark.parametrize("name", NAMES)
async def test_every_point_of_a_shipped_profile_is_read_with_its_own_name(name: str) -> None:
    profile = load(name)
    models = sunspec.parts(sunspec.models_of(profile))
    async with serving(models, unit=profile.link.unit) as site, driver_at(site, name) as driver:
        for rate in Rate:
            readings = await read(driver, rate)
            points = [p for p in profile.points if p.rate is rate and p.coding is not Coding.STRING]
            sums = [each.name for each in profile.sums if each.rate is rate]
            assert list(readings) == [point.name for point in points if point.readable] + sums
            for point in points:
                standard = str(parse(point.sunspec)[0])
                shown = site.value(standard)
                reading = readings[point.name]
                if shown is None:
                    assert reading.quality is Quality.BAD, point.name
                else:
                    assert reading.value == pytest.approx(shown * point.scale, abs=1e-6), point.name


@pytest.mark.parametrize("name", [name for name in NAMES if load(name).control is not None])
async def test_a_setpoint_goes_both_ways_and_its_time_out_ends_it(name: str) -> None:
    profile = load(name)
    models = sunspec.parts(sunspec.models_of(profile))
    async with serving(models, unit=profile.link.unit) as site, driver_at(site, name) as driver:
        assert isinstance(driver, PowerSetter)
        await driver.take_over()
        for power_kw in (-12.5, 7.5, 0.0, 20.0):
            await driver.write_power_kw(power_kw)
            site.now_s += 2.0
            assert site.plant.measure()["ac.power_kw"] == pytest.approx(power_kw, abs=0.011)
        site.now_s += profile.watchdog.timeout_s + 1.0
        assert site.plant.measure()["ac.power_kw"] == 0.0
