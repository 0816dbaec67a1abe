"""``phoenyra-agent export``: a period of the archive as a file for the grid operator.

Reads the archive beside a running gateway, streams, and puts the file in place only when it is
whole.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.archive import dutch, nordic, table
from agent.archive import trace as traces
from agent.archive.columns import BY_NAME, RECORD, RECORD_COLUMNS
from agent.archive.reader import NoArchive, Reader, reading
from agent.archive.schema import FILE
from agent.archive.text import fixed, instant_us
from agent.archive.timeline import Timeline
from agent.settings import AgentSettings, BadSettings
from wire import fields
from wire.clock import utc

PERIOD_US_MAX = 400 * 86_400_000_000
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A period in a format; `file` is for the Nordic one."""

    format: str
    from_us: int
    to_us: int
    file: nordic.File


def run(settings: AgentSettings, options: argparse.Namespace) -> int:
    """Write the file and say what is in it; 1: there is no archive.

    Raises:
        BadSettings: the period, the name or the place cannot be used.
    """
    wanted = _wanted(settings, options)
    path = _path(settings.site, wanted, options.out)
    part = path.with_name(path.name + _PART)
    try:
        with reading(settings.data_dir / FILE) as reader:
            seconds, missing = _write(part, reader, wanted)
            part.replace(path)
            said = f"{path}: {seconds} seconds, {missing} missing"
            said += f", {reader.damaged} damaged pieces left out" if reader.damaged else ""
    except NoArchive as error:
        sys.stderr.write(f"phoenyra-agent: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("phoenyra-agent: given up; no file was left\n")
        return 1
    except OSError as error:
        raise BadSettings(f"out: {path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    sys.stdout.write(f"{said}\n")
    return 0


def content(reader: Reader, wanted: Wanted) -> tuple[Iterator[str], Timeline]:
    """Return the file in pieces of text; the timeline knows afterwards how much is missing."""
    read = {"archive": table.READ, "nordic": nordic.READ, "dutch": dutch.READ}
    names = read.get(wanted.format, ())
    timeline = Timeline(reader, wanted.from_us, wanted.to_us, names)
    match wanted.format:
        case "archive":
            return table.lines(timeline), timeline
        case "nordic":
            return nordic.lines(timeline, wanted.file), timeline
        case "dutch":
            return dutch.lines(timeline), timeline
        case "decisions":
            return _decisions(reader, wanted), timeline
        case _:
            return _record(reader, wanted), timeline


def period(begin: str, end: str) -> tuple[int, int]:
    """Return the period as microseconds.

    Raises:
        ValueError: it is none; one line.
    """
    from_us, to_us = instant_us(begin), instant_us(end)
    if not from_us < to_us <= from_us + PERIOD_US_MAX:
        days = PERIOD_US_MAX // 86_400_000_000
        raise ValueError(f"to: {end!r} is not allowed; later than from, at most {days} days")
    return from_us, to_us


def _wanted(settings: AgentSettings, options: argparse.Namespace) -> Wanted:
    try:
        from_us, to_us = period(options.begin, options.end)
        file = nordic.File(
            resource=options.resource or settings.site,
            area=options.area,
            product=options.product,
            zone=options.timezone,
            date=options.date,
        )
        if options.format == "nordic":
            file.check()
    except ValueError as error:
        raise BadSettings(str(error)) from error
    return Wanted(options.format, from_us, to_us, file)


def _path(site: str, wanted: Wanted, out: Path) -> Path:
    if not out.is_dir():
        return out
    if wanted.format == "nordic":
        return out / wanted.file.name(wanted.from_us, wanted.to_us)
    ending = "jsonl" if wanted.format == "decisions" else "csv"
    span = "-".join(f"{utc(at_us):%Y%m%dT%H%M%S}" for at_us in (wanted.from_us, wanted.to_us))
    return out / f"{site}_{wanted.format}_{span}.{ending}"


def _write(part: Path, reader: Reader, wanted: Wanted) -> tuple[int, int]:
    lines, timeline = content(reader, wanted)
    with part.open("w", encoding="utf-8", newline="") as file:
        for text in lines:
            file.write(text)
    if wanted.format in ("decisions", "record"):
        for _ in timeline:
            pass
    return timeline.seconds, timeline.missing


def _decisions(reader: Reader, wanted: Wanted) -> Iterator[str]:
    for trace in reader.traces(wanted.from_us, wanted.to_us):
        yield fields.compact(traces.to_document(trace)) + "\n"


def _record(reader: Reader, wanted: Wanted) -> Iterator[str]:
    yield ",".join(("utc_us", "boot_id", *RECORD_COLUMNS)) + "\r\n"
    for block in reader.records(wanted.from_us, wanted.to_us):
        columns = dict(zip(block.points, block.values, strict=True))
        none = (None,) * len(block.at_us)
        cells = zip(
            map(str, block.at_us),
            (block.boot,) * len(block.at_us),
            *(
                fixed(columns.get(f"{RECORD}.{name}", none), BY_NAME[name].decimals)
                for name in RECORD_COLUMNS
            ),
            strict=True,
        )
        yield "".join([",".join(row) + "\r\n" for row in cells])
