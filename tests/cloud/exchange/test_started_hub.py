"""cloud.exchange.running: what is there when a start is over, and why there is none."""

from cloud.exchange.read.projection import rebuild
from cloud.exchange.service import Exchange
from cloud.kernel.context import Hub
from cloud.main import running_features
from cloud.portfolio import service as portfolio
from cloud.portfolio.model import Position
from tests.support.exchange import body, trading


async def positions(hub: Hub) -> list[Position]:
    async with hub.database.reading() as connection:
        return list(await portfolio.positions(connection, from_us=0, to_us=2**60))


async def test_positions_are_whole_before_anything_is_planned_with_them(hub: Hub) -> None:
    """After an upgrade, a restored database or a rebuild all of the journal is read first."""
    async with trading(hub) as desk:
        for client, side in ((desk.werk, "SELL"), (desk.handel, "BUY")):
            answer = await client.post("/api/orders", json=body(side))
            assert answer.status_code == 200, answer.text
        exchange = hub.service(Exchange)
        await exchange.caught_up()
        before = await positions(hub)
        assert len(before) == 2
        fence = exchange.journal.fence
    await rebuild(hub.database, fence)
    assert not await positions(hub)
    async with running_features(hub):
        assert await positions(hub) == before
