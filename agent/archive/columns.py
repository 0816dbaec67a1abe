"""The columns of the archive: their names, their units and how they are rounded. Pure.

Control samples a row at the first beat of every second; the row is stamped with that second, and
``mono_ms`` says when the beat really was. What a site does not have is left out; what it has and
does not know is empty, never 0. Signs are those of `wire`: + = discharge, export.
"""

from dataclasses import dataclass

ROW = "archive"
"""The device whose block carries rows."""
RECORD = "record"
"""The device whose block carries every beat around an event."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a row."""

    name: str
    decimals: int
    meaning: str

    @property
    def point(self) -> str:
        """Return its name in a block."""
        return f"{ROW}.{self.name}"


COLUMNS = (
    Column("mono_ms", 0, "the machine's monotonic clock at the beat"),
    Column("beat_ms", 1, "how long after the second the beat was"),
    Column("clock_err_ms", 1, "what the wall clock is believed to be wrong by; empty: not known"),
    Column("f_hz", 4, "measured frequency; never an injected one"),
    Column("f_applied_hz", 4, "frequency that the products answered: measured, or a test's"),
    Column("df_react_hz", 4, "deviation that the first product reacted to"),
    Column("v_v", 1, "lowest measured voltage, phase to neutral"),
    Column("v_pu", 4, "the same, per unit of the nominal voltage"),
    Column("p_meas_kw", 3, "measured power of the plant at its AC terminals"),
    Column("p_site_kw", 3, "measured power at the grid connection"),
    Column("p_set_kw", 3, "setpoint of the plant"),
    Column("p_base_kw", 3, "baseline: the part that does not depend on the frequency"),
    Column("p_resp_kw", 3, "the part that answers the frequency"),
    Column("p_nem_kw", 3, "energy management of the products, beside both"),
    Column("p_sched_kw", 3, "what the schedule asked for"),
    Column("p_min_kw", 3, "lower end of what was allowed"),
    Column("p_max_kw", 3, "upper end of what was allowed"),
    Column("soc_pct", 2, "state of charge of the plant, by capacity"),
    Column("e_mwh", 5, "energy stored, where the capacity is known"),
    Column("c1_s", 1, "alert counter of small deviations"),
    Column("c2_s", 1, "alert counter of large deviations"),
    Column("alert", 0, "1: alert state"),
    Column("reserve_mode", 0, "1: a limited reservoir answers short deviations only"),
    Column("nem", 0, "-1: charges, 1: discharges to stay able"),
    Column("aem", 0, "1: the reference of the response is being moved"),
    Column("endurance_min", 1, "minutes that the reservoir lasts at full activation"),
    Column("cap_armed_mw", 4, "capacity of the products that are armed"),
    Column("injected", 0, "1: a test frequency stood in for the measured one"),
    Column("reason_bits", 0, "the reasons in force, a bit each: see reasons"),
    Column("missed_beats", 0, "beats that could not start on time since control began"),
)
BY_NAME = {column.name: column for column in COLUMNS}

RECORD_COLUMNS = (
    "f_hz",
    "f_applied_hz",
    "v_v",
    "p_set_kw",
    "p_meas_kw",
    "p_resp_kw",
    "reason_bits",
)
"""What a record has of every beat; the same numbers under ``record.``."""

REASONS = (
    *(f"I{number}" for number in range(1, 26)),
    *("EXPIRED", "NOT_YET", "INVALID", "CONFLICT", "RAMP", "DERATE_SOC", "DERATE_TEMP"),
    *("RESERVE", "EXCLUSION", "UNIT_BLOCKED", "FALLBACK", "RESPONSE", "SCHEDULE", "OPERATOR"),
    *("ARM", "MANAGEMENT", "STANDBY", "OBSERVING", "IDLE", "LIMIT", "PEAK", "SELF_CONSUMPTION"),
    *("CALENDAR", "PRICE", "BACKUP"),
)
"""Bit n of ``reason_bits`` is the n-th of these; never reordered, only added to."""
OTHER = 52
"""The bit of a reason that has none of its own; the traces name it."""
FAMILIES = ("ARM", "PEAK")
"""``ARM_CLOCK``, ``ARM_POWER`` … share a bit."""
_BITS = {code: 1 << place for place, code in enumerate(REASONS)}


def bit(code: str) -> int:
    """Return the bit of a reason's code."""
    found = _BITS.get(code)
    if found is None:
        family = code.partition("_")[0]
        found = _BITS[family] if family in FAMILIES else 1 << OTHER
    return found


def reasons(bits: float | None) -> tuple[str, ...]:
    """Return the codes of ``reason_bits``."""
    mask = int(bits or 0)
    found = [code for code, of_code in _BITS.items() if mask & of_code]
    return (*found, "OTHER") if mask & 1 << OTHER else tuple(found)
