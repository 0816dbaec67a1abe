"""`agent.publish.plant`: what is told of the plant, and that silence never looks like rest."""

from agent.publish.plant import SILENT_US_MAX, plant
from tests.support.publishing import status
from wire.block import Quality, Reading

NOW_US = 1_800_000_000_000_000
SOC = Reading("battery.soc_pct", 55.0, Quality.GOOD, NOW_US - 100)
BAD = Reading("battery.temp_mean_c", None, Quality.BAD, NOW_US - 100)
STATUS = status(NOW_US, [("bms", SOC), ("bms", BAD)], {"bms": True, "pcs": False})


def test_every_device_has_its_readings_and_control_its_decisions() -> None:
    members = plant(STATUS, NOW_US)
    assert {name: member.there for name, member in members.items()} == {
        "bms": True,
        "pcs": False,
        "control": True,
    }
    assert members["bms"].readings == {SOC.point: SOC, BAD.point: BAD}
    assert members["control"].readings["control.setpoint_kw"].value == -5.0


def test_nothing_is_good_once_control_is_silent_or_the_clock_was_set() -> None:
    for now_us in (NOW_US + SILENT_US_MAX + 1, NOW_US - SILENT_US_MAX - 1):
        members = plant(STATUS, now_us)
        soc = members["bms"].readings["battery.soc_pct"]
        assert (soc.value, soc.quality, soc.at_us) == (55.0, Quality.STALE, SOC.at_us)
        assert members["bms"].readings["battery.temp_mean_c"].quality is Quality.BAD
        assert members["control"].readings["control.setpoint_kw"].quality is Quality.STALE
        assert members["bms"].there


def test_before_control_has_told_anything_there_is_no_plant() -> None:
    assert plant(None, NOW_US) == {}
