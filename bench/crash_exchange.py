"""The exchange's part of ``crash``: a process with the real writer and journal is killed.

It says over a pipe what it answered, and nothing else is believed. Each start repeats the client
order ids whose answers may have been lost with the process before. At the end the journal, read
from its first fact, has to hold every answer once, and the books of every start.
"""

import asyncio
import hashlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from cloud.exchange.facts import Entered, Fact, Refused, Traded, Withdrawn
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.reading import Replay
from cloud.exchange.matching.codes import Execution, Side, State
from cloud.exchange.recovery import recover, take
from cloud.exchange.venue.commands import Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import Writer
from tests.support.venues import OPENS_US, Pit, quarter
from wire.clock import SetClock

SEGMENT_BYTES = 64 * 1024
LINES_MAX, MOMENT_S_MAX = 120, 0.02
"""A process is killed at any moment up to this after it has said so many lines, or fewer: counted,
so that it trades as much where the machine is busy."""
ALIVE_S_MAX = 0.1
EARLY_BELOW = 0.2
"""So many of the processes are killed at any moment up to this after their fork instead."""
SNAPSHOT_EACH = 10
"""Kills between two processes that make a snapshot and are killed too; every other time one more
is let finish, as most are in the field."""
REPEATED = 100
"""Client order ids that a start sends once more."""
WAITING_MAX = 64
STEP_US = 1_000
MINE_MAX = 20
"""Resting orders that a process knows of; it deletes what is more."""
ORDERS_PER_GATE = 400
_EXECUTIONS = (Execution.NON,) * 6 + (Execution.IOC, Execution.FOK, Execution.AON)
_ANSWER, _DELETED, _STARTED = "answer", "deleted", "started"

Line = list[Any]


@dataclass(slots=True)
class Result:
    """What was found after the last kill."""

    kills: int
    acknowledged: int = 0
    lost: int = 0
    duplicates: int = 0
    wrong: list[str] = field(default_factory=list)
    starts_compared: int = 0
    snapshots: int = 0
    trades: int = 0


def kills(folder: Path, count: int, seed: int) -> Result:
    """Start and kill the process `count` times; return the account.

    It forks, so call it from a process without threads.
    """
    folder = folder / "journal"
    chance = Random(seed)
    said: list[Line] = []
    highest = -1
    for number in range(count):
        first = max(0, highest + 1 - REPEATED)
        lines = _one_life(partial(_trade, folder, first), chance, LINES_MAX)
        said += lines
        numbers = [int(line[1]) for line in lines if line[0] == _ANSWER]
        highest = max([highest, *numbers])
        if number % SNAPSHOT_EACH == SNAPSHOT_EACH - 1:
            _one_life(partial(_snapshot, folder), chance, 1)
        if number % (2 * SNAPSHOT_EACH) == SNAPSHOT_EACH - 1:
            _whole_life(partial(_snapshot, folder))
    return _account(folder, Result(count), said)


def _one_life(live: Callable[[int], None], chance: Random, lines_max: int) -> list[Line]:
    """Fork, kill after a while, and return what the process had said up to its last whole line."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            live(theirs)
        finally:
            os._exit(1)
    os.close(theirs)
    early = chance.random() < EARLY_BELOW
    lines, moment_s = chance.randint(1, lines_max), chance.uniform(0, MOMENT_S_MAX)
    said = bytearray()
    deadline_s = time.monotonic() + chance.uniform(0, ALIVE_S_MAX) if early else float("inf")
    while (left_s := deadline_s - time.monotonic()) > 0:
        ready, _, _ = select.select([ours], [], [], None if left_s == float("inf") else left_s)
        if not ready:
            break
        more = os.read(ours, 65_536)
        if not more:
            break
        said += more
        if deadline_s == float("inf") and said.count(b"\n") >= lines:
            deadline_s = time.monotonic() + moment_s
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(ours, 65_536):
        said += more
    os.close(ours)
    return [json.loads(line) for line in bytes(said).split(b"\n")[:-1]]


def _whole_life(live: Callable[[int], None]) -> None:
    """Fork, and wait until the process has done what it is there for."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            live(theirs)
        finally:
            os._exit(1)
    os.waitpid(child, 0)
    os.close(ours)
    os.close(theirs)


def _trade(folder: Path, first: int, pipe: int) -> None:
    journal, venue = Journal(folder, segment_bytes=SEGMENT_BYTES), Venue()
    recover(journal, venue)
    _say(pipe, _STARTED, journal.next_sequence - 1, books_sha256(venue))
    clock = SetClock(OPENS_US)
    asyncio.run(_send(Writer(venue, journal, clock, _nobody), clock, first, pipe))


