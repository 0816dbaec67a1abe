"""A REST device of a test's own, and the driver that reads it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.base import Rate
from drivers.errors import DeviceUnreachable
from drivers.rest.config import RestConfig
from drivers.rest.device import RestDevice, RestInverter, open_rest
from tests.support.rest_peer import RestPeer
from wire.block import Quality, Reading
from wire.clock import SetClock

NOW_US = 1_790_000_000_000_000
PROFILE = """
[profile]
id = "mine"
version = 1
source = "test"
[link]
protocol = "rest"
resource = "/status"
timeout_s = 0.3
fast_s = 0.1
slow_s = 0.1
[watchdog]
kind = "write-refresh"
timeout_s = 9
[[point]]
name = "ac.power_kw"
path = "ac[0].power"
unit = "W"
max = 1000
[[point]]
name = "battery.soc_pct"
path = "soc"
rate = "slow"
[[point]]
name = "pcs.set_power_kw"
path = "set"
unit = "W"
scale = -1
access = "read-write"
min = -100
max = 100
[control]
setpoint = "pcs.set_power_kw"
resource = "/set"
body = '{"charge_w": {value}}'
confirm_s = 0.3
"""
GOOD = {"ac": [{"power": 1500}], "soc": 55.5, "set": 0}


def config(folder: Path, port: int, **more: object) -> RestConfig:
    file = folder / "mine.toml"
    if not file.exists():
        file.write_text(PROFILE)
    url = f"{more.pop('scheme', 'http')}://127.0.0.1:{port}"
    document = {"kind": "rest", "id": "pcs", "profile": str(file), "url": url, **more}
    return RestConfig.model_validate(document)


@asynccontextmanager
async def polling(
    folder: Path, peer: RestPeer, document: object = GOOD, **more: object
) -> AsyncIterator[RestInverter]:
    peer.body = json.dumps(document).encode()
    async with open_rest(config(folder, peer.port, **more), SetClock(NOW_US)) as device:
        assert isinstance(device, RestInverter)
        yield device


async def until(device: RestDevice, quality: Quality = Quality.GOOD) -> list[Reading]:
    """Return the fast readings once the first of them has that quality."""
    async with asyncio.timeout(10):
        while True:
            try:
                readings = list(await device.read(Rate.FAST))
            except DeviceUnreachable:
                readings = []
            if readings and readings[0].quality is quality:
                return readings
            await asyncio.sleep(0.02)


async def until_silent(device: RestDevice) -> str:
    async with asyncio.timeout(10):
        while True:
            try:
                await device.read(Rate.FAST)
            except DeviceUnreachable as error:
                if "nothing was heard" not in str(error):
                    return str(error)
            await asyncio.sleep(0.02)
