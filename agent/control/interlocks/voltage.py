"""I7, the voltage at the connection: without a live one, a frequency is none. Pure.

An analyser on a dead bus goes on reporting a smooth frequency for half an hour. So a response
needs a voltage beside it: below 0.85 p.u. there is none, at once; below 0.2 p.u. on every measured
phase the bus is dead and the plant goes to 0. Both end when all phases have been well for 60 s.
The upper side is an alarm unless the site says otherwise: in the second before a collapse the
voltage may rise while the response is still wanted.

Source: Toledo, 28 April 2025, 10:33:24 UTC; 0.85 and 1.10 p.u. after EN 50160 and VDE-AR-N 4110.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.control.cuts import Cut
from agent.control.interlocks.config import GridSettings
from agent.control.quantity import Quantity

ABSURD_PU = 10.0
"""Beyond it, and below 0, a voltage is no measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voltage:
    """What the voltage says about a frequency measured beside it."""

    watched: bool = False
    """False: the settings name no nominal voltage, and everything here is neutral."""
    known: bool = True
    """All measured phases are fresh; False: the frequency is not to be believed."""
    sound: bool = True
    """False: the response is 0 at once, and for 60 s after all is well again."""
    dead: bool = False
    """No voltage at all: the plant goes to 0, whoever asks."""
    high: bool = False
    """Above the upper bound; that alone forbids nothing where the site leaves it at an alarm."""
    text: str = ""
    """Why it is not known or not sound."""

    @property
    def believed(self) -> bool:
        """Say whether a frequency beside this voltage may be acted upon."""
        return self.known and self.sound


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageMemory:
    """What the watch remembers; the time is the event loop's."""

    closed: bool = False
    dead: bool = False
    well_since_s: float | None = None
    """While closed: since when all phases have been well."""


NEUTRAL = Voltage()
_WELL = Voltage(watched=True)
_DEAD = Cut("I7", "the bus is dead: there is no voltage", 0.0, 0.0)
_HIGH = Cut("I7", "voltage above its bound: left to the inverter's own protection")


def watch(
    voltages_v: Sequence[Quantity], grid: GridSettings, memory: VoltageMemory, at_s: float
) -> tuple[Voltage, VoltageMemory]:
    """Return what the phases say now, and what to remember for the next cycle."""
    nominal_v = grid.nominal_v
    if nominal_v is None:
        return NEUTRAL, memory
    shares = [
        volts / nominal_v
        for quantity in voltages_v
        if (volts := quantity.within(grid.age_s_max)) is not None
        and 0.0 <= volts <= ABSURD_PU * nominal_v
    ]
    known = bool(shares) and len(shares) == len(voltages_v)
    low_pu, high_pu = min(shares, default=1.0), max(shares, default=1.0)
    upper_counts = grid.over_voltage == "no_response"
    high = high_pu > grid.high_pu
    memory = _remembered(
        memory,
        bad=low_pu < grid.low_pu or (high and upper_counts),
        dead=high_pu < grid.dead_pu,
        well=known
        and low_pu >= grid.release_low_pu
        and (high_pu <= grid.release_high_pu or not upper_counts),
        release_s=grid.release_s,
        at_s=at_s,
    )
    if known and not (high or memory.closed or memory.dead):
        return _WELL, memory
    return Voltage(
        watched=True,
        known=known,
        sound=not memory.closed,
        dead=memory.dead,
        high=high,
        text=_text(memory, grid, known=known),
    ), memory


def cuts(voltage: Voltage) -> tuple[Cut, ...]:
    """Return what the voltage forbids the whole plant; what is too high is only told."""
    if voltage.dead:
        return (_DEAD,)
    return (_HIGH,) if voltage.high else ()


def _remembered(
    before: VoltageMemory, *, bad: bool, dead: bool, well: bool, release_s: float, at_s: float
) -> VoltageMemory:
    if bad:
        return VoltageMemory(closed=True, dead=dead or before.dead)
    if not before.closed:
        return before
    if not well:
        return VoltageMemory(closed=True, dead=before.dead)
    since_s = at_s if before.well_since_s is None else before.well_since_s
    if at_s - since_s >= release_s:
        return VoltageMemory()
    return VoltageMemory(closed=True, dead=before.dead, well_since_s=since_s)


def _text(memory: VoltageMemory, grid: GridSettings, *, known: bool) -> str:
    if memory.dead:
        return _DEAD.text
    if memory.closed and memory.well_since_s is not None:
        return f"the voltage is back, but not for {grid.release_s:g} s yet"
    if memory.closed:
        return f"the voltage is outside {grid.low_pu:g} to {grid.high_pu:g} of nominal"
    return "" if known else "there is no fresh voltage beside the frequency"
