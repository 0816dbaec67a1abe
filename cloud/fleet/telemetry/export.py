"""Long periods as files: read page by page, written line by line, whatever their length.

Each page is a reading of its own, so an export holds neither memory nor a database's old pages;
what arrives meanwhile for a period that was written already is not in it.
"""

import csv
import io
import json
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cloud.fleet.telemetry import chunks as telemetry
from cloud.fleet.telemetry import queries
from cloud.fleet.telemetry.history import Question, collect
from cloud.fleet.telemetry.queries import STEP_US, Step
from cloud.fleet.telemetry.views import RAW_COLUMNS, ROLLUP_COLUMNS, quality_name, rollup_rows
from cloud.kernel.database import Database
from cloud.kernel.instants import iso
from wire.points import unit_of

PAGE_VALUES = 20_000
PAGE_CHUNKS = 500
_GZIP = 31
"""zlib's window bits for a gzip file."""

Row = list[Any]
"""Device, point, then what the columns name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is exported."""

    site: str
    points: Sequence[str]
    from_us: int
    to_us: int
    step: Step
    """Not AUTO."""

    @property
    def columns(self) -> tuple[str, ...]:
        return RAW_COLUMNS if self.step is Step.RAW else ROLLUP_COLUMNS


async def pages(database: Database, wanted: Wanted) -> AsyncIterator[list[Row]]:
    """Yield the rows in the order of time, page by page."""
    if wanted.step is Step.RAW:
        async for page in _raw(database, wanted):
            yield page
        return
    step_us = STEP_US[wanted.step]
    async with database.reading() as connection:
        extent = await queries.extent(connection, wanted.site, wanted.points)
    if extent is None:
        return
    from_us = max(wanted.from_us, extent.first_us)
    to_us = min(wanted.to_us, extent.last_us + 1)
    from_us -= from_us % step_us
    window_us = max(1, PAGE_VALUES // max(1, extent.series)) * step_us
    for begin_us in range(from_us, to_us, window_us):
        async with database.reading() as connection:
            end_us = min(begin_us + window_us, to_us)
            found = await queries.ask(
                connection, wanted.site, wanted.points, begin_us, end_us, wanted.step
            )
        rows = [
            [found.series[index].device, found.series[index].point, *row]
            for index, row in zip(
                found.rolls.series.tolist(), rollup_rows(found.rolls), strict=True
            )
        ]
        yield sorted(rows, key=lambda row: (row[2], row[0], row[1]))


async def _raw(database: Database, wanted: Wanted) -> AsyncIterator[list[Row]]:
    begin_us: int | None = wanted.from_us
    while begin_us is not None:
        async with database.reading() as connection:
            found = await telemetry.chunks(
                connection, wanted.site, begin_us, wanted.to_us, PAGE_CHUNKS
            )
        question = Question(frozenset(wanted.points), begin_us, wanted.to_us, PAGE_VALUES)
        history = collect(found, question, complete=len(found) < PAGE_CHUNKS)
        rows = [
            [series.device, series.point, at_us, value, int(quality)]
            for series in history.series
            for at_us, value, quality in zip(
                series.at_us, series.values, series.quality, strict=True
            )
        ]
        yield sorted(rows, key=lambda row: (row[2], row[0], row[1]))
        begin_us = history.next_us


async def as_csv(wanted: Wanted, found: AsyncIterator[list[Row]]) -> AsyncIterator[bytes]:
    """Yield a table with times as people read them; missing numbers are empty."""
    yield _lines([["time", "device", "point", "unit", *wanted.columns[1:]]])
    async for page in found:
        yield _lines(
            [iso(at_us), device, point, unit_of(point), *numbers, quality_name(quality)]
            for device, point, at_us, *numbers, quality in page
        )


async def as_json(wanted: Wanted, found: AsyncIterator[list[Row]]) -> AsyncIterator[bytes]:
    """Yield one document; each row of it stands on a line of its own."""
    head = {
        "site": wanted.site,
        "step": wanted.step.value,
        "columns": ["device", "point", *wanted.columns],
    }
    yield json.dumps(head)[:-1].encode() + b', "rows": ['
    between = "\n"
    async for page in found:
        if page:
            yield (between + ",\n".join(json.dumps(row) for row in page)).encode()
            between = ",\n"
    yield b"\n]}\n"


async def gzipped(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(wbits=_GZIP)
    async for part in parts:
        if packed := packer.compress(part):
            yield packed
    yield packer.flush()


def _lines(rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")
