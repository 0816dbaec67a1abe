"""``exchange-start``: how long a hub takes to answer with a million orders in its journal.

The shared stream goes into contract after contract until so many orders are entered. Then the
real hub is started twice, with the whole journal to do again and with a snapshot; in between the
snapshot is taken, as the hub does it beside the trading. The read model is said to be up to date:
how long it takes to make it again is what ``exchange-read`` tells.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from tempfile import TemporaryDirectory

from bench import order_stream
from bench.options import Figures, Options
from cloud.exchange.journal import segment, snapshot
from cloud.exchange.journal.journal import Journal
from cloud.exchange.matching.codes import Side, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.room import SNAPSHOT_VENUE
from cloud.exchange.running import JOURNAL_FOLDER
from cloud.exchange.venue.commands import Command, Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import BATCH_MAX
from cloud.kernel.database import open_database
from cloud.kernel.folder import DATABASE_FILE
from cloud.market import catalogue
from cloud.market.contracts import Contract
from tests.support.system import running_system
from wire.clock import SystemClock

ORDERS = 1_000_000
QUICK_ORDERS = 50_000
MARKET = "PHO_AT_INTRADAY_15MIN"
TRADERS = 25
START_S_MAX = 600.0


def run(options: Options) -> Figures:
    """Return the figures."""
    orders = QUICK_ORDERS if options.quick else ORDERS
    with TemporaryDirectory(prefix="phoenyra-bench-") as name:
        folder = Path(name)
        empty_s = _started_s(folder)
        journal = folder / "hub" / JOURNAL_FOLDER
        messages, last = _traded(journal, orders)
        asyncio.run(_as_if_read(folder / "hub" / DATABASE_FILE, last))
        whole_s = _started_s(folder)
        began_s = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "cloud.exchange.snapshots", journal, SNAPSHOT_VENUE],
            check=True,
        )
        snapshot_s = time.perf_counter() - began_s
        (taken,) = snapshot.listed(journal)
        return {
            "orders": orders,
            "messages": messages,
            "facts": last,
            "journal_mb": sum(path.stat().st_size for _, path in segment.listed(journal)) >> 20,
            "start_empty_s": round(empty_s, 2),
            "start_whole_journal_s": round(whole_s, 2),
            "start_with_snapshot_s": round(_started_s(folder), 2),
            "snapshot_taken_s": round(snapshot_s, 2),
            "snapshot_mb": round(taken.stat().st_size / 2**20, 1),
        }


def _started_s(folder: Path) -> float:
    """Start a hub, wait for its first answer, stop it."""
    began_s = time.perf_counter()
    with running_system(folder, start_s_max=START_S_MAX):
        return time.perf_counter() - began_s


def _traded(folder: Path, orders: int) -> tuple[int, int]:
    """Trade; return how many messages it took, and the sequence of the last fact."""
    journal, venue = Journal(folder), Venue()
    for frame in journal.recover():
        venue.replay(frame.facts)
    at_us = SystemClock().now_us()
    contracts = catalogue.load()[MARKET].open_contracts(at_us)
    stream, _ = order_stream.messages()
    messages = 0
    facts = []
    for command in _commands(stream, contracts, orders):
        facts += venue.handle(command, at_us)
        messages += 1
        if messages % BATCH_MAX == 0:
            journal.commit(facts)
            facts = []
    if facts:
        journal.commit(facts)
    journal.close()
    return messages, journal.next_sequence - 1


def _commands(
    stream: Sequence[order_stream.Message], contracts: Sequence[Contract], orders: int
) -> Iterator[Command]:
    """Play the stream into one contract after the other, the farthest first."""
    buyers = [Owner(0, f"buy-{number}") for number in range(TRADERS)]
    sellers = [Owner(0, f"sell-{number}") for number in range(TRADERS)]
    entered: list[str] = [""]
    for of in reversed(contracts):
        first = len(entered) - 1
        for message in stream:
            order_id = first + message.order_id
            if message.kind == "A":
                owner = (buyers if message.side == 1 else sellers)[order_id % TRADERS]
                entered.append(owner.account)
                yield Entry(
                    owner=owner,
                    contract=of,
                    side=Side.BUY if message.side == 1 else Side.SELL,
                    price_ticks=message.price,
                    quantity_steps=message.quantity,
                )
                if len(entered) > orders:
                    return
            else:
                yield Switch(account=entered[order_id], order_id=order_id, to=State.INACTIVE)


async def _as_if_read(path: Path, last: int) -> None:
    """Say that the read model has all of it."""
    database = await open_database(f"sqlite+aiosqlite:///{path}")
    await database.close()
    with closing(connect(path)) as rows:
        rows.execute("UPDATE venue_cursor SET sequence = ?", (last,))
        rows.commit()
