"""Sessions and submissions in the database."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from sqlalchemy import delete, false, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.auction import content
from cloud.exchange.auction.orders import Submission
from cloud.exchange.auction.tables import session, submission
from cloud.kernel.database import upsert


class State(Enum):
    """How far a session is; it only ever goes on."""

    OPEN = "OPEN"
    SEALED = "SEALED"
    """Nothing is taken any more; the result is being worked out."""
    SOLVED = "SOLVED"
    """The result stands, and is on its way to the journal."""
    PUBLISHED = "PUBLISHED"


class Kept(NamedTuple):
    """A session as it is kept."""

    state: State
    result: str
    published_us: int | None


async def locked(connection: AsyncConnection, auction: str, day: int) -> Kept:
    """Return a session, made now if it is new; until the transaction ends nobody changes it."""
    row = {"auction": auction, "day": day, "state": State.OPEN.value, "result": ""}
    await upsert(
        connection, session, [row], change=lambda new: {"day": new.day}, only_if=lambda _: false()
    )
    found = await _kept(connection, auction, day, lock=True)
    assert found is not None, "it was made above"
    return found


async def kept(connection: AsyncConnection, auction: str, day: int) -> Kept | None:
    """Return a session, None where nobody has ordered in it."""
    return await _kept(connection, auction, day, lock=False)


async def _kept(connection: AsyncConnection, auction: str, day: int, *, lock: bool) -> Kept | None:
    c = session.c
    query = select(c.state, c.result, c.published_us).where(c.auction == auction, c.day == day)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else Kept(State(row.state), row.result, row.published_us)


async def unfinished(connection: AsyncConnection) -> list[tuple[str, int]]:
    """Return code and day of the sessions that are not published, earliest day first."""
    c = session.c
    query = select(c.auction, c.day).where(c.state != State.PUBLISHED.value)
    rows = await connection.execute(query.order_by(c.day, c.auction))
    return [(row.auction, row.day) for row in rows]


async def published(connection: AsyncConnection, since_day: int) -> dict[tuple[str, int], int]:
    """Return when the sessions from a day on were published, by code and day."""
    c = session.c
    query = select(c.auction, c.day, c.published_us).where(
        c.state == State.PUBLISHED.value, c.day >= since_day
    )
    return {(row.auction, row.day): row.published_us for row in await connection.execute(query)}


async def ordered(
    connection: AsyncConnection, account: str, since_day: int
) -> dict[tuple[str, int], int]:
    """Return how many submissions an account has in the sessions from a day on."""
    c = submission.c
    query = select(c.auction, c.day, func.count().label("number")).where(
        c.account == account, c.day >= since_day
    )
    rows = await connection.execute(query.group_by(c.auction, c.day))
    return {(row.auction, row.day): row.number for row in rows}


async def move(
    connection: AsyncConnection,
    auction: str,
    day: int,
    to: State,
    *,
    result: str | None = None,
    published_us: int | None = None,
) -> None:
    c = session.c
    values: dict[str, object] = {"state": to.value}
    if result is not None:
        values["result"] = result
    if published_us is not None:
        values["published_us"] = published_us
    await connection.execute(
        update(session).where(c.auction == auction, c.day == day).values(**values)
    )


async def put(
    connection: AsyncConnection, auction: str, day: int, one: Submission, at_us: int, key_id: str
) -> None:
    """Keep a submission in place of the last one of the same member and site."""
    row = {
        "auction": auction,
        "day": day,
        "account": one.account,
        "site": one.site,
        "at_us": at_us,
        "key_id": key_id,
        "content": content.dump_submission(one),
    }
    await upsert(
        connection,
        submission,
        [row],
        change=lambda new: {"at_us": new.at_us, "key_id": new.key_id, "content": new.content},
        only_if=lambda _: true(),
    )


async def take_back(
    connection: AsyncConnection, auction: str, day: int, account: str, site: str
) -> bool:
    """Forget a submission; False: there was none."""
    c = submission.c
    gone = await connection.execute(
        delete(submission).where(
            c.auction == auction, c.day == day, c.account == account, c.site == site
        )
    )
    return bool(gone.rowcount)


async def count(connection: AsyncConnection, auction: str, day: int) -> int:
    """Return how many have ordered."""
    c = submission.c
    query = select(func.count()).where(c.auction == auction, c.day == day)
    return int((await connection.execute(query)).scalar_one())


async def submissions(
    connection: AsyncConnection, auction: str, day: int, account: str | None = None
) -> Sequence[tuple[int, Submission]]:
    """Return what was ordered and when, of one account or of all, by account and site."""
    c = submission.c
    query = select(submission).where(c.auction == auction, c.day == day)
    if account is not None:
        query = query.where(c.account == account)
    rows = await connection.execute(query.order_by(c.account, c.site))
    return [
        (row.at_us, content.load_submission(row.account, row.site, row.content)) for row in rows
    ]
