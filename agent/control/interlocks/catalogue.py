"""The interlocks I1 to I25 as data: what each looks at, does, and what ends it. Pure.

Numbers are the defaults of the settings and the constants that the rooms work with, so that this
cannot say anything else than what happens. The guide's table is this list (`table`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.control.interlocks import clock, manual, several, soc, state
from agent.control.interlocks.config import (
    BatterySettings,
    DimmingSettings,
    FreshnessSettings,
    GridSettings,
    StopInput,
    TripInput,
)
from agent.control.interlocks.supervision.config import SupervisionSettings
from agent.control.interlocks.supervision.told import BLOCKS_MAX

BATTERY = BatterySettings()
FRESH = FreshnessSettings()
GRID = GridSettings()
WATCH = SupervisionSettings()
STOP, TRIP, DIMMING = (
    StopInput(point="input.stop"),
    TripInput(point="dso.trip"),
    DimmingSettings(point="dso.dimming"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interlock:
    """One interlock, in words for people who run a plant."""

    code: str
    name: str
    trigger: str
    action: str
    release: str
    latched: str = ""
    """When it waits for a reset; empty: never."""


BATTERY_ONES = (
    Interlock(
        code="I1",
        name="limits of the battery",
        trigger="the battery allows less than is asked for",
        action="capped at once, without a ramp",
        release=f"as reported, rising by {BATTERY.rise_pct_per_s:g} % of it a second",
    ),
    Interlock(
        code="I2",
        name="state of charge",
        trigger="at `soc_min_pct` or below, at `soc_max_pct` or above",
        action="no discharging, or no charging",
        release=f"{soc.HYSTERESIS_PCT:g} % inside; {soc.HYSTERESIS_COARSE_PCT:g} % where it comes"
        " in steps of 1 %",
    ),
    Interlock(
        code="I3",
        name="cell voltage",
        trigger=f"the highest or lowest cell on its polyline; unknown for {state.AGE_S_MAX:g} s",
        action="less power, none at the end; charged by force only while the battery asks",
        release=f"{state.CELL_HYSTERESIS_V * 1000:g} mV inside for {state.CELL_HOLD_S:g} s",
    ),
    Interlock(
        code="I4",
        name="temperature",
        trigger="the hottest or coldest cell on its polyline; a mean counts"
        f" {state.MEAN_MARGIN_K:g} K worse; unknown for {state.AGE_S_MAX:g} s",
        action="less power (`DERATE_TEMP`), none at the end points",
        release=f"{state.TEMP_HYSTERESIS_K:g} K inside",
    ),
)
GRID_ONES = (
    Interlock(
        code="I6",
        name="grid connection",
        trigger="export or import of the connection comes near its limit; meter older than 2 s",
        action="bounded by what the rest of the site leaves; without the meter `no_meter_kw`",
        release="at once",
    ),
    Interlock(
        code="I7",
        name="grid voltage",
        trigger=f"any phase below {GRID.low_pu:g} of nominal; all below {GRID.dead_pu:g}: dead;"
        f" above {GRID.high_pu:g}: alarm, or as the site says",
        action="no response, at once; on a dead bus 0 kW",
        release=f"{GRID.release_low_pu:g} to {GRID.release_high_pu:g} for {GRID.release_s:g} s",
    ),
    Interlock(
        code="I8",
        name="frequency plausibility",
        trigger="outside 45 to 55 Hz, faster than 5 Hz/s, older than 1 s, two meters 10 mHz apart"
        " for 2 s",
        action="response held for 2 s, then to 0 in 10 s; the product is not available",
        release="10 s of good values",
    ),
)
DATA_ONES = (
    Interlock(
        code="I9",
        name="age of values",
        trigger=f"power older than {FRESH.power_age_s_max:g} s, state of charge"
        f" {FRESH.soc_age_s_max:g} s, battery limits {FRESH.limit_age_s_max:g} s; a life counter"
        f" still for {FRESH.heartbeat_age_s_max:g} s",
        action="the unit goes to 0 kW",
        release=f"{FRESH.release_samples} fresh samples",
    ),
    Interlock(
        code="I10",
        name="frozen value",
        trigger="bit for bit the same: AC power above 5 %, connection, frequency of a fine meter;"
        " as long as `[control.freshness]` says",
        action="as a value that is too old",
        release="the value moves",
    ),
)
INVERTER_ONES = (
    Interlock(
        code="I5",
        name="run state of the inverter",
        trigger="fault, standby, starting, local control",
        action="0 kW, products not available, I12 waits",
        release=f"running for {WATCH.settle_s:g} s, then from the measured power",
    ),
    Interlock(
        code="I11",
        name="read-back of the setpoint",
        trigger=f"another value than was written, {WATCH.readback_count} times in a row",
        action="written once more, then the unit is blocked",
        release=f"{WATCH.readback_count} equal read-backs",
        latched=f"blocked {BLOCKS_MAX} times in {WATCH.latch_window_s / 60:g} min",
    ),
    Interlock(
        code="I12",
        name="physical response",
        trigger=f"power {WATCH.response_pct:g} % of rated away from the setpoint for"
        f" {WATCH.response_s:g} s",
        action="unit blocked at 0 kW, products not available",
        release=f"a new attempt after {WATCH.retry_s_min:g} s, doubling to"
        f" {WATCH.retry_s_max / 60:g} min",
    ),
    Interlock(
        code="I13",
        name="time-out of the inverter",
        trigger="every inverter that has one",
        action="written again, changed or not, within a third of it and within 10 s",
        release="always on",
    ),
    Interlock(
        code="I15",
        name="death of the box",
        trigger="process, box or cable dies",
        action="the inverter goes to the chosen power by its own time-out, checked daily",
        release="restart, and I23",
    ),
    Interlock(
        code="I16",
        name="second controller",
        trigger="the setpoint was changed by somebody else",
        action="alarm; nothing is written any more once it goes on",
        release="reset",
        latched=f"{WATCH.foreign_count} times in {WATCH.foreign_window_s:g} s",
    ),
    Interlock(
        code="I23",
        name="taking over",
        trigger="setpoint or mode of the inverter not known",
        action="nothing asked for; then from the measured power, without a jump",
        release="taken over",
    ),
    Interlock(
        code="I24",
        name="proof of the sign",
        trigger="self-test not passed with this firmware, profile and meter; map not proved",
        action=f"{WATCH.self_test_pct:g} % of rated power at most, no product arms",
        release="self-test passed against an independent meter",
    ),
    Interlock(
        code="I25",
        name="several units",
        trigger="a unit is blocked",
        action="its share goes to the others in the same cycle",
        release=f"a try after {several.WAIT_S_MIN:g} s, doubling to {several.WAIT_S_MAX:g} s;"
        f" healthy after {several.HEALTHY_AFTER_S:g} s",
    ),
)
SITE_ONES = (
    Interlock(
        code="I17",
        name="stop on site",
        trigger=f"stop contact open, its wire cut, no signal for {STOP.age_s_max:g} s; contactor,"
        " insulation, fire, gas or door of a unit",
        action="0 kW at once",
        release=f"contact closed for {manual.SETTLE_S:g} s, then reset on the technician's page",
        latched="always; a missing signal never",
    ),
    Interlock(
        code="I18",
        name="grid operator",
        trigger="trip, ripple-control step, dimming, limit or setpoint; a cut wire is the"
        " strictest state",
        action=f"0 kW, or a bound of class 0; dimmed {DIMMING.import_kw_max:g} kW of import",
        release=f"{TRIP.release_s:g} s after the signal has cleared",
        latched="a trip, where the site says so",
    ),
)
ORDER_ONES = (
    Interlock(
        code="I14",
        name="schedule over",
        trigger="no slot, no newer schedule",
        action="its own fall-back, then self-consumption, then 0 kW",
        release="a valid schedule",
    ),
    Interlock(
        code="I19",
        name="ramp",
        trigger="the base changes faster than its ramp",
        action="the base is limited, never the response",
        release="always on",
    ),
    Interlock(
        code="I20",
        name="reserve",
        trigger="the schedule would use power or energy that a product keeps",
        action="schedule cut (`RESERVE`)",
        release="always on",
    ),
    Interlock(
        code="I21",
        name="alert state",
        trigger="alert, or the frequency outside its normal band",
        action="no energy management",
        release="normal state",
    ),
    Interlock(
        code="I22",
        name="clock",
        trigger=f"error above {clock.ARCHIVE_ERROR_S_MAX * 1000:g} ms for archives, above"
        f" {clock.SCHEDULE_ERROR_S_MAX:g} s for schedules; unknown for"
        f" {clock.LOST_S_MAX / 3600:g} h; a leap",
        action="archive flagged, alarm; orders run on by the last good fix",
        release=f"below {clock.GOOD_ERROR_S_MAX * 1000:g} ms for {clock.GOOD_S:g} s; the leap"
        " judged",
    ),
)
CATALOGUE: tuple[Interlock, ...] = tuple(
    sorted(
        (*BATTERY_ONES, *GRID_ONES, *DATA_ONES, *INVERTER_ONES, *SITE_ONES, *ORDER_ONES),
        key=lambda one: int(one.code[1:]),
    )
)
"""In the order of their numbers."""
HEAD = ("", "name", "what sets it off", "what happens in the same cycle", "what ends it", "latched")


def table(interlocks: Sequence[Interlock] = CATALOGUE) -> str:
    """Return the interlocks as a table in Markdown, one line each."""
    rows = [HEAD, ("---",) * len(HEAD)]
    rows += [
        (one.code, one.name, one.trigger, one.action, one.release, one.latched or "no")
        for one in interlocks
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
