"""The hub's schedule as a proposal, and what holds when it asks for nothing (I14). Pure.

When the schedule has run out, its own fall-back holds, then what the local strategies want, then
0 kW. Where a site wants it, energy that was missed in a slot is made up for inside it: the power
is moved by a few percent of rated, and no longer in the slot's last minute.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agent.control.arbitrate import Proposal, clip
from agent.control.local.config import ScheduleSettings
from agent.control.local.scene import POWER_AGE_S_MAX, WISH_US, Scene
from wire.clock import utc
from wire.schedule import Schedule, Slot

CLASS = 3
SUB = 50
"""Strategies that go before the schedule have a lower number."""
IDLE_CLASS = 4
IDLE_SUB = 99
UNCORRECTED_S = 60.0
"""At the end of a slot: too short to make up for anything."""
GAP_S_MAX = 5.0
"""After a longer pause a slot is as one that was joined late."""
_HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True)
class SlotMemory:
    """What was delivered in the running slot."""

    start_us: int
    version: int
    missed_kwh: float = 0.0
    """+ more should have been discharged."""


def followed(scene: Scene, before: SlotMemory | None) -> SlotMemory | None:
    """Return what was missed in the running slot; None: there is no slot.

    While a frequency product answers, what counts is the base: a response is not made up for.
    """
    if scene.slot is None or scene.schedule is None:
        return None
    start_us, version = scene.slot.start_us, scene.schedule.version
    fresh = before is None or (before.start_us, before.version) != (start_us, version)
    power_kw = scene.base_kw
    if not scene.armed:
        measured_kw = scene.plant.power_kw.within(POWER_AGE_S_MAX)
        power_kw = scene.base_kw if measured_kw is None else measured_kw
    if before is None or fresh or scene.elapsed_s > GAP_S_MAX:
        return SlotMemory(start_us, version)
    missed_kwh = (scene.slot.power_kw - power_kw) * scene.elapsed_s / _HOUR_S
    return SlotMemory(start_us, version, before.missed_kwh + missed_kwh)


def proposals(
    scene: Scene, settings: ScheduleSettings, memory: SlotMemory | None
) -> Iterator[Proposal]:
    """Yield what the schedule asks for now, and the idle below all local strategies."""
    schedule, slot = scene.schedule, scene.slot
    if schedule is not None and slot is not None:
        yield _of_slot(scene, schedule, slot, settings, memory)
    elif schedule is not None:
        yield from _instead(scene, schedule, settings)
    code, text = _why_idle(schedule, scene.now_us)
    yield Proposal(
        source="idle",
        cls=IDLE_CLASS,
        sub=IDLE_SUB,
        code=code,
        text=text,
        valid_from_us=scene.now_us,
        expires_us=scene.now_us + WISH_US,
        preferred_kw=0.0,
    )


def corrected_kw(
    slot: Slot, missed_kwh: float, now_us: int, rated_kw: float, pct_max: float
) -> float:
    """Return the power that makes up for what was missed by the end of the slot."""
    left_s = (slot.end_us - now_us) / 1e6
    if left_s <= UNCORRECTED_S:
        return slot.power_kw
    most_kw = pct_max / 100 * rated_kw
    return slot.power_kw + clip(missed_kwh * _HOUR_S / left_s, -most_kw, most_kw)


def _of_slot(
    scene: Scene,
    schedule: Schedule,
    slot: Slot,
    settings: ScheduleSettings,
    memory: SlotMemory | None,
) -> Proposal:
    power_kw = slot.power_kw
    if settings.correct_energy and memory is not None:
        power_kw = corrected_kw(
            slot, memory.missed_kwh, scene.now_us, scene.rated_kw, settings.correction_pct_max
        )
    return Proposal(
        source="schedule",
        cls=CLASS,
        sub=SUB,
        code="SCHEDULE",
        text=_asks(schedule.version, slot),
        valid_from_us=slot.start_us,
        expires_us=slot.end_us,
        preferred_kw=power_kw,
    )


@lru_cache(maxsize=8)
def _asks(version: int, slot: Slot) -> str:
    """Return the same text for the whole slot, made once."""
    hours = f"{utc(slot.start_us):%H:%M} to {utc(slot.end_us):%H:%M} UTC"
    return f"version {version} asks for {slot.power_kw:g} kW from {hours}"


def _instead(scene: Scene, schedule: Schedule, settings: ScheduleSettings) -> Iterator[Proposal]:
    """Yield the schedule's own fall-back after its end, or the 0 kW of a gap between slots."""
    fallback = schedule.fallback_at(scene.now_us)
    if fallback is not None:
        yield Proposal(
            source="schedule",
            cls=CLASS,
            sub=SUB,
            code="FALLBACK",
            text=f"version {schedule.version} has run out and falls back to"
            f" {fallback.power_kw:g} kW",
            valid_from_us=schedule.ends_us,
            expires_us=fallback.until_us,
            preferred_kw=fallback.power_kw,
        )
    elif settings.gaps == "zero" and _is_gap(schedule, scene.now_us):
        yield Proposal(
            source="schedule",
            cls=CLASS,
            sub=SUB,
            code="IDLE",
            text=f"version {schedule.version} of the schedule asks for nothing now",
            valid_from_us=scene.now_us,
            expires_us=scene.now_us + WISH_US,
            preferred_kw=0.0,
        )


def _is_gap(schedule: Schedule, now_us: int) -> bool:
    return bool(schedule.slots) and schedule.slots[0].start_us <= now_us < schedule.ends_us


def _why_idle(schedule: Schedule | None, now_us: int) -> tuple[str, str]:
    if schedule is None:
        return "NO_SCHEDULE", "there is no schedule yet"
    if now_us >= schedule.ends_us:
        return "I14", f"version {schedule.version} of the schedule has run out"
    return "IDLE", f"version {schedule.version} of the schedule asks for nothing now"
