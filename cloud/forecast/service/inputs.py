"""What a forecast reads of the store, as it was known at the job's instant."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS
from cloud.forecast.early import HISTORY_DAYS as EARLY_DAYS
from cloud.forecast.early import has_come
from cloud.forecast.service import beside, soundness, sources, store, weathered
from cloud.forecast.service.issue import LEARNED_DAYS
from cloud.forecast.service.ladder import (
    CONFIGURATIONS,
    FULL,
    TEMPLATE,
    Footing,
    TooShort,
    footing,
    told_key,
    whole_days,
)
from cloud.forecast.service.model import Job
from cloud.forecast.service.panel import mark
from cloud.forecast.service.reading import Reading
from cloud.forecast.service.retreat import Retreat
from cloud.forecast.service.soundness import Sound
from cloud.forecast.service.sources import (
    EXAA_PRICE,
    LOAD,
    NEIGHBOURS,
    OTHER,
    PRICE,
    RENEWABLES,
    Chosen,
)
from cloud.forecast.service.task import Task
from cloud.kernel.database import Database
from cloud.market.areas.model import Area
from cloud.market.series.archive import Archive

HISTORY_DAYS = 1_730
"""The longest window of a member, before the oldest day that is learned from."""
PAST_DAYS = 120
"""Of load, wind and solar as foreseen and as they came, for their quantiles."""
SHAPE_DAYS = 60
"""Before the oldest day that is learned from: its shape needs 56."""
LENT_DAYS = 28
"""At least so many days are read: another area may have to lend its prices."""
_LEARNED = timedelta(days=LEARNED_DAYS)
_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathered:
    """A task, and what is said of it beside its result."""

    task: Task
    members: str
    """Under which name what the members say is kept."""
    inputs: str
    """Names of the groups that are read, with +."""
    data_age_s: dict[str, int]
    simulated: bool
    trained: tuple[date, date]
    """First and last day with prices."""
    odd: Mapping[str, str]
    """By input that is not believed: why."""


async def chosen(archive: Archive, area: Area) -> Chosen:
    """Return the series that a forecast of the area reads.

    Raises:
        TooShort: there is no price.
    """
    found = sources.chosen(await archive.extents(), area)
    if found is None:
        raise TooShort(f"no day-ahead price of {area.code}, or of any other area, is known")
    return found


async def gather(
    database: Database, archive: Archive, job: Job, asked: Retreat | None = None
) -> Gathered:
    """Read everything that a day-ahead job needs; `asked`: what is done about alarms.

    Raises:
        TooShort: there is no price, or too few days of them.
        Unavailable: the database does not answer.
    """
    request, area = job.request, archive.areas[job.request.area]
    read = Reading(archive, area, await chosen(archive, area), job.as_of_us)
    target = area.day_of(request.start_us)
    targets = (area.day_of(request.end_us - 1) - target).days + 1
    first = _first(read, target)
    count = (target - first).days + targets
    step_s = request.granularity_min * 60
    prices = await read.days(PRICE, first, count)
    groups = await _groups(read, first, count)
    sky = await _sky(read, groups, job, target, targets)
    decided = _decided(prices, targets)
    prices[count - targets + decided :] = np.nan
    foot, early, trusted, cut = Footing(FULL, (), ()), None, Sound({}), 0
    if decided < targets:
        open_from = count - targets + decided
        near = [await read.days(use, first, count) for use in read.chosen.below(f"{NEIGHBOURS}/")]
        groups |= beside.groups(prices, near, open_from)
        trusted = await soundness.sound(read, groups, open_from, first, asked)
        cut = soundness.believed(prices, open_from, trusted)
        foot, early = _footing(prices, trusted.groups, open_from, request.features)
    quarters, fine = await _quarters(read, first, count, decided - targets, cut, early)
    key = told_key(foot.quality, foot.groups, mark(foot.groups, step_s, early, fine))
    task = Task(
        area=area.code,
        first=first,
        targets=targets,
        decided=decided,
        step_s=step_s,
        quality=foot.quality,
        prices=prices,
        groups={name: groups[name] for name in foot.groups},
        quarters=quarters,
        foreseen=sky.foreseen,
        past=sky.past,
        told=await _told(database, area.code, key, target - _LEARNED),
        early=early,
        early_quarters=fine,
        other=await read.days(OTHER, first, count) if foot.quality == TEMPLATE else None,
        flags=(*foot.flags, *trusted.flags, *sky.flags),
        seed=int(target.strftime("%Y%m%d")),
        retreat=asked or Retreat(),
    )
    return Gathered(
        task=task,
        members=key,
        inputs="+".join(foot.groups) or "prices",
        data_age_s={name: (job.as_of_us - us) // _US for name, us in read.known_us.items()},
        simulated=read.chosen.simulated,
        trained=(first, first + timedelta(days=_last_whole(prices))),
        odd=trusted.odd,
    )


def _first(read: Reading, target: date) -> date:
    """Return the first day that is read."""
    first = max(read.area.day_of(read.chosen.first_us), target - timedelta(days=HISTORY_DAYS))
    if read.chosen.of(OTHER):
        first = min(first, target - timedelta(days=LENT_DAYS))
    if first >= target:
        raise TooShort(f"no price before {target.isoformat()} is known")
    return first


def _last_whole(prices: FloatArray) -> int:
    whole = np.flatnonzero(np.isfinite(prices).all(axis=1))
    return int(whole[-1]) if len(whole) else 0


def _footing(
    prices: FloatArray, groups: Mapping[str, FloatArray], row: int, wanted: tuple[str, ...]
) -> tuple[Footing, FloatArray | None]:
    """Return the rung, and the early auction's prices for members of their own, if they have come.

    A source that lately told them and does not tell this day is flagged; one that tells the day
    before once more has told nothing.
    """
    found = dict(groups)
    early = found.get(EXAA_PRICE)
    if early is None or (wanted and EXAA_PRICE not in wanted):
        return footing(prices, found, row, wanted), None
    if has_come(early, row):
        foot = footing(prices, found, row, wanted)
        return foot, early if foot.quality in CONFIGURATIONS else None
    del found[EXAA_PRICE]
    foot = footing(prices, found, row, wanted)
    return replace(foot, flags=(*foot.flags, f"no_{EXAA_PRICE}")), None


async def _groups(read: Reading, first: date, count: int) -> dict[str, FloatArray]:
    """Return the inputs of the members; renewables are the sum of what the area has of them."""
    found: dict[str, FloatArray] = {}
    if read.chosen.of(LOAD):
        found[LOAD] = await read.days(LOAD, first, count)
    plants = [*read.chosen.below("solar/"), *read.chosen.below("wind/")]
    if plants:
        each = [await read.days(use, first, count) for use in plants]
        found[RENEWABLES] = np.sum(each, axis=0)
    if read.chosen.of(EXAA_PRICE):
        found[EXAA_PRICE] = await read.days(EXAA_PRICE, first, count)
    return found


async def _sky(
    read: Reading, groups: dict[str, FloatArray], job: Job, target: date, targets: int
) -> weathered.Fields:
    """Return load, sun and wind; what the weather stands in for is put into `groups` as well."""
    request = job.request
    step_s = request.granularity_min * 60
    past = await _past(read, target, targets)
    foreseen = await _foreseen(read, request.start_us, request.end_us, step_s)
    found = await weathered.told(read, past, foreseen, target, targets, step_s)
    if RENEWABLES in groups:
        names = [name for name in ("solar", "wind") if read.chosen.below(f"{name}/")]
        groups[RENEWABLES] = found.renewables(groups[RENEWABLES], names, targets)
    return found


async def _foreseen(
    read: Reading, start_us: int, end_us: int, step_s: int
) -> Mapping[str, FloatArray]:
    found = {}
    for name in (PRICE, LOAD):
        if read.chosen.of(name):
            found[name] = await read.slots(name, start_us, end_us, step_s)
    for name in ("solar", "wind"):
        each = [
            await read.slots(use, start_us, end_us, step_s) for use in read.chosen.below(f"{name}/")
        ]
        if each:
            found[name] = np.sum(each, axis=0)
    return found


async def _past(read: Reading, target: date, targets: int) -> Mapping[str, FloatArray]:
    """Return load, solar, wind as foreseen and as they came, shape (2, days, 24)."""
    first, count = target - timedelta(days=PAST_DAYS), PAST_DAYS + targets
    found = {}
    for name in ("load", "solar", "wind"):
        both = []
        for prefix in ("", "actual/"):
            uses = [f"{prefix}{name}"] if name == LOAD else read.chosen.below(f"{prefix}{name}/")
            each = [await read.days(use, first, count) for use in uses if read.chosen.of(use)]
            both.append(np.sum(each, axis=0) if each else np.full((count, HOURS), np.nan))
        if np.isfinite(both[1]).any():
            found[name] = np.array(both)
    return found


async def _quarters(
    read: Reading, first: date, count: int, open_from: int, cut: int, early: FloatArray | None
) -> tuple[FloatArray, FloatArray | None]:
    """Return the end of the history; NaN from row `open_from` on, which counts from the end.

    So many days before it are `cut`: they are not believed. The second is of the early auction,
    None where it has told no quarter-hours lately.
    """
    length = min(count, LEARNED_DAYS + (SHAPE_DAYS if early is None else EARLY_DAYS))
    begin = first + timedelta(days=count - length)
    found = await read.quarters(begin, length)
    if open_from < 0:
        found[max(open_from - cut, -length) :] = np.nan
    if early is None:
        return found, None
    fine = await read.quarters(begin, length, EXAA_PRICE)
    lately = np.isfinite(fine[-LENT_DAYS:]).all(axis=1)
    return found, fine if lately.any() else None


def _decided(prices: FloatArray, targets: int) -> int:
    whole = whole_days(prices)[len(prices) - targets :]
    return targets if whole.all() else int(np.argmin(whole))


async def _told(database: Database, area: str, key: str, first: date) -> dict[date, FloatArray]:
    async with database.reading() as connection:
        found = await store.told_since(connection, area, key, first)
    return {day: _unpacked(values) for day, values in found.items()}


def _unpacked(values: bytes) -> FloatArray:
    return np.frombuffer(values, dtype="<f8").astype(np.float64).reshape(-1, HOURS)
