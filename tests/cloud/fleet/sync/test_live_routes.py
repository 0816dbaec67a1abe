"""POST /sync/v1/live: what a box tells is shown to those who watch, and kept nowhere."""

from cloud.fleet import service
from cloud.fleet.live import LiveValues
from cloud.kernel.context import Hub
from tests.support.hub import NOON_US, Box
from wire import sync
from wire.block import Quality, Reading

_SOC = Reading("battery.soc_pct", 61.5, Quality.GOOD, NOON_US - 300_000)


async def test_a_box_is_told_what_is_watched_and_nothing_when_nobody_watches(
    hub: Hub, box: Box
) -> None:
    assert await box.tell_live(("inverter", _SOC)) == []
    hub.service(LiveValues).watch("werk-sued", ["battery.soc_pct"])
    assert await box.tell_live(("inverter", _SOC)) == ["battery.soc_pct"]
    (shown,) = hub.service(LiveValues).newest("werk-sued")
    assert (shown.device, shown.value, shown.at_us) == ("inverter", 61.5, NOON_US - 300_000)


async def test_live_values_are_not_stored(hub: Hub, box: Box) -> None:
    hub.service(LiveValues).watch("werk-sued")
    await box.tell_live(("inverter", _SOC))
    async with hub.database.reading() as connection:
        assert await service.newest(connection, "werk-sued") == []


async def test_a_body_that_is_no_light_frame_is_refused(box: Box) -> None:
    header = box.header("POST", sync.LIVE_PATH, b"{}")
    answer = await box.client.post(sync.LIVE_PATH, content=b"{}", headers={"Authorization": header})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("live: ")


async def test_a_box_whose_gateway_was_revoked_tells_nothing(hub: Hub, box: Box) -> None:
    async with hub.database.transaction() as connection:
        await service.revoke_gateway(connection, box.gateway, NOON_US)
    header = box.header("POST", sync.LIVE_PATH, b"{}")
    answer = await box.client.post(sync.LIVE_PATH, content=b"{}", headers={"Authorization": header})
    assert answer.status_code == 403
