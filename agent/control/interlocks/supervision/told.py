"""I11 and I16: what the inverter says it was told is what we told it. Pure.

A read-back that was made after a write has to show it. Wrong ones in a row are answered by one
more write, then by blocking the unit (I11). A read-back that was right and then changes without
us is another controller's (I16): we write again and say so, and yield when that goes on, because
two controllers that take turns are worse than either. Where the device shows the power it falls
back to, its time-out has run out: it is told again.

Who writes as often as we do leaves no read-back right. A device that is deaf keeps showing what it
showed, and one that takes less than it is told shows something between that and 0; what is neither
is another controller's.
"""

import math
from dataclasses import dataclass, replace

from agent.control.cuts import Cut
from agent.control.interlocks.supervision.config import SupervisionSettings
from agent.control.plant import UnitState

BLOCKS_MAX = 3
"""Blocked this often within `latch_window_s`, a unit stays so until somebody resets it."""
HISTORY_MAX = 16
FELL_BACK, FOREIGN = "DEVICE_FELL_BACK", "SECOND_CONTROLLER"
TOLERANCE_KW_MIN = 0.001
_SAME_READING_S = 1e-4


@dataclass(frozen=True, slots=True)
class ToldMemory:
    """What was told and shown."""

    read_s: float = -math.inf
    """When the newest read-back that was judged was made."""
    sent: tuple[tuple[float, float], ...] = ()
    """The newest setpoints and when they were written, the newest last."""
    agreed: bool = False
    """The inverter has shown the newest setpoint since it was written."""
    wrong: int = 0
    right: int = 0
    """Read-backs in a row."""
    told_again: bool = False
    blocked: bool = False
    blocks_s: tuple[float, ...] = ()
    foreign_s: tuple[float, ...] = ()
    kept_kw: float | None = None
    """What it would go on showing if it were deaf: the newest of ours that it has shown, before
    that whatever it showed first."""
    kept_s: float = -math.inf
    """When it showed that."""


@dataclass(frozen=True, slots=True)
class Told:
    """What follows from a read-back."""

    cut: Cut | None = None
    again: bool = False
    """The setpoint is to be written once more though it has not changed."""
    alarm: tuple[str, str] | None = None
    """Something that people must know of, told once: the code of its event, and a sentence."""


_QUIET = Told()
_TEXT = "the inverter does not keep the setpoint it is told"


def judge(
    unit: UnitState,
    rated_kw: float,
    settings: SupervisionSettings,
    memory: ToldMemory,
    at_s: float,
) -> tuple[Told, ToldMemory]:
    """Return what the newest read-back means, and what to remember."""
    told = unit.told_kw
    if told is None:
        return _QUIET, memory
    written_kw = unit.written_kw
    if written_kw is None or not unit.ready:
        return _blocked(memory), _forgotten(memory)
    memory = _noted(memory, written_kw, at_s - unit.written_age_s)
    read_s = at_s - told.age_s
    usable = told.value is not None and math.isfinite(told.value)
    if not usable or read_s <= memory.read_s + _SAME_READING_S or told.age_s >= unit.written_age_s:
        return _blocked(memory), memory
    tolerance_kw = max(TOLERANCE_KW_MIN, settings.readback_pct / 100.0 * rated_kw)
    shown_kw = told.value or 0.0
    if _is_ours(shown_kw, memory.sent, tolerance_kw, read_s - settings.readback_lag_s):
        agreed = abs(shown_kw - written_kw) <= tolerance_kw
        return _right(memory, settings, agreed, read_s, shown_kw)
    memory = replace(memory, read_s=read_s)
    if memory.agreed and not memory.blocked:
        return _changed(memory, settings, shown_kw, tolerance_kw, at_s)
    if _is_foreign(memory, settings, shown_kw, tolerance_kw, at_s):
        if memory.foreign_s and read_s <= memory.foreign_s[-1] + settings.readback_lag_s:
            return _blocked(memory), memory  # what it was told again has its time to show
        return _changed(memory, settings, shown_kw, tolerance_kw, at_s)
    if memory.kept_kw is None or _is_ours(shown_kw, memory.sent, tolerance_kw, memory.kept_s):
        memory = replace(memory, kept_kw=shown_kw, kept_s=read_s)
    return _wrong(memory, settings, at_s)


def yielded(memory: ToldMemory) -> ToldMemory:
    """Return what is remembered of an inverter that is left alone until somebody resets it."""
    return ToldMemory(kept_kw=memory.kept_kw)


def _noted(memory: ToldMemory, written_kw: float, written_s: float) -> ToldMemory:
    """Remember a setpoint that is new."""
    if memory.sent and memory.sent[-1][0] == written_kw:
        return memory
    sent = (*memory.sent[1 - HISTORY_MAX :], (written_kw, written_s))
    return replace(memory, sent=sent, agreed=False)


