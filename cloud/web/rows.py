"""Rows of the state document from what the services return. Pure; see `cloud.web.live`."""

from collections.abc import Sequence
from typing import Any

from cloud.fleet.model import Newest, Site
from cloud.kernel.events import EventRow
from cloud.market import money
from cloud.portfolio.model import Position
from wire.schedule import Schedule

Row = dict[str, Any]

POINTS = frozenset({"ac.power_kw", "battery.soc_pct", "control.setpoint_kw"})
"""What the pages show of a site."""


def positions(found: Sequence[Position]) -> Row:
    """Return net kW by site and start of delivery; a position without a site is under ``""``."""
    by_site: dict[str, dict[str, int]] = {}
    for each in found:
        starts = by_site.setdefault(each.site or "", {})
        start = str(each.start_us)
        starts[start] = starts.get(start, 0) + each.net_kw
    return by_site


def account(found: Sequence[Position]) -> Row:
    return {
        "cash_eur": money.eur(sum(each.cash for each in found)),
        "sold_mwh": money.mwh(sum(each.sold_wh for each in found)),
        "bought_mwh": money.mwh(sum(each.bought_wh for each in found)),
    }


def site(found: Site, newest: Sequence[Newest]) -> Row:
    """Return a site with one value a point: of several devices the first one's by name."""
    points: Row = {}
    for each in newest:
        if each.point in POINTS and each.point not in points:
            points[each.point] = (each.value, int(each.quality), each.at_us)
    return {
        "id": found.id,
        "name": found.name,
        "power_kw": found.power_kw,
        "energy_kwh": found.energy_kwh,
        "points": points,
    }


def schedule(found: Schedule) -> Row:
    return {
        "version": found.version,
        "issued_us": found.issued_us,
        "slots": [(slot.start_us, slot.end_us, slot.power_kw) for slot in found.slots],
    }


def event(found: EventRow) -> Row:
    return {
        "id": found.id,
        "at_us": found.at_us,
        "site": found.site,
        "code": found.code,
        "severity": int(found.severity),
        "text": found.text,
    }
