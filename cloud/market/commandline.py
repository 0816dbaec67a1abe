"""``phoenyra-hub market``: files taken in, the past filled in; a hub may run beside it."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from cloud.kernel.database import Database
from cloud.market.areas import catalogue
from cloud.market.feeds import csv_file, feeds_file
from cloud.market.feeds.backfill import Progress
from cloud.market.feeds.errors import FeedError
from cloud.market.feeds.feeds_file import BadFeeds, FeedRow
from cloud.market.feeds.fills import told_backfill
from cloud.market.feeds.layouts import BadFile
from cloud.market.feeds.limiter import Limiter
from cloud.market.feeds.opening import open_row
from cloud.market.feeds.states import Asked
from cloud.market.series.archive import Appended, Archive
from cloud.market.series.checking import BadBatch
from cloud.market.series.model import Kind
from cloud.settings import HubSettings
from wire.clock import Clock

_BAR = 30
_SOURCES = ("entsoe", "energy-charts", "awattar", "smard", "weather", "simulated")
_YEARS = range(2005, 2200)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what follows ``phoenyra-hub market``."""
    actions = parser.add_subparsers(dest="action", required=True)
    take = actions.add_parser("import", help="take in a CSV file, plain or gzip; see the manual")
    take.add_argument("file", type=Path)
    take.add_argument(
        "--area", default="", type=str.upper, help="of columns that do not name theirs"
    )
    fill = actions.add_parser(
        "backfill", help="ask a source for the days that are missing; goes on where it was"
    )
    fill.add_argument("--source", required=True, choices=_SOURCES)
    fill.add_argument(
        "--series",
        required=True,
        type=_asked,
        metavar="KIND/AREA[/DETAIL]",
        help="price.day_ahead/AT, generation.forecast/DE-LU/B16, …",
    )
    fill.add_argument("--from", required=True, type=_day, dest="first", metavar="YYYY-MM-DD")
    fill.add_argument("--to", required=True, type=_day, dest="last", metavar="YYYY-MM-DD")
    fill.add_argument("--seed", type=int, default=1, help="of the simulated market")


async def run(
    database: Database, settings: HubSettings, options: argparse.Namespace, clock: Clock
) -> None:
    """Do what the command line says and print what came of it.

    Raises:
        BadFeeds: the file, the token or the question is wrong, or the source does not answer.
    """
    archive = Archive(database, catalogue.load(settings.areas_file))
    try:
        if options.action == "import":
            await _import(archive, options.file, options.area, clock)
        else:
            await _backfill(archive, settings, options, clock)
    except (BadFile, BadBatch, FeedError) as error:
        raise BadFeeds(str(error)) from error


async def _import(archive: Archive, path: Path, area: str, clock: Clock) -> None:
    content = await asyncio.to_thread(csv_file.read, path)
    batches = await asyncio.to_thread(
        csv_file.parse, content, path.name, area, archive.areas, clock.now_us()
    )
    total = Appended()
    show = _progress()
    for number, batch in enumerate(batches, 1):
        total += await archive.append([batch])
        show(number, len(batches), total)
    sys.stdout.write(f"{path.name}: {_said(total)}\n")
    for series in sorted({batch.series for batch in batches}):
        sys.stdout.write(f"  {series}\n")


async def _backfill(
    archive: Archive, settings: HubSettings, options: argparse.Namespace, clock: Clock
) -> None:
    kind, area, detail = options.series
    if options.last < options.first:
        raise BadFeeds(f"--to: {options.last} is before --from: {options.first}")
    rows = feeds_file.load(settings.market_feeds_file).feed
    row = next((one for one in rows if one.source == options.source), None)
    if row is None and options.source == feeds_file.WEATHER:
        raise BadFeeds("--source: weather needs a row in PHOENYRA_HUB_MARKET_FEEDS_FILE")
    row = row or FeedRow(source=options.source, areas=(area,), seed=options.seed)
    show = _progress()
    async with open_row(row, settings, clock, Limiter()) as feed:
        if not feed.offers(kind, area):
            raise BadFeeds(f"--series: {options.source} has no {kind.value} of {area}")
        asked = Asked(feed.name, area, kind, detail)
        progress = Progress(done=0, total=0, appended=Appended())
        filling = told_backfill(archive, feed, asked, options.first, options.last, clock)
        async for progress in filling:
            show(progress.done, progress.total, progress.appended)
    sys.stdout.write(f"{asked}: {progress.done} days, {_said(progress.appended)}\n")


def _progress() -> Callable[[int, int, Appended], None]:
    """Return what draws a bar on a terminal, and nothing elsewhere."""

    def show(done: int, total: int, appended: Appended) -> None:
        if not sys.stderr.isatty() or not total:
            return
        full = done * _BAR // total
        bar = "#" * full + "." * (_BAR - full)
        sys.stderr.write(f"\r[{bar}] {done}/{total}  {appended.new} values ")
        if done >= total:
            sys.stderr.write("\n")
        sys.stderr.flush()

    return show


def _said(total: Appended) -> str:
    apart = f", {total.apart} set apart" if total.apart else ""
    return f"{total.new} values new, {total.known} known before{apart}"


def _asked(text: str) -> tuple[Kind, str, str]:
    kind, _, rest = text.partition("/")
    area, _, detail = rest.partition("/")
    kinds = [one.value for one in Kind]
    if kind not in kinds or area not in catalogue.load():
        raise argparse.ArgumentTypeError(
            f"{text!r} is not allowed; KIND/AREA is expected, with one of {', '.join(kinds)} and"
            f" one of {', '.join(sorted(catalogue.load()))}"
        )
    return Kind(kind), area, detail


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in _YEARS:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed; 2026-11-21 is expected")
    return day
