"""All that was said of a series, statement by statement, read some days at a time."""

from cloud.market.series import store
from cloud.market.series.archive import Archive
from cloud.market.series.model import Series
from cloud.market.series.raw import Raw

PAGE_US = 10 * 86_400_000_000
"""Of values that arrive one by one these are 1,000 rows: some milliseconds of the hub's loop."""


async def statements(
    archive: Archive, series: Series, start_us: int, end_us: int, known_us: int
) -> list[Raw]:
    """Return what was served of ``[start_us, end_us)`` and known by an instant, packed.

    A statement that begins up to 25 hours before `start_us` may be among them.

    Raises:
        Unavailable: the database does not answer.
    """
    found: list[Raw] = []
    first_us = start_us - store.DAY_US_MAX
    async with archive.database.reading() as connection:
        number = await store.number_of(connection, series)
    while number is not None and first_us < end_us:
        last_us = min(first_us + PAGE_US, end_us)
        async with archive.database.reading() as connection:
            found += await store.raw(connection, number, first_us, last_us, known_us)
        first_us = last_us
    return found
