"""cloud.exchange.api.paces: a key that has run wild waits, and the others do not."""

import asyncio

from cloud.exchange.api.paces import LONG_READS
from cloud.fleet.sync.rates import Rates
from cloud.kernel.context import Hub
from tests.support.exchange import MARKET, trading

AHEAD_S = 1_000
"""As if the calls had come in a time ahead of now: nothing is gained back before the next one."""


async def test_a_key_that_asks_without_a_pause_is_told_when_to_come_again(hub: Hub) -> None:
    path = f"/api/v1/markets/{MARKET}/quarters"
    async with trading(hub) as desk:
        key_id = (await desk.handel.get("/api/v1/me")).json()["key_id"]
        assert (await desk.handel.get(path)).status_code == 200
        ahead_s = asyncio.get_running_loop().time() + AHEAD_S
        for _ in range(int(LONG_READS.burst)):
            hub.service(Rates).take("exchange history", key_id, LONG_READS, ahead_s)
        refused = await desk.handel.get(path)
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY")
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await desk.werk.get(path)).status_code == 200
        assert (await desk.handel.get("/api/v1/orders")).status_code == 200
