"""What the technician's page shows, as one JSON document. Pure.

Instants are µs UTC by the box's own clock, `now_us` among them, so that a phone whose clock is
wrong still shows true ages. Signs as in `wire`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from agent.gateway.latest import Lane, Latest, Noted
from agent.insight import Insight
from agent.status import DeviceState, Status
from wire import alarm as alarms
from wire.block import Reading
from wire.clock import QUARTER_HOUR_US, quarter_hour_us
from wire.schedule import Schedule

Document = dict[str, Any]

BARS = 24
"""Quarter-hours in the small chart."""
STEPS_MAX = 8
EVENTS_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What never changes while the process runs."""

    site: str
    name: str
    discharge_kw_max: float
    charge_kw_max: float
    soc_min_pct: float
    soc_max_pct: float
    buffer_bytes_max: int
    has_hub: bool


def picture(site: Site, latest: Latest, now_us: int) -> Document:
    """Return everything the page knows at `now_us`."""
    status = latest.status
    return {
        "now_us": now_us,
        "site": {
            "id": site.site,
            "name": site.name or site.site,
            "discharge_kw_max": site.discharge_kw_max,
            "charge_kw_max": site.charge_kw_max,
            "soc_min_pct": site.soc_min_pct,
            "soc_max_pct": site.soc_max_pct,
        },
        "linked": latest.linked,
        "control": None if status is None else _control(status),
        "devices": [] if status is None else [_device(device) for device in status.devices],
        "values": [] if status is None else [_value(*pair) for pair in status.readings],
        "schedule": None if latest.schedule is None else _schedule(latest.schedule, now_us),
        "hub": _hub(site, latest),
        "clock": {
            "state": latest.clock.state.value,
            "correction_us": latest.clock.correction_us,
        },
        "buffer": _buffer(site, latest),
        "latches": [
            {"code": it.code, "unit": it.unit, "source": it.source, "text": it.text, "since_us": at}
            for it, at in latest.latches
        ],
        "alarms": [alarms.to_document(alarm) for alarm in latest.alarms],
        "events": [_event(noted) for noted in reversed(latest.events[-EVENTS_SHOWN:])],
    }


def steps(schedule: Schedule, from_us: int) -> Iterator[tuple[int, float | None]]:
    """Yield (start, power in kW) of each change of power from now on; None: nothing is known.

    The first is what holds at `from_us`; slots of equal power that touch are one, gaps are 0 kW.
    """
    at_us = from_us
    last: float | None = None
    first = True
    for start_us, power_kw in _turns(schedule, from_us):
        if first or power_kw != last:
            yield max(start_us, at_us), power_kw
        first, last, at_us = False, power_kw, max(start_us, at_us)


def _turns(schedule: Schedule, from_us: int) -> Iterator[tuple[int, float | None]]:
    at_us = from_us
    for slot in schedule.slots:
        if slot.end_us <= from_us:
            continue
        if slot.start_us > at_us:
            yield at_us, 0.0
        yield slot.start_us, slot.power_kw
        at_us = slot.end_us
    yield at_us, None


def _control(status: Status) -> Document:
    return {
        "at_us": status.at_us,
        "mode": status.mode,
        "setpoint_kw": status.setpoint_kw,
        "schedule_kw": status.schedule_kw,
        "response_kw": status.response_kw,
        "reasons": [asdict(reason) for reason in status.reasons],
        "schedule_version": status.schedule_version,
        "beats": status.beats,
        "missed": status.missed,
        "kept": status.kept_items,
        "dropped": status.dropped_items,
        "steering": status.steering,
        "blocked": list(status.blocked),
        **_insight(status.insight),
    }


def _insight(insight: Insight | None) -> Document:
    """Return parts, units, products and frequency; what an older control does not tell is None."""
    if insight is None:
        keys = ("base_kw", "management_kw", "lower_kw", "upper_kw", "frequency")
        return {**dict.fromkeys(keys), "units": [], "products": []}
    document = asdict(insight)
    for product in document["products"]:
        product["refusals"] = [{"code": code, "text": text} for code, text in product["refusals"]]
    return document


def _device(device: DeviceState) -> Document:
    return {
        "id": device.device,
        "connected": device.connected,
        "answered_us": device.answered_us,
        "trouble": device.trouble,
    }


def _value(device: str, reading: Reading) -> Document:
    return {
        "device": device,
        "point": reading.point,
        "v": reading.value,
        "q": reading.quality.name.lower(),
        "at_us": reading.at_us,
    }


def _schedule(schedule: Schedule, now_us: int) -> Document:
    first_us = quarter_hour_us(now_us)
    quarters = [first_us + i * QUARTER_HOUR_US for i in range(BARS)]
    slots = [schedule.slot_at(at_us) for at_us in quarters]
    changes = list(steps(schedule, now_us))
    return {
        "version": schedule.version,
        "issued_us": schedule.issued_us,
        "ends_us": schedule.ends_us,
        "steps": [{"at_us": at, "power_kw": kw} for at, kw in changes[:STEPS_MAX]],
        "bars_from_us": first_us,
        "bars": [None if slot is None else slot.power_kw for slot in slots],
        "services": [
            {"product": service.product, "capacity_kw": service.capacity_kw}
            for service in schedule.services
            if service.start_us <= now_us < service.end_us
        ],
    }


def _hub(site: Site, latest: Latest) -> Document:
    lanes = (latest.up, latest.down)
    answers = [lane.answered_us for lane in lanes if lane.answered_us is not None]
    broken = next((lane for lane in lanes if lane.trouble), Lane())
    return {
        "configured": site.has_hub,
        "connected": bool(answers) and not broken.trouble,
        "answered_us": max(answers, default=None),
        "acked_us": latest.up.answered_us,
        "trouble": broken.trouble,
        "code": broken.code,
        "clock_off_us": latest.clock_off_us,
        "watched": bool(latest.watch),
    }


def _buffer(site: Site, latest: Latest) -> Document:
    state, waits = latest.buffer, latest.backlog
    return {
        "unsent": None if state is None else state.n,
        "bytes": None if state is None else state.bytes,
        "bytes_max": site.buffer_bytes_max,
        "dropped": None if state is None else state.dropped,
        "from_us": None if waits is None else waits.from_us,
        "gaps": None if waits is None else waits.gaps,
        "quarantined": None if waits is None else waits.quarantined,
        "written_bytes_day": latest.written_bytes_day,
        "stored_us": latest.stored_us,
        "trouble": latest.store_trouble,
    }


def _event(noted: Noted) -> Document:
    event = noted.event
    return {
        "count": noted.count,
        "at_us": event.at_us,
        "code": event.code,
        "severity": event.severity.name.lower(),
        "source": event.source,
        "text": event.text,
    }
