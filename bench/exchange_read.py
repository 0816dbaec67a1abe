"""``exchange-read``: facts a second from the journal's commits into the tables of the read model.

The stream of orders runs through the venue first; what counts is the time from its facts to
committed rows, by the wall and by the CPU of this process (the database's threads with it).
"""

import asyncio
import time
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import order_stream
from bench.options import Figures, Options
from cloud.exchange.facts import Fact
from cloud.exchange.journal.frame import Frame
from cloud.exchange.matching.codes import Side, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.read.projection import Projection
from cloud.exchange.venue.commands import Command, Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.kernel.bus import Bus
from cloud.kernel.database import open_database
from cloud.market.contracts import Contract, Rule
from wire.clock import QUARTER_HOUR_US

_MESSAGES = 100_000
_MESSAGES_QUICK = 10_000
_IN_A_COMMIT = 64
_START_US = 1_800_000_000 * 1_000_000
_RULE = Rule(
    valid_from=date(2020, 1, 1),
    opens_ahead_s=86_400,
    close_lead_s=0,
    step_kw=100,
    quantity_kw_max=999_000,
    price_ticks_min=-999_999,
    price_ticks_max=999_999,
    protection_ticks=500,
)
_CONTRACT = Contract(
    market="AT",
    start_us=_START_US,
    end_us=_START_US + QUARTER_HOUR_US,
    opens_us=_START_US - 86_400_000_000,
    closes_us=_START_US,
    rule=_RULE,
)


@dataclass(frozen=True)
class _Journal:
    """Commits in memory, read as the journal's follower reads them."""

    frames: Sequence[Frame]

    @property
    def last(self) -> int:
        return self.frames[-1].last

    def read(self, after: int, until: int, frames_max: int) -> list[Frame]:
        assert until == self.last, "all of it is committed"
        begin = bisect(self.frames, after, key=attrgetter("first"))
        return list(self.frames[begin : begin + frames_max])


def run(options: Options) -> Figures:
    count = _MESSAGES_QUICK if options.quick else _MESSAGES
    journal = _Journal(_frames(order_stream.messages()[0][:count]))
    with TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'read.sqlite3'}"
        wall_s, cpu_s = asyncio.run(_project(journal, url))
    return {
        "messages": count,
        "facts": journal.last,
        "facts_per_wall_s": round(journal.last / wall_s),
        "facts_per_cpu_s": round(journal.last / cpu_s),
        "wall_s": round(wall_s, 3),
        "cpu_s": round(cpu_s, 3),
    }


async def _project(journal: _Journal, url: str) -> tuple[float, float]:
    database = await open_database(url)
    try:
        projection = Projection(journal, lambda: journal.last, database, Bus(), fence=1)
        await projection.open()
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        await projection.catch_up()
        return time.perf_counter() - wall_s, time.process_time() - cpu_s
    finally:
        await database.close()


def _frames(stream: Sequence[order_stream.Message]) -> list[Frame]:
    """Return the commits that the stream leads to."""
    venue = Venue()
    owners = {1: Owner(1, "buyer"), -1: Owner(2, "seller")}
    accounts = {m.order_id: owners[m.side].account for m in stream if m.kind == "A"}
    frames: list[Frame] = []
    facts: list[Fact] = []
    sequence = 1
    for number, message in enumerate(stream, 1):
        facts += venue.handle(_command(message, owners, accounts), _CONTRACT.opens_us + number)
        if number % _IN_A_COMMIT == 0 or number == len(stream):
            frames.append(Frame(sequence, facts, 0))
            sequence += len(facts)
            facts = []
    return frames


def _command(
    message: order_stream.Message, owners: dict[int, Owner], accounts: dict[int, str]
) -> Command:
    if message.kind == "C":
        return Switch(
            account=accounts[message.order_id], order_id=message.order_id, to=State.INACTIVE
        )
    return Entry(
        owner=owners[message.side],
        contract=_CONTRACT,
        side=Side.BUY if message.side == 1 else Side.SELL,
        price_ticks=message.price,
        quantity_steps=message.quantity,
    )