def _forgotten(memory: ToldMemory) -> ToldMemory:
    """Begin anew with a device that is being taken over; blocks are remembered."""
    if not memory.sent:
        return memory
    return replace(memory, sent=(), agreed=False, wrong=0, right=0, told_again=False, kept_kw=None)


def _is_ours(
    shown_kw: float, sent: tuple[tuple[float, float], ...], tolerance_kw: float, after_s: float
) -> bool:
    """Say whether this is the newest setpoint, or one that was the newest after `after_s`."""
    ended_s = math.inf
    for power_kw, written_s in reversed(sent):
        if ended_s <= after_s:
            return False
        if abs(shown_kw - power_kw) <= tolerance_kw:
            return True
        ended_s = written_s
    return False


def _is_foreign(
    memory: ToldMemory,
    settings: SupervisionSettings,
    shown_kw: float,
    tolerance_kw: float,
    at_s: float,
) -> bool:
    """Say whether a wrong read-back can be nobody's fault but another controller's."""
    kept_kw, after_s = memory.kept_kw, memory.kept_s - settings.readback_lag_s
    if (
        kept_kw is None
        or abs(shown_kw - kept_kw) <= tolerance_kw
        or abs(shown_kw - settings.reversion_kw) <= tolerance_kw
        or _is_ours(shown_kw, memory.sent, tolerance_kw, after_s)
    ):
        return False
    if memory.foreign_s and at_s - memory.foreign_s[-1] <= settings.foreign_window_s:
        return True
    written_kw = memory.sent[-1][0]
    low_kw, high_kw = min(0.0, written_kw), max(0.0, written_kw)
    return not low_kw - tolerance_kw <= shown_kw <= high_kw + tolerance_kw


def _right(
    memory: ToldMemory,
    settings: SupervisionSettings,
    agreed: bool,
    read_s: float,
    shown_kw: float,
) -> tuple[Told, ToldMemory]:
    right = min(memory.right + 1, settings.readback_count)
    blocked = memory.blocked and right < settings.readback_count
    after = ToldMemory(
        read_s=read_s,
        sent=memory.sent,
        agreed=memory.agreed or agreed,
        right=right,
        blocked=blocked,
        blocks_s=memory.blocks_s,
        foreign_s=memory.foreign_s,
        kept_kw=shown_kw,
        kept_s=read_s,
    )
    return _blocked(after), after


def _wrong(
    memory: ToldMemory, settings: SupervisionSettings, at_s: float
) -> tuple[Told, ToldMemory]:
    """Count it; write once more, then block, the third time for good."""
    memory = replace(memory, wrong=memory.wrong + 1, right=0)
    if memory.wrong < settings.readback_count or memory.blocked:
        again = memory.blocked and memory.wrong % settings.readback_count == 0
        return replace(_blocked(memory), again=again), memory
    if not memory.told_again:
        return Told(again=True), replace(memory, wrong=0, told_again=True)
    since_s = at_s - settings.latch_window_s
    blocks_s = (*(block_s for block_s in memory.blocks_s if block_s > since_s), at_s)
    if len(blocks_s) >= BLOCKS_MAX:
        text = f"{_TEXT}, blocked {len(blocks_s)} times in {settings.latch_window_s:g} s"
        return Told(Cut("I11", text, 0.0, 0.0, latched=True)), yielded(memory)
    memory = replace(memory, wrong=0, told_again=False, blocked=True, blocks_s=blocks_s)
    return _blocked(memory), memory


def _changed(
    memory: ToldMemory,
    settings: SupervisionSettings,
    shown_kw: float,
    tolerance_kw: float,
    at_s: float,
) -> tuple[Told, ToldMemory]:
    """I16: it was right and is not any more, and we have written nothing."""
    memory = replace(memory, agreed=False, right=0)
    if abs(shown_kw - settings.reversion_kw) <= tolerance_kw:
        alarm = f"the inverter shows {shown_kw:g} kW, to which it falls back; it is told again"
        return Told(again=True, alarm=(FELL_BACK, alarm)), memory
    since_s = at_s - settings.foreign_window_s
    foreign_s = (*(time_s for time_s in memory.foreign_s if time_s > since_s), at_s)
    if len(foreign_s) >= settings.foreign_count:
        text = (
            f"another controller has changed the setpoint {len(foreign_s)} times in"
            f" {settings.foreign_window_s:g} s: nothing is written any more"
        )
        cut = Cut("I16", text, 0.0, 0.0, latched=True, silent=True)
        return Told(cut), yielded(memory)
    alarm = f"another controller has set {shown_kw:g} kW; it is told again"
    memory = replace(memory, foreign_s=foreign_s, wrong=0, told_again=False)
    return replace(_blocked(memory), again=True, alarm=(FOREIGN, alarm)), memory


def _blocked(memory: ToldMemory) -> Told:
    return Told(Cut("I11", _TEXT, 0.0, 0.0)) if memory.blocked else _QUIET
