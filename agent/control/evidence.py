"""What one cycle saw and decided, and why: numbers for rows, words for events. Pure.

The newest numbers travel as the points of a device called ``control``, the words as an event
whenever the mode changes; both are kept like any measurement, beside what was seen and what the
inverter says it was told. The archive's rows of every second, which the grid operator may ask for,
are in `agent.archive.columns`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.archive.columns import BY_NAME, bit
from agent.control.decide import AUTOMATIC, MANUAL, STANDBY, Decision
from agent.control.limits import Limits
from agent.control.plant import PlantState
from agent.control.quantity import Quantity
from agent.control.response.product import ProductState
from wire.block import Quality, Reading
from wire.sync import EVENT_TEXT_MAX, Event, Severity

DEVICE = "control"
FRESH_S = 2.0
"""What is older is not the value of this second."""
SOC_FRESH_S = 30.0
_WANTED = (AUTOMATIC, STANDBY, MANUAL)
"""Modes that somebody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The evidence of one cycle."""

    at_us: int
    plant: PlantState
    decision: Decision

    @property
    def products(self) -> tuple[ProductState, ...]:
        return self.decision.products

    @property
    def frequency(self) -> Quantity | None:
        """Return the measured frequency of the meter that was decided upon."""
        device, meters = self.frequency_device, self.plant.frequencies
        return next((meter.hz for meter in meters if meter.device == device), None)

    @property
    def frequency_device(self) -> str:
        judged, meters = self.decision.frequency, self.plant.frequencies
        if judged is not None and judged.device:
            return judged.device
        return meters[0].device if meters else ""

    @property
    def applied_hz(self) -> float | None:
        """Return what the products answered; None: nothing that is known."""
        judged = self.decision.frequency
        if judged is not None:
            return judged.applied_hz
        return None if self.frequency is None else self.frequency.within(FRESH_S)

    @property
    def voltage_v(self) -> Quantity | None:
        """Return the lowest phase; None: nobody measures any."""
        known = [volts for volts in self.plant.voltages_v if volts.usable(FRESH_S)]
        if known:
            return min(known, key=lambda volts: volts.value or 0.0)
        return next(iter(self.plant.voltages_v), None)

    @property
    def reason_bits(self) -> int:
        bits = 0
        for reason in self.decision.reasons:
            bits |= bit(reason.code)
        return bits


def readings(record: Record) -> tuple[Reading, ...]:
    """Return the record's numbers as points."""
    decision = record.decision
    values = (
        ("control.setpoint_kw", decision.setpoint_kw),
        ("control.schedule_kw", decision.schedule_kw),
        ("control.response_kw", decision.response_kw),
    )
    return tuple(Reading(point, value, Quality.GOOD, record.at_us) for point, value in values)


def row(
    record: Record, limits: Limits, *, missed: int, nominal_v: float | None = None
) -> tuple[Reading, ...]:
    """Return the archive's row: what the site does not have is left out, what is old is empty.

    Args:
        missed: beats that could not start on time since control began.
        nominal_v: phase to neutral; None: nobody has said.
    """
    plant, decision, products = record.plant, record.decision, record.products
    clock_s, volts = plant.clock_error_s, record.voltage_v
    soc_pct = _soc_pct(plant, limits)
    capacity_kwh = limits.capacity_kwh
    volts_pu = volts.times(1.0 / nominal_v) if volts is not None and nominal_v else None
    found: list[tuple[str, Quantity | float | None]] = [
        ("mono_ms", plant.at_s * 1e3),
        ("beat_ms", record.at_us % 1_000_000 / 1e3),
        ("clock_err_ms", None if clock_s is None else clock_s * 1e3),
        ("p_meas_kw", plant.power_kw),
        ("p_set_kw", decision.setpoint_kw),
        ("p_base_kw", decision.base_kw),
        ("p_resp_kw", decision.response_kw),
        ("p_sched_kw", decision.schedule_kw),
        ("p_min_kw", decision.lower_kw),
        ("p_max_kw", decision.upper_kw),
        ("soc_pct", soc_pct),
        ("reason_bits", float(record.reason_bits)),
        ("missed_beats", float(missed)),
    ]
    if (measured := record.frequency) is not None:
        found += [("f_hz", measured), ("f_applied_hz", record.applied_hz)]
    if volts is not None:
        found.append(("v_v", volts))
    if volts_pu is not None:
        found.append(("v_pu", volts_pu))
    if plant.site_kw is not None:
        found.append(("p_site_kw", plant.site_kw))
    if capacity_kwh is not None:
        found.append(("e_mwh", soc_pct.times(capacity_kwh / 1e5)))
    found += _of_products(record, products)
    return tuple(_reading(name, value, record.at_us) for name, value in found)


