"""Commands in a list: newest first, filtered, page after page."""

import httpx

from cloud.kernel.context import Hub
from tests.support.hub import Box, clock_of
from tests.support.operation import (
    MINUTE_US,
    asked,
    tell_result,
)
from wire.command import State


async def test_commands_are_listed_newest_first_and_filtered(
    operator: httpx.AsyncClient, box: Box, hub: Hub
) -> None:
    first = await asked(operator)
    clock_of(hub).at_us += MINUTE_US
    second = await asked(operator, "logs", payload={"hours": 1})
    await tell_result(box, first, State.DONE)

    async def ids(**query: str) -> list[str]:
        found = await operator.get("/api/v1/commands", params=query)
        return [each["id"] for each in found.json()["commands"]]

    assert await ids() == [second, first]
    assert await ids(limit="1") == [second]
    assert await ids(open="true") == [second]
    assert await ids(state="done") == [first]
    assert await ids(kind="logs", site="werk-sued") == [second]


async def test_page_after_page_everything_comes_once_though_it_has_one_instant(
    operator: httpx.AsyncClient,
) -> None:
    issued = {await asked(operator) for _ in range(7)}
    seen: list[str] = []
    query = {"limit": "3"}
    for _ in range(9):
        answer = (await operator.get("/api/v1/commands", params=query)).json()
        seen += [each["id"] for each in answer["commands"]]
        if answer["next"] is None:
            break
        query["before"] = answer["next"]
    assert len(seen) == 7
    assert set(seen) == issued
    strange = await operator.get("/api/v1/commands", params={"before": "yesterday"})
    assert (strange.status_code, strange.json()["message"]) == (
        422,
        "before: 'yesterday' is not allowed; `next` of an answer is expected",
    )
