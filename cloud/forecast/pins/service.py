"""A person may pin who is asked for the forecasts of an area, until the end of a day."""

from dataclasses import replace
from datetime import date, timedelta

from cloud.forecast.pins import store as pin_store
from cloud.forecast.pins.store import Pin
from cloud.forecast.service.retreat import Members
from cloud.forecast.service.sources import (
    EARLY_NEIGHBOURS,
    EXAA_PRICE,
    LOAD,
    NEIGHBOURS,
    RENEWABLES,
)
from cloud.kernel import audit, events
from cloud.kernel.auth import Principal
from cloud.kernel.context import Hub
from cloud.kernel.errors import Invalid, NotFound
from cloud.kernel.events import NewEvent
from cloud.market.areas.model import Area
from wire.sync import Severity

DAYS_MAX = 92
"""A pin is a stopgap: after a quarter of a year somebody is to look again."""
GROUPS = (LOAD, RENEWABLES, EXAA_PRICE, NEIGHBOURS, EARLY_NEIGHBOURS)
"""Input groups that may be left out."""


async def pin(
    hub: Hub,
    principal: Principal,
    area: Area,
    members: Members,
    without: tuple[str, ...],
    until: date,
    reason: str,
) -> Pin:
    """Pin members until the end of a local day, in place of an earlier pin; audited, an event.

    Raises:
        Invalid: the day is over, or too far ahead.
    """
    now_us = hub.clock.now_us()
    today = area.day_of(now_us)
    last = today + timedelta(days=DAYS_MAX)
    if not today <= until <= last:
        allowed = f"{today.isoformat()} to {last.isoformat()} is"
        raise Invalid(f"until: {until.isoformat()} is not allowed; {allowed}")
    wish = Pin(
        area=area.code,
        since_us=now_us,
        until_us=area.day_us(until)[1],
        ended_us=None,
        members=members,
        without=tuple(sorted(set(without))),
        account=principal.account,
        key_id=principal.key_id,
        reason=reason,
    )
    said = f"{members.value}{_without(wish.without)} until {until.isoformat()}"
    async with hub.database.transaction() as connection:
        await pin_store.end(connection, area.code, now_us)
        await pin_store.add(connection, wish)
        entry = audit.by(principal, "forecast.pin", f"forecasts of {area.code}", now_us)
        await audit.record(connection, replace(entry, reason=reason, result=said))
        text = f"{area.code}: {said}, by {principal.account}: {reason}"
        await events.append(connection, _event("FORECAST_PINNED", text, wish, now_us))
    return wish


async def unpin(hub: Hub, principal: Principal, area: Area) -> None:
    """Take a pin back; audited, an event.

    Raises:
        NotFound: none is in force.
    """
    now_us = hub.clock.now_us()
    async with hub.database.transaction() as connection:
        wish = await pin_store.at(connection, area.code, now_us)
        if wish is None or not await pin_store.end(connection, area.code, now_us):
            raise NotFound(f"nothing is pinned for {area.code}")
        entry = audit.by(principal, "forecast.unpin", f"forecasts of {area.code}", now_us)
        await audit.record(connection, entry)
        text = f"{area.code}: taken back by {principal.account}"
        await events.append(connection, _event("FORECAST_UNPINNED", text, wish, now_us))


async def run_out(hub: Hub, area: Area) -> None:
    """Tell of pins that have run out.

    Raises:
        Unavailable: the database does not answer.
    """
    now_us = hub.clock.now_us()
    async with hub.database.reading() as connection:
        if not await pin_store.has_run_out(connection, area.code, now_us):
            return
    async with hub.database.transaction() as connection:
        if not await pin_store.run_out(connection, area.code, now_us):
            return
        event = NewEvent(
            at_us=now_us,
            code="FORECAST_UNPINNED",
            severity=Severity.INFO,
            source="forecast",
            text=f"{area.code}: the pin has run out",
        )
        await events.append(connection, event)


def _event(code: str, text: str, wish: Pin, now_us: int) -> NewEvent:
    return NewEvent(
        at_us=now_us,
        code=code,
        severity=Severity.INFO,
        source="forecast",
        text=text,
        origin=f"forecast-pin/{wish.area}/{wish.since_us}/{code}",
    )


def _without(groups: tuple[str, ...]) -> str:
    return f" without {', '.join(groups)}" if groups else ""
