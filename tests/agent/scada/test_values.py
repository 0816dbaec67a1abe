"""agent.scada.values: what a SCADA sees, and that silence never looks like a plant at rest."""

from agent.scada.values import SILENT_US_MAX, shown
from agent.status import DeviceState, Status
from wire.block import Quality, Reading

NOW_US = 1_800_000_000_000_000
READ = Reading("battery.soc_pct", 55.0, Quality.GOOD, NOW_US - 100)
BAD = Reading("battery.temp_mean_c", None, Quality.BAD, NOW_US - 100)


def status(at_us: int = NOW_US) -> Status:
    device = DeviceState(device="inverter", connected=True, answered_us=at_us, trouble="")
    return Status(
        at_us=at_us,
        mode="automatic",
        setpoint_kw=-5.0,
        schedule_kw=0.0,
        response_kw=0.0,
        reasons=(),
        devices=(device,),
        readings=(("inverter", READ), ("inverter", BAD)),
        schedule_version=None,
        schedule_ends_us=None,
        beats=1,
        missed=0,
        kept_items=0,
        dropped_items=0,
    )


def test_every_reading_has_its_own_node_quality_and_time() -> None:
    values = {value.node: value for value in shown(status(), linked=True, now_us=NOW_US)}
    soc = values["bess/inverter/battery.soc_pct"]
    assert (soc.value, soc.quality, soc.at_us, soc.unit) == (55.0, Quality.GOOD, NOW_US - 100, "%")
    assert values["bess/inverter/battery.temp_mean_c"].quality is Quality.BAD
    assert values["bess/control/control.setpoint_kw"].value == -5.0
    assert values["bess/inverter/connected"].value is True


def test_nothing_is_fresh_once_control_is_silent_or_gone() -> None:
    later_us = NOW_US + SILENT_US_MAX + 1
    for linked, now_us in ((False, NOW_US), (True, later_us)):
        values = {value.node: value for value in shown(status(), linked=linked, now_us=now_us)}
        assert values["bess/inverter/battery.soc_pct"].quality is Quality.STALE
        assert values["bess/inverter/battery.temp_mean_c"].quality is Quality.BAD
        assert values["bess/control/control.setpoint_kw"].quality is Quality.STALE
        assert values["bess/inverter/connected"].value is False


def test_before_control_has_told_anything_there_is_nothing_to_show() -> None:
    assert not list(shown(None, linked=False, now_us=NOW_US))