def _of_products(
    record: Record, products: tuple[ProductState, ...]
) -> list[tuple[str, Quantity | float | None]]:
    if not products:
        return []
    first, judged = products[0], record.decision.frequency
    lasting = [one.endurance_min for one in products if one.endurance_min is not None]
    known = [one.alert for one in products if one.alert is not None]
    return [
        ("df_react_hz", first.deviation_hz),
        ("p_nem_kw", record.decision.management_kw),
        ("c1_s", max(one.c1_s for one in products)),
        ("c2_s", max(one.c2_s for one in products)),
        ("alert", float(any(known)) if known else None),
        ("reserve_mode", float(any(one.reserve_mode for one in products))),
        ("nem", float(max((one.nem for one in products), key=abs))),
        ("aem", float(any(one.aem for one in products))),
        ("endurance_min", min(lasting) if lasting else None),
        ("cap_armed_mw", sum(one.capacity_kw for one in products if one.armed) / 1e3),
        ("injected", float(judged is not None and judged.injected)),
    ]


def _soc_pct(plant: PlantState, limits: Limits) -> Quantity:
    """Return the plant's state of charge by capacity, as old as the oldest of its units."""
    units = zip(plant.units, limits.units, strict=False)
    weighted = [(unit.soc_pct, of.capacity_kwh or of.rated_kw) for unit, of in units]
    whole = sum(weight for _, weight in weighted)
    total = weighted[0][0].times(weighted[0][1] / whole)
    for soc_pct, weight in weighted[1:]:
        total = total.plus(soc_pct.times(weight / whole))
    return total


def _reading(name: str, value: Quantity | float | None, at_us: int) -> Reading:
    column, quality = BY_NAME[name], Quality.LOST
    number: float | None
    if not isinstance(value, Quantity):
        number = value
    else:
        number = value.within(SOC_FRESH_S if name in ("soc_pct", "e_mwh") else FRESH_S)
        quality = Quality.BAD if value.quality is Quality.BAD else Quality.LOST
    if number is None or not -_NUMBER_MAX < number < _NUMBER_MAX:
        return Reading(column.point, None, quality, at_us)
    return Reading(column.point, round(number, column.decimals), Quality.GOOD, at_us)


_NUMBER_MAX = 2.0**53
"""More is no measurement; the bits of all reasons together are less."""


def identity_text(identity: Mapping[str, str]) -> str:
    """Return who a device says it is, in one line."""
    return ", ".join(f"{key} {value}" for key, value in identity.items())


def mode_changed(before: str, record: Record) -> Event:
    """Return the event that says which mode holds now, and why."""
    decision = record.decision
    why = "; ".join(f"{reason.code}: {reason.text}" for reason in decision.reasons)
    text = f"{before} → {decision.mode} ({why})" if why else f"{before} → {decision.mode}"
    return Event(
        at_us=record.at_us,
        code="MODE_CHANGED",
        severity=Severity.INFO if decision.mode in _WANTED else Severity.WARNING,
        source=DEVICE,
        text=text if len(text) <= EVENT_TEXT_MAX else text[: EVENT_TEXT_MAX - 1] + "…",
    )


def kept(reading: Reading) -> Reading:
    """Return the reading as the record keeps it: an old value is not measured again."""
    if reading.quality is Quality.STALE:
        return Reading(reading.point, None, Quality.LOST, reading.at_us)
    return reading
