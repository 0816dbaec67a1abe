"""Archives for the tests: rows, traces, and a file of them written as the gateway does."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.archive.columns import ROW
from agent.archive.config import ArchiveSettings
from agent.archive.reader import Reader, Rows, reading
from agent.archive.schema import FILE
from agent.archive.trace import Trace
from agent.gateway.archive.store import ArchiveStore, open_archive
from agent.link import Item
from agent.status import Reason
from tests.support.virtual import EPOCH_US
from wire.block import Block, Quality, Reading, sample

SECOND_US = 1_000_000
STAMP = "20260101T000000"
SETTINGS = ArchiveSettings()


def row(
    second: int, values: Mapping[str, float | None], boot: str = "b", begin_us: int = EPOCH_US
) -> Block:
    """Return the row of a second after `begin_us`."""
    at_us = begin_us + second * SECOND_US
    readings = [
        Reading(f"{ROW}.{name}", value, Quality.LOST if value is None else Quality.GOOD, at_us)
        for name, value in values.items()
    ]
    return sample(ROW, boot, second, at_us, readings)


def trace(second: float, *reasons: Reason, mode: str = "automatic", config: str = "c0") -> Trace:
    return Trace(
        at_us=EPOCH_US + round(second * SECOND_US),
        mode=mode,
        command_kw=412.0,
        base_kw=400.0,
        response_kw=12.0,
        lower_kw=-800.0,
        upper_kw=412.0,
        reasons=reasons,
        config=config,
        rules="fcr-ce 2026-01",
        products="fcr_ce=1000",
        frequency="meter",
    )


def items(contents: Sequence[Block | Trace], first: int = 0) -> list[Item]:
    return [Item(first + place, content) for place, content in enumerate(contents)]


@contextmanager
def store(folder: Path, settings: ArchiveSettings = SETTINGS) -> Iterator[ArchiveStore]:
    with open_archive(folder / FILE, settings, STAMP) as opened:
        yield opened


@contextmanager
def reader(folder: Path) -> Iterator[Reader]:
    with reading(folder / FILE) as opened:
        yield opened


def seconds(found: Iterator[Rows]) -> list[int]:
    """Return which seconds after the epoch there are rows of."""
    return [(at_us - EPOCH_US) // SECOND_US for rows in found for at_us in rows.at_us]
