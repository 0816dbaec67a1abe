"""What an intraday forecast reads of the store: half a year of statements, as they were made."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cloud.forecast.intraday.past import DAYS
from cloud.forecast.service import hours, inputs, standing, store
from cloud.forecast.service.model import Job, Kind
from cloud.forecast.service.soon import Said, Soon
from cloud.forecast.service.sources import ACTUAL, IMBALANCE, INDEX, LOAD, PRICE, Chosen
from cloud.kernel.database import Database
from cloud.market.series import pages
from cloud.market.series.archive import Archive

_DAY_US = 86_400_000_000
_US = 1_000_000
_FIELDS = ("solar/", "wind/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A task, and what is said of it beside its result."""

    task: Soon
    data_age_s: Mapping[str, int]
    simulated: bool


async def gather(database: Database, archive: Archive, job: Job) -> Found:
    """Read everything that an intraday job needs.

    Raises:
        TooShort: there is no price of the area, or of any other.
        Unavailable: the database does not answer.
    """
    request, area = job.request, archive.areas[job.request.area]
    chosen = await inputs.chosen(archive, area)
    begin_us = area.day_us(area.day_of(job.as_of_us))[0] - (DAYS + 2) * _DAY_US
    said: list[Said] = []
    ages: dict[str, int] = {}
    for use in uses(chosen):
        for preference, series in enumerate(chosen.of(use)):
            raw = await pages.statements(archive, series, begin_us, request.end_us, job.as_of_us)
            name = INDEX if use.startswith(f"{INDEX}/") else use
            said.append(Said(name, series.resolution_s, preference, raw))
            if raw:
                newest_us = max(one.known_us for one in raw)
                name = name.rpartition("/")[0] if "/B" in name else name
                age_s = (job.as_of_us - newest_us) // _US
                ages[name] = min(ages.get(name, age_s), age_s)
    span = request.start_us, request.end_us, request.granularity_min * 60
    async with database.reading() as connection:
        last = await store.newest(connection, area.code, Kind.DAYAHEAD, job.as_of_us + 1)
    shut = await standing.is_shut(database, area, job.as_of_us)
    return Found(
        task=Soon(
            area=area.code,
            as_of_us=job.as_of_us,
            start_us=request.start_us,
            end_us=request.end_us,
            step_s=request.granularity_min * 60,
            said=said,
            day_ahead=hours.of_rows([] if last is None else json.loads(last.series), *span),
            shut=shut,
        ),
        data_age_s=ages,
        simulated=chosen.simulated,
    )


def uses(chosen: Chosen) -> list[str]:
    """Return what is read: of several indices of the continuous market only the first known."""
    found = [PRICE, *chosen.below("ida/"), *chosen.below(f"{INDEX}/")[:1], IMBALANCE]
    for before in ("", ACTUAL):
        found += [f"{before}{LOAD}"]
        for name in _FIELDS:
            found += chosen.below(f"{before}{name}")
    return found
