"""drivers.sunspec.device: in whatever order models come, each value has its own name."""

import asyncio
import logging
import random
from collections.abc import Sequence

import pytest

from drivers.base import Driver, Identified, PowerSetter, Rate
from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.modbus.config import ModbusTcpConfig
from drivers.modbus.line import Refusal
from drivers.modbus.open import open_modbus
from drivers.point import Kind
from drivers.profile import load
from drivers.sunspec.device import WALK_S, SunSpecDevice, SunSpecInverter
from drivers.sunspec.discover import BASES
from drivers.sunspec.resolve import places
from simulators.sunspec import STORAGE
from simulators.sunspec_image import Image, Part
from tests.support.sunspec_site import NOW_US, Site, driver_at, of, read, serving, values
from wire.block import Quality
from wire.clock import SetClock


def setter(driver: Driver) -> PowerSetter:
    assert isinstance(driver, PowerSetter)
    return driver


@pytest.mark.parametrize("base", BASES)
async def test_a_battery_is_read_at_each_base_in_our_units_and_our_sign(base: int) -> None:
    async with serving(of(*STORAGE), base) as site, driver_at(site, "sunspec-battery") as driver:
        site.device.write(Kind.HOLDING, site.device.image.address("704.WSetMod"), [1])
        site.device.image.put("704.WSet", -30_000.0)
        site.device.write(Kind.HOLDING, site.device.image.address("704.WSetEna"), [1])
        site.now_s += 2.0
        shown = await values(driver, Rate.FAST, Rate.SLOW)
        assert shown["ac.power_kw"] == -30.0
        assert shown["grid.frequency_hz"] == 49.987
        assert shown["battery.soc_pct"] == pytest.approx(60.0, abs=0.02)
        assert shown["battery.power_kw"] == -30.0
        assert shown["battery.status"] == 3.0
        assert shown["battery.temp_max_c"] == 22.0
        assert isinstance(driver, Identified)
        assert (await values(driver, Rate.ONCE))["pcs.rated_kw"] == 100.0
        assert driver.identity["maker"] == "Phoenyra"
        assert driver.identity["serial"] == "SIM-1"


async def test_the_order_of_the_models_changes_no_value() -> None:
    models = [*of(*STORAGE), Part(64_999, unknown_words=17)]
    seen = []
    for shift in range(0, len(models), 3):
        order = models[shift:] + models[:shift]
        async with serving(order) as site, driver_at(site, "sunspec-battery") as driver:
            seen.append(await values(driver, Rate.FAST, Rate.SLOW))
    assert all(shown == seen[0] for shown in seen)
    assert [name for name, value in seen[0].items() if value is None] == ["pcs.timeout_left_s"]


async def test_what_a_device_does_not_have_is_bad_and_the_rest_is_there() -> None:
    async with (
        serving(of(1, 103, 713, 704)) as site,
        driver_at(site, "sunspec-battery") as driver,
    ):
        slow = await read(driver, Rate.SLOW)
        assert list(slow) == [p.name for p in load("sunspec-battery").points if p.rate is Rate.SLOW]
        assert slow["battery.voltage_v"].quality is Quality.BAD
        assert slow["battery.soh_pct"].quality is Quality.GOOD
        assert (await read(driver, Rate.FAST))["ac.power_kw"].quality is Quality.GOOD


async def test_a_scale_factor_that_changes_while_it_runs_changes_no_value() -> None:
    async with serving(of(*STORAGE)) as site, driver_at(site, "sunspec-battery") as driver:
        for exponent in (-2, -1, 0, -2):
            site.device.image.put("713.Pct_SF", exponent)
            assert (await values(driver, Rate.FAST))["battery.soc_pct"] == 60.0


async def test_a_scale_factor_that_is_not_implemented_or_absurd_makes_its_points_bad() -> None:
    async with serving(of(*STORAGE)) as site, driver_at(site, "sunspec-battery") as driver:
        for exponent in (None, 11, -11):
            site.device.image.put("713.Pct_SF", exponent)
            fast = await read(driver, Rate.FAST)
            assert fast["battery.soc_pct"].quality is Quality.BAD
            assert fast["ac.power_kw"].quality is Quality.GOOD


async def test_a_device_that_shows_only_its_name_at_first_is_complete_when_it_has_started() -> None:
    async with serving(of(1)) as site, driver_at(site, "sunspec-battery") as driver:
        assert (await read(driver, Rate.FAST))["ac.power_kw"].quality is Quality.BAD
        with pytest.raises(DeviceRefused, match="with the models it has: 1"):
            await setter(driver).write_power_kw(5.0)
        site.become(of(*STORAGE))
        for _ in range(4):
            await read(driver, Rate.SLOW)
        assert (await read(driver, Rate.FAST))["ac.power_kw"].quality is Quality.GOOD
        await setter(driver).write_power_kw(5.0)
        site.now_s += 2.0
        assert site.value("701.W") == 5_000.0


