"""``exchange-journal``: messages a second that are on the disk, and messages a second read back.

The shared stream goes through the venue, all checks on, and the journal: in batches as the writer
makes them, through the writer itself with an answer for each, and one by one. A start afterwards
has to come to the same books.
"""

import asyncio
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import engine_flows, order_stream
from bench.engine_flows import checked_venue
from bench.options import Figures, Options
from cloud.exchange.facts import Refused
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.reading import Replay
from cloud.exchange.matching.codes import Side, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.recovery import recover
from cloud.exchange.venue.commands import Command, Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import BATCH_MAX, INBOX_MAX, Answers, Writer
from cloud.market import catalogue
from tests.support.hub import NOON_US
from wire.clock import SetClock

_QUICK_MESSAGES = 60_000
_ALONE = 300
_SMALL_BATCHES = (1, 10, 100)
_SMALL_COMMITS = 100
_START_US = NOON_US
_AT_US = NOON_US - 3_600_000_000


def run(options: Options) -> Figures:
    """Return the figures; the hash of the books is the same on every machine."""
    stream, source = order_stream.messages()
    commands = _commands(stream[:_QUICK_MESSAGES] if options.quick else stream)
    with TemporaryDirectory(prefix="phoenyra-bench-") as folder:
        batched = _batched(Path(folder) / "batched", commands)
        read_s = _read(Path(folder) / "batched")
        recovered = _recovered(Path(folder) / "batched")
        answered = asyncio.run(_answered(Path(folder) / "answered", commands))
        small = {size: _small(Path(folder) / f"{size}", commands, size) for size in _SMALL_BATCHES}
    count = len(commands)
    return {
        "messages": count,
        "refused": batched.refused,
        "durable_messages_per_s": round(count / batched.wall_s),
        "durable_messages_per_cpu_s": round(count / batched.cpu_s),
        "commit_ms_p50": round(median(batched.commits_ms), 3),
        "commit_ms_p99": round(_p99(batched.commits_ms), 3),
        "bytes_per_message": round(batched.bytes / count, 1),
        "recovery_messages_per_s": round(count / recovered.wall_s),
        "recovery_messages_per_cpu_s": round(count / recovered.cpu_s),
        "read_only_messages_per_s": round(count / read_s),
        "replay_identical": recovered.sha256 == batched.sha256,
        "writer_messages_per_s": round(count / answered.wall_s),
        "writer_commits": answered.commits,
        "answer_under_load_ms_p99": round(_p99(answered.commits_ms), 3),
        "answer_alone_ms_p50": round(median(answered.alone_ms), 3),
        "answer_alone_ms_p99": round(_p99(answered.alone_ms), 3),
        **{f"durable_batches_of_{size}_per_s": round(rate) for size, rate in small.items()},
        "books_sha256": batched.sha256,
        "memory_mb_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "stream": source,
    }


@dataclass(slots=True)
class _Run:
    """One way through the stream."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    commits_ms: list[float] = field(default_factory=list)
    alone_ms: list[float] = field(default_factory=list)
    bytes: int = 0
    commits: int = 0
    refused: int = 0
    sha256: str = ""


def _batched(folder: Path, commands: Sequence[Command]) -> _Run:
    venue, journal, done = checked_venue(), _opened(folder), _Run()
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    for at in range(0, len(commands), BATCH_MAX):
        facts = []
        for command in commands[at : at + BATCH_MAX]:
            facts += venue.handle(command, _AT_US + at)
        done.refused += sum(type(fact) is Refused for fact in facts)
        commit_s = time.perf_counter()
        journal.commit(facts)
        done.commits_ms.append((time.perf_counter() - commit_s) * 1_000)
    done.wall_s = time.perf_counter() - began_s
    done.cpu_s = time.process_time() - began_cpu_s
    journal.close()
    recovered = _opened(folder)
    recovered.close()
    done.bytes = sum(path.stat().st_size for path in sorted(folder.glob("*.segment"))[:-1])
    done.sha256 = _sha256(venue)
    return done


def _recovered(folder: Path) -> _Run:
    venue, journal = checked_venue(), Journal(folder)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    recover(journal, venue)
    done = _Run(time.perf_counter() - began_s, time.process_time() - began_cpu_s)
    journal.close()
    done.sha256 = _sha256(venue)
    return done


def _read(folder: Path) -> float:
    began_s = time.perf_counter()
    for _ in Replay(folder):
        pass
    return time.perf_counter() - began_s


async def _answered(folder: Path, commands: Sequence[Command]) -> _Run:
    """Send everything through the writer, as many at once as may wait; then some alone."""
    journal, done = _opened(folder), _Run()
    writer = Writer(checked_venue(), journal, SetClock(_AT_US), lambda *_: None)
    alone, many = commands[:_ALONE], commands[_ALONE:]
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(writer.run())
        for command in alone:
            sent_s = time.perf_counter()
            await writer.ask(command)
            done.alone_ms.append((time.perf_counter() - sent_s) * 1_000)
        began_s, before = time.perf_counter(), journal.commits
        for at in range(0, len(many), INBOX_MAX):
            sent_s = time.perf_counter()
            waiting: list[Answers] = [writer.submit(c) for c in many[at : at + INBOX_MAX]]
            for answers in waiting:
                await answers
                done.commits_ms.append((time.perf_counter() - sent_s) * 1_000)
        done.wall_s = time.perf_counter() - began_s
        done.commits = journal.commits - before
        task.cancel()
    journal.close()
    return done


def _small(folder: Path, commands: Sequence[Command], size: int) -> float:
    venue, journal = checked_venue(), _opened(folder)
    took_s = 0.0
    for at in range(0, size * _SMALL_COMMITS, size):
        facts = []
        for command in commands[at : at + size]:
            facts += venue.handle(command, _AT_US + at)
        began_s = time.perf_counter()
        journal.commit(facts)
        took_s += time.perf_counter() - began_s
    journal.close()
    return size * _SMALL_COMMITS / took_s


def _opened(folder: Path) -> Journal:
    journal = Journal(folder)
    for _ in journal.recover():
        pass
    return journal


def _commands(stream: Sequence[order_stream.Message]) -> list[Command]:
    """Return the commands; an account only buys or only sells, so that nobody meets himself."""
    half = engine_flows.ACCOUNTS // 2
    buyers = [Owner(0, f"buy-{number}") for number in range(half)]
    sellers = [Owner(0, f"sell-{number}") for number in range(half)]
    of = catalogue.load()[engine_flows.MARKET].contract(_START_US)
    assert of is not None
    entered: dict[int, str] = {}
    made: list[Command] = []
    for message in stream:
        order_id = message.order_id
        if message.kind == "A":
            owner = (buyers if message.side == 1 else sellers)[order_id % half]
            entered[order_id] = owner.account
            made.append(
                Entry(
                    owner=owner,
                    contract=of,
                    side=Side.BUY if message.side == 1 else Side.SELL,
                    price_ticks=message.price,
                    quantity_steps=message.quantity,
                )
            )
        else:
            made.append(Switch(account=entered[order_id], order_id=order_id, to=State.INACTIVE))
    return made


def _sha256(venue: Venue) -> str:
    return ",".join(stall.book.sha256() for stall in venue.desk.stalls.values())


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]