async def _send(writer: Writer, clock: SetClock, number: int, pipe: int) -> None:
    """Send without a pause until killed, some of it at a time; say each answer."""
    pit, mine = Pit(), list[tuple[str, int]]()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run())
        while True:
            waiting = []
            for _ in range(Random(number).randint(1, WAITING_MAX)):
                clock.at_us = max(clock.at_us, OPENS_US + number * STEP_US)
                order = _order(pit, number)
                waiting.append((number, order.owner.account, writer.submit(order)))
                number += 1
            for of, account, answers in waiting:
                (answer,) = await answers
                _say(pipe, _ANSWER, of, answer.order_id, answer.code)
                if answer.state == State.ACTIVE.value:
                    mine.append((account, answer.order_id))
            while len(mine) > MINE_MAX:
                account, order_id = mine.pop(number % len(mine))
                (answer,) = await writer.ask(
                    Switch(account=account, order_id=order_id, to=State.INACTIVE)
                )
                if not answer.code:
                    _say(pipe, _DELETED, order_id)


def _order(pit: Pit, number: int) -> Entry:
    """Return the order of this number, the same each time."""
    chance = Random(number)
    gate = number // ORDERS_PER_GATE + chance.randint(0, 3)
    closes_us = OPENS_US + (gate + 1) * ORDERS_PER_GATE * STEP_US
    return pit.entry(
        f"trader-{chance.randint(0, 5)}",
        chance.choice((Side.BUY, Side.SELL)),
        chance.randint(-4, 4),
        chance.randint(1, 50),
        chance.choice(_EXECUTIONS),
        of=quarter(gate, closes_us=closes_us),
        client_order_id=f"mine-{number}",
    )


def _snapshot(folder: Path, pipe: int) -> None:
    _say(pipe, _STARTED, 0, "")
    take(folder, Venue())


def _say(pipe: int, *line: object) -> None:
    os.write(pipe, json.dumps(line).encode("ascii") + b"\n")


def _nobody(first: int, facts: object) -> None: ...


def books_sha256(venue: Venue) -> str:
    """Return the digest of all books that have orders, in the order of their contracts."""
    digest = hashlib.sha256()
    for number, stall in sorted(venue.desk.stalls.items()):
        digest.update(b"%d:%s;" % (number, stall.book.sha256().encode("ascii")))
    return digest.hexdigest()


def _account(folder: Path, result: Result, said: list[Line]) -> Result:
    """Read the journal from its first fact and compare it with what was said."""
    entered: dict[str, Entered | Refused] = {}
    deleted, trades = set[int](), list[int]()
    started = {int(line[1]): str(line[2]) for line in said if line[0] == _STARTED}
    venue = Venue()
    for frame in Replay(folder):
        venue.replay(frame.facts)
        for fact in frame.facts:
            result.duplicates += _note(fact, entered, deleted, trades)
        if frame.last in started:
            result.starts_compared += 1
            if started[frame.last] != books_sha256(venue):
                result.wrong.append(f"other books after fact {frame.last}")
    result.trades = len(trades)
    if trades != list(range(1, len(trades) + 1)):
        result.wrong.append("trade numbers have gaps, or come twice")
    for line in said:
        _compare(line, entered, deleted, result)
    result.snapshots = len(list(folder.glob("*.snapshot")))
    return result


def _compare(
    line: Line, entered: dict[str, Entered | Refused], deleted: set[int], result: Result
) -> None:
    """Look for one thing that was said in what the journal holds."""
    kind, *rest = line
    result.acknowledged += kind != _STARTED
    if kind == _DELETED:
        result.lost += rest[0] not in deleted
    elif kind == _ANSWER:
        number, order_id, code = rest
        found = entered.get(f"mine-{number}")
        if found is None:
            result.lost += 1
            return
        known = found.order_id, found.code if isinstance(found, Refused) else ""
        if known != (order_id, code):
            result.wrong.append(f"order {number} was answered {order_id} {code}: {found}")


def _note(
    fact: Fact, entered: dict[str, Entered | Refused], deleted: set[int], trades: list[int]
) -> int:
    """Remember a fact; return 1 where its client order id is there already."""
    if isinstance(fact, Traded):
        trades.append(fact.trade_id)
    elif isinstance(fact, Withdrawn):
        deleted.add(fact.order_id)
    elif isinstance(fact, Entered | Refused) and fact.client_order_id:
        twice = fact.client_order_id in entered
        entered[fact.client_order_id] = fact
        return int(twice)
    return 0


if __name__ == "__main__":
    where, how_many, with_seed = sys.argv[1:]
    print(json.dumps(asdict(kills(Path(where), int(how_many), int(with_seed)))))
