"""What a person decides on values that are set apart: released, or rejected; once, for good.

Nothing is changed in the past: a released value is another statement beside the one set apart,
of the same rank and document, known from the release on. What was computed before knows nothing
of it. A rejected one stays where it is, and is no longer asked about.
"""

from dataclasses import replace
from enum import StrEnum, unique

from cloud.kernel import audit, events
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.kernel.errors import NotFound, Refused
from cloud.kernel.events import NewEvent
from cloud.market.series import store
from cloud.market.series.merge import Statement
from cloud.market.series.model import SIMULATED, Quality
from cloud.market.series.store import Aside, Decision
from wire.sync import Severity

TOPIC = "market decision"
"""Woken when somebody decided."""


@unique
class Verdict(StrEnum):
    """What was decided."""

    RELEASED = "released"
    REJECTED = "rejected"


async def decide(hub: Hub, who: Principal, number: int, verdict: Verdict, reason: str) -> Aside:
    """Decide on a statement; committed, with an audit entry and an event, when it returns.

    Raises:
        NotFound: nothing of this number is set apart.
        Refused: ``DECIDED``, somebody was faster.
    """
    now_us = hub.clock.now_us()
    decision = Decision(now_us, verdict.value, who.account, who.key_id, reason)
    async with hub.database.transaction() as connection:
        aside = await store.aside(connection, number)
        if aside is None:
            raise NotFound(f"{number}: nothing of this number is set apart")
        if aside.decision is not None or not await store.decide(connection, number, decision):
            raise Refused("DECIDED", f"{number}: this was decided before")
        if verdict is Verdict.RELEASED:
            made = _released(aside, now_us)
            place = await store.make(connection, aside.series)
            await store.add(connection, place, aside.series.resolution_s, [made])
        said = aside.statement
        what = f"{aside.series} statement {number}"
        entry = audit.by(who, f"market.{verdict.value}", what, now_us)
        shown = ", ".join(f"{value:g}" for value in said.values[:5])
        more = "" if len(said.values) <= 5 else f" and {len(said.values) - 5} more"
        result = f"{shown}{more} {aside.series.kind.unit}"
        await audit.record(connection, replace(entry, reason=reason, result=result))
        event = NewEvent(
            at_us=now_us,
            code=f"MARKET_VALUE_{verdict.name}",
            severity=Severity.INFO,
            source="market",
            text=f"{what}: {verdict.value} by {who.account}: {reason}"[:240],
        )
        await events.append(connection, event)
    hub.bus.wake(TOPIC)
    return aside._replace(decision=decision)


def _released(aside: Aside, now_us: int) -> Statement:
    quality = Quality.SIMULATED if aside.series.source == SIMULATED else Quality.GOOD
    return replace(
        aside.statement, quality=quality, known_us=now_us, received_us=now_us, assumed=False
    )
