"""The page's routes for the archive: who asked and who cut at any second, and files of periods.

Reading is done in threads and in short pieces; what it finds is what is committed.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from agent.archive import columns, nordic
from agent.archive import trace as traces
from agent.archive.columns import COLUMNS
from agent.archive.export import Wanted, content, period
from agent.archive.reader import NoArchive, reading
from agent.archive.text import instant_us
from agent.archive.timeline import Timeline
from agent.archive.trace import Trace

DECISIONS = "/api/decisions"
TABLE = "/api/archive.csv"
TRACES_MAX = 2_000
"""Of one answer; the next begins where it ends."""
FILES_MAX = 2
"""Files that are made at the same time."""
_FORMATS = ("archive", "nordic", "dutch", "record")
_SECOND_US = 1_000_000

Check = Callable[[Request], None]


def add_archive(app: FastAPI, path: Path, site: str, check: Check) -> None:
    """Add the routes; `check` raises the answer to somebody who may not."""
    open_files: list[object] = []

    @app.get(DECISIONS)
    async def decisions(request: Request) -> Response:
        check(request)
        asked = request.query_params
        try:
            if "at" in asked:
                found = await asyncio.to_thread(_at, path, instant_us(asked["at"]))
            else:
                span = period(asked.get("from", ""), asked.get("to", ""))
                found = await asyncio.to_thread(_between, path, *span)
        except ValueError as error:
            raise _no(422, "BAD_PERIOD", str(error)) from error
        except NoArchive as error:
            raise _no(404, "NO_ARCHIVE", str(error)) from error
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    @app.get(TABLE)
    async def table(request: Request) -> Response:
        check(request)
        wanted = _wanted(request, site)
        if len(open_files) >= FILES_MAX:
            raise _no(503, "FILES_MAX", f"at most {FILES_MAX} files are made at the same time")
        if not await asyncio.to_thread(path.exists):
            raise _no(404, "NO_ARCHIVE", "there is no archive yet")
        name = wanted.file.name(wanted.from_us, wanted.to_us)
        name = name if wanted.format == "nordic" else f"{site}_{wanted.format}.csv"
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        file = _file(path, wanted, open_files)
        return StreamingResponse(file, media_type="text/csv; charset=utf-8", headers=headers)


def _wanted(request: Request, site: str) -> Wanted:
    asked = request.query_params
    kind = asked.get("format", "archive")
    if kind not in _FORMATS:
        raise _no(422, "BAD_FORMAT", f"format: one of {', '.join(_FORMATS)} is expected")
    file = nordic.File(
        resource=asked.get("resource", site),
        area=asked.get("area", "SE3"),
        product=asked.get("product", "fcr_n"),
        zone=asked.get("timezone", "CET"),
        date=asked.get("date", ""),
    )
    try:
        from_us, to_us = period(asked.get("from", ""), asked.get("to", ""))
        file.check()
    except ValueError as error:
        raise _no(422, "BAD_PERIOD", str(error)) from error
    return Wanted(kind, from_us, to_us, file)


def _file(path: Path, wanted: Wanted, open_files: list[object]) -> Iterator[str]:
    mark = object()
    open_files.append(mark)
    with ExitStack() as stack:
        stack.callback(open_files.remove, mark)
        reader = stack.enter_context(reading(path))
        lines, _ = content(reader, wanted)
        yield from lines


def _between(path: Path, from_us: int, to_us: int) -> dict[str, Any]:
    found: list[Trace] = []
    with reading(path) as reader:
        for trace in reader.traces(from_us, to_us):
            found.append(trace)
            if len(found) > TRACES_MAX:
                break
    more = len(found) > TRACES_MAX
    ends = [trace.at_us for trace in found[1:]]
    ends += [] if more else [to_us]
    shown = [
        {**traces.to_document(trace), "until_us": until_us}
        for trace, until_us in zip(found, ends, strict=False)
    ]
    return {"decisions": shown, "next_us": ends[-1] if more else None}


def _at(path: Path, at_us: int) -> dict[str, Any]:
    """Return what was seen and decided in the second of an instant, and why; None: not known."""
    second_us = at_us // _SECOND_US * _SECOND_US
    names = [column.name for column in COLUMNS]
    with reading(path) as reader:
        told = next(iter(Timeline(reader, second_us, second_us + _SECOND_US, names)), None)
    if told is None:
        return {"at_us": second_us, "row": None, "reasons": [], "decision": None}
    row = {name: told.rows.columns[name][0] for name in names}
    trace = told.traces[0]
    return {
        "at_us": second_us,
        "boot": told.rows.boot,
        "row": row,
        "reasons": columns.reasons(row["reason_bits"]),
        "decision": None if trace is None else traces.to_document(trace),
    }


def _no(status: int, code: str, message: str) -> HTTPException:
    return HTTPException(status, {"code": code, "message": message})
