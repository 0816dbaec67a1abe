"""``python -m tests.support.trading_process JOURNAL SEED``: an exchange that trades with itself.

Each answer is a line on standard output, written the moment it is given: whoever kills this
process knows what it had promised.
"""

import asyncio
import json
import os
import random
import sys
from pathlib import Path

from cloud.exchange.book import Execution, Side
from cloud.exchange.engine import Engine, open_floor
from cloud.exchange.records import Placed
from tests.support.exchange import NOON_US, contract, order
from wire.clock import QUARTER_HOUR_US, SetClock

TRADERS = 20
CONTRACTS = 3


async def _trade(engine: Engine, name: str, dice: random.Random) -> None:
    own: list[int] = []
    for count in range(1_000_000):
        if own and dice.random() < 0.3:
            order_id = own.pop(dice.randrange(len(own)))
            if await engine.withdraw(name, order_id) is not None:
                _say({"withdrawn": order_id})
            continue
        start_us = NOON_US + dice.randrange(CONTRACTS) * QUARTER_HOUR_US
        new = order(
            name,
            dice.choice(list(Side)),
            dice.randint(95, 105),
            dice.randint(1, 50),
            execution=dice.choice(list(Execution)),
            client_order_id=f"{os.getpid()}-{count}",
            of=contract(start_us),
        )
        answer = await engine.place(new)
        assert isinstance(answer, Placed), answer
        own.append(answer.order_id)
        _say(
            {
                "placed": answer.order_id,
                "trades": answer.trades,
                "client": [name, new.client_order_id],
            }
        )


def _say(answer: dict[str, object]) -> None:
    os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


async def main(path: Path, seed: int) -> None:
    clock = SetClock(NOON_US - 3_600_000_000)
    with open_floor(path, clock) as (floor, journal):
        engine = Engine(floor, journal, clock, lambda _: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(engine.run())
            for number in range(TRADERS):
                dice = random.Random(f"{seed} {number}")
                tasks.create_task(_trade(engine, f"trader-{number}", dice))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
