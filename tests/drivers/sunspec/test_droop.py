"""drivers.sunspec: the inverter's own frequency droop (711) is set, adopted, read back, kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.base import Driver, FallsBack, PowerSetter, Rate
from drivers.errors import DeviceRefused
from simulators.sunspec import STORAGE
from tests.support.sunspec_site import Site, driver_at, of, serving, values

LFSM = """
[control]
keep = [
  ["droop.deadband_over_hz", 0.2], ["droop.deadband_under_hz", 0.2],
  ["droop.over_share", 0.05], ["droop.under_share", 0.05], ["droop.response_s", 2.0],
]
adopt = [
  ["droop.next_deadband_over_hz", 0.2], ["droop.next_deadband_under_hz", 0.2],
  ["droop.next_over_share", 0.05], ["droop.next_under_share", 0.05],
  ["droop.next_response_s", 2.0], ["droop.adopt", 2],
]
[[point]]
name = "droop.adopt"
sunspec = "711.AdptCtlReq"
access = "read-write"
"""
POINTS = {
    "deadband_over_hz": "DbOf",
    "deadband_under_hz": "DbUf",
    "over_share": "KOf",
    "under_share": "KUf",
    "response_s": "RspTms",
}


def _override(folder: Path) -> str:
    """Write a site's changes to the profile: LFSM as the grid code of the Netherlands has it."""
    rows = [
        f'[[point]]\nname = "droop.{prefix}{name}"\nsunspec = "711.{number}.{field}"\n'
        f'rate = "slow"\naccess = "{access}"\n'
        for prefix, number, access in (("", 1, "read"), ("next_", 2, "read-write"))
        for name, field in POINTS.items()
    ]
    path = folder / "site.toml"
    path.write_text(LFSM + "\n".join(rows), encoding="utf-8")
    return str(path)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving(of(*STORAGE, 711)) as found:
        yield found


async def _taken_over(driver: Driver) -> None:
    await values(driver, Rate.SLOW)
    assert isinstance(driver, PowerSetter)
    await driver.take_over()


async def test_the_droop_is_adopted_at_the_take_over(site: Site, tmp_path: Path) -> None:
    assert site.value("711.1.DbOf") == pytest.approx(0.036)
    async with driver_at(site, "sunspec-battery", _override(tmp_path)) as driver:
        await _taken_over(driver)
        assert site.value("711.1.DbOf") == pytest.approx(0.2)
        assert site.value("711.1.RspTms") == pytest.approx(2.0)
        shown = await values(driver, Rate.SLOW)
        assert shown["droop.deadband_under_hz"] == pytest.approx(0.2)


async def test_a_droop_that_somebody_changed_is_put_back_and_told(
    site: Site, tmp_path: Path
) -> None:
    async with driver_at(site, "sunspec-battery", _override(tmp_path)) as driver:
        await _taken_over(driver)
        assert isinstance(driver, FallsBack)
        await driver.look_after()
        site.device.image.put("711.1.KOf", 0.12)
        told = await driver.look_after()
        assert told == ("droop.over_share: 0.12 was found, 0.05 is kept now",)
        assert site.value("711.1.KOf") == pytest.approx(0.05)
        assert not await driver.look_after()


async def test_a_device_without_the_model_is_not_dispatched(tmp_path: Path) -> None:
    async with (
        serving(of(*STORAGE)) as without,
        driver_at(without, "sunspec-battery", _override(tmp_path)) as driver,
    ):
        with pytest.raises(DeviceRefused, match="cannot be dispatched with the models it has"):
            await _taken_over(driver)
