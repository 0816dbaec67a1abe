"""drivers.sunspec: 704, 124, KACO's 64201 and 123 take power, each with its own reversion timer."""

import asyncio
from pathlib import Path

import pytest

from drivers.base import Driver, PowerSetter, Rate
from drivers.errors import ProfileError
from drivers.modbus.config import ModbusTcpConfig
from drivers.modbus.open import open_modbus
from simulators.sunspec import STORAGE
from tests.support.sunspec_site import NOW_US, driver_at, of, serving, values
from wire.clock import SetClock

LIMIT_PROFILE = """
[profile]
id = "limit"
version = 1
source = "test"
confirmed = true
[link]
protocol = "sunspec"
timeout_s = 0.5
[watchdog]
kind = "write-refresh"
timeout_s = 30.0
[control]
setpoint = "pv.limit_pct"
percent_of = "pv.rated_kw"
enable = { point = "pv.limit_enable", value = 1 }
timeout = "pv.limit_timeout_s"
[[point]]
name = "ac.power_kw"
sunspec = "103.W"
scale = 0.001
rate = "fast"
[[point]]
name = "pv.rated_kw"
sunspec = "121.WMax"
scale = 0.001
rate = "once"
[[point]]
name = "pv.limit_pct"
sunspec = "123.WMaxLimPct"
access = "read-write"
[[point]]
name = "pv.limit_enable"
sunspec = "123.WMaxLim_Ena"
access = "read-write"
[[point]]
name = "pv.limit_timeout_s"
sunspec = "123.WMaxLimPct_RvrtTms"
access = "read-write"
"""


def setter(driver: Driver) -> PowerSetter:
    assert isinstance(driver, PowerSetter)
    return driver


async def test_704_is_dispatched_value_first_and_falls_back_when_we_are_silent() -> None:
    async with serving(of(*STORAGE)) as site, driver_at(site, "sunspec-battery") as driver:
        inverter = setter(driver)
        await inverter.take_over()
        assert site.value("704.WSetRvrtTms") == 60.0
        assert site.value("704.WSetEnaRvrt") == 1.0
        for power_kw in (-40.0, 25.0, 0.0, 60.0):
            await inverter.write_power_kw(power_kw)
            site.now_s += 2.0
            assert site.value("701.W") == 1000.0 * power_kw
        site.now_s += 61.0
        assert site.value("701.W") == 0.0


async def test_a_gen24_is_forced_in_both_directions_and_rests_at_zero() -> None:
    models = of(1, 103, 120, 121, 122, 123, 124, 160)
    async with serving(models) as site, driver_at(site, "fronius-gen24") as driver:
        inverter = setter(driver)
        for power_kw in (-40.0, 25.0, 0.0, 60.0, -10.0, 0.0, -20.0):
            await inverter.write_power_kw(power_kw)
            site.now_s += 2.0
            assert site.value("103.W") == 1000.0 * power_kw
        fast = await values(driver, Rate.FAST)
        assert fast["battery.charge_kw"] == 20.0
        assert fast["battery.discharge_kw"] == 0.0
        assert site.value("124.InOutWRte_RvrtTms") == 60.0
        assert site.value("124.ChaGriSet") == 1.0
        site.now_s += 61.0
        assert site.value("103.W") == 0.0


async def test_a_gridsave_is_held_by_the_time_out_that_is_written_again() -> None:
    async with (
        serving(of(1, 103, 121, 64201, 64202)) as site,
        driver_at(site, "kaco-gridsave") as driver,
    ):
        inverter = setter(driver)
        for power_kw in (-40.0, 25.0):
            await inverter.write_power_kw(power_kw)
            site.now_s += 2.0
            assert site.value("64201.W") == 1000.0 * power_kw
        assert site.value("64201.Watchdog") == 60.0
        assert site.value("64201.RequestedState") == 11.0
        site.now_s += 61.0
        assert site.value("64201.W") == 0.0


async def test_123_is_dispatched_in_percent_of_the_rated_power(tmp_path: Path) -> None:
    profile = tmp_path / "limit.toml"
    profile.write_text(LIMIT_PROFILE)
    async with serving(of(1, 103, 121, 123)) as site, driver_at(site, str(profile)) as driver:
        await setter(driver).write_power_kw(30.0)
        site.now_s += 2.0
        assert site.value("103.W") == 30_000.0
        assert site.value("123.WMaxLimPct_RvrtTms") == 30.0
        site.now_s += 31.0
        assert site.value("103.W") == 0.0


async def test_a_life_counter_of_715_counts_with_the_setpoints(tmp_path: Path) -> None:
    override = tmp_path / "site.toml"
    override.write_text(
        '[watchdog]\nkind = "counter"\npoint = "pcs.keepalive"\nincrement_s = 0.1\nwrap = 65536\n'
    )
    async with (
        serving(of(*STORAGE)) as site,
        driver_at(site, "sunspec-battery", str(override)) as driver,
    ):
        counted = set()
        for _ in range(4):
            await setter(driver).write_power_kw(1.0)
            counted.add(site.value("715.ControllerHb"))
            await asyncio.sleep(0.12)
        assert len(counted) == 4


def test_a_point_that_the_standard_does_not_have_is_told_when_it_is_opened(tmp_path: Path) -> None:
    profile = tmp_path / "wrong.toml"
    profile.write_text(LIMIT_PROFILE.replace("123.WMaxLim_Ena", "123.Enable"))
    config = ModbusTcpConfig(id="device", host="127.0.0.1", port=1, profile=str(profile))
    with pytest.raises(ProfileError, match=r"pv\.limit_enable\.sunspec: '123\.Enable'"):
        open_modbus(config, SetClock(NOW_US))