async def test_a_map_that_moves_without_a_new_connection_is_noticed() -> None:
    async with serving(of(*STORAGE)) as site, driver_at(site, "sunspec-battery") as driver:
        before = await values(driver, Rate.FAST, Rate.SLOW)
        site.become(of(*reversed(STORAGE)))
        for _ in range(2 * len(STORAGE) + 4):
            await read(driver, Rate.SLOW)
        assert await values(driver, Rate.FAST, Rate.SLOW) == before


async def test_a_device_that_comes_back_with_another_map_is_walked_anew() -> None:
    async with serving(of(*STORAGE)) as site, driver_at(site, "sunspec-battery") as driver:
        before = await values(driver, Rate.FAST)
        await site.stop()
        site.become(of(*reversed(STORAGE)), 50_000)
        with pytest.raises(DeviceUnreachable):
            while True:
                await driver.read(Rate.FAST)
        await site.start(unit=1)
        assert await values(driver, Rate.FAST) == before


async def test_a_hundred_restarts_with_other_maps_are_survived() -> None:
    chance = random.Random(7)
    async with serving(of(*STORAGE)) as site, driver_at(site, "sunspec-battery") as driver:
        before = await values(driver, Rate.FAST)
        for _ in range(100):
            await site.stop()
            models = [*of(*STORAGE), Part(64_998, unknown_words=chance.randint(1, 99))]
            chance.shuffle(models)
            site.become(models, chance.choice(BASES))
            await site.start(unit=1)
            assert await values(driver, Rate.FAST) == before


async def test_a_device_without_models_gives_bad_readings_and_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = Site(of(1))
    site.device.image.words.clear()
    site.device.image.words.update(dict.fromkeys(range(40_000, 40_100), 0))
    await site.start(unit=200)
    async with driver_at(site, "sunspec-meter") as driver:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                await read(driver, Rate.SLOW)
        readings = await read(driver, Rate.FAST)
    await site.stop()
    assert {reading.quality for reading in readings.values()} == {Quality.BAD}
    assert [record for record in caplog.records if "no SunSpec mark" in record.getMessage()] == (
        caplog.records[:1]
    )


async def test_a_hung_walk_ends_at_once_when_it_is_cancelled() -> None:
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(12)
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        config = ModbusTcpConfig(
            id="device",
            host="127.0.0.1",
            port=server.sockets[0].getsockname()[1],
            profile="fronius-gen24",
        )
        async with open_modbus(config, SetClock(NOW_US)) as driver, asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(driver.read(Rate.FAST))
            await asked.wait()
            started_s = loop.time()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert loop.time() - started_s < 1.0


class _SlowLine:
    """A line to an image, on which every request takes a while."""

    def __init__(self, image: Image, seconds: float) -> None:
        self.connections = 1
        self.asked: list[tuple[int, int]] = []
        self._image = image
        self._seconds = seconds

    async def read(self, kind: Kind, start: int, count: int) -> list[int] | Refusal:
        self.asked.append((start, count))
        await asyncio.sleep(self._seconds)
        words = [self._image.words.get(at) for at in range(start, start + count)]
        return [word for word in words if word is not None] if None not in words else Refusal(2)

    async def write(
        self, kind: Kind, start: int, registers: Sequence[int], multiple: bool | None = None
    ) -> Refusal | None:
        raise AssertionError("nothing is to be written")

    def close(self) -> None:
        """Nothing to give up."""


@pytest.mark.virtual_time
async def test_a_long_walk_is_done_in_parts_and_never_holds_a_call_for_long() -> None:
    profile = load("sunspec-battery")
    line = _SlowLine(Site(of(*STORAGE)).device.image, 0.3)
    device = SunSpecInverter(profile, places(profile.points), line, SetClock(NOW_US))
    loop = asyncio.get_running_loop()
    for _ in range(2):
        before_s = loop.time()
        assert (await device.read(Rate.FAST))[0].quality is Quality.LOST
        assert loop.time() - before_s <= WALK_S + 0.31
    assert (await device.read(Rate.FAST))[0].quality is Quality.GOOD
    line.connections += 1
    assert (await device.read(Rate.FAST))[0].quality is Quality.LOST
    with pytest.raises(DeviceUnreachable, match="still being read"):
        await device.take_over()


@pytest.mark.virtual_time
async def test_a_known_device_is_looked_at_again_one_model_for_each_slow_reading() -> None:
    profile = load("sunspec-meter")
    line = _SlowLine(Site(of(1, 203)).device.image, 0.01)
    headers = ((40_000, 2), (40_002, 2), (40_070, 2), (40_177, 2))
    device = SunSpecDevice(profile, places(profile.points), line, SetClock(NOW_US))
    await device.read(Rate.FAST)
    for _ in range(12):
        line.asked.clear()
        await device.read(Rate.SLOW)
        assert len([ask for ask in line.asked if ask in headers]) == 1
