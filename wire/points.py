"""Standard point names, their units and resolutions. Pure.

A point is one named value of one device: ``battery.soc_pct``. The part behind the last
underscore is the unit, so a name that is not in the table still says what it measures.
"""

import re
from dataclasses import dataclass

NAME_MAX = 64
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z0-9]+(_[a-z0-9]+)*)+")

UNITS = {
    "kw": "kW",
    "kwh": "kWh",
    "kvar": "kvar",
    "pct": "%",
    "hz": "Hz",
    "c": "°C",
    "v": "V",
    "a": "A",
    "s": "s",
    "kohm": "kΩ",
    "mw": "MW",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One standard point: what every device that has it must mean by it."""

    name: str
    decimals: int
    """Digits behind the decimal point that a person is shown."""
    text_en: str
    text_de: str

    @property
    def unit(self) -> str:
        return unit_of(self.name)


STANDARD: dict[str, Point] = {
    point.name: point
    for point in (
        Point("battery.soc_pct", 1, "state of charge", "Ladezustand"),
        Point("battery.soh_pct", 1, "state of health", "Gesundheitszustand"),
        Point("battery.power_kw", 0, "battery power, DC", "Batterieleistung, DC"),
        Point("battery.voltage_v", 1, "battery voltage", "Batteriespannung"),
        Point("battery.current_a", 1, "battery current, + discharge", "Batteriestrom, + Entladen"),
        Point("battery.temp_mean_c", 1, "battery temperature, mean", "Batterietemperatur, Mittel"),
        Point(
            "battery.temp_max_c", 1, "battery temperature, highest", "Batterietemperatur, höchste"
        ),
        Point(
            "battery.temp_min_c", 1, "battery temperature, lowest", "Batterietemperatur, tiefste"
        ),
        Point("battery.cell_max_v", 3, "cell voltage, highest", "Zellspannung, höchste"),
        Point("battery.cell_min_v", 3, "cell voltage, lowest", "Zellspannung, tiefste"),
        Point("battery.energy_kwh", 1, "energy stored", "gespeicherte Energie"),
        Point("battery.capacity_kwh", 1, "usable capacity", "nutzbare Kapazität"),
        Point("battery.max_discharge_kw", 0, "discharge allowed", "Entladen erlaubt"),
        Point("battery.max_charge_kw", 0, "charge allowed", "Laden erlaubt"),
        Point("battery.counter", 0, "battery life counter", "Lebenszähler Batterie"),
        Point("battery.status", 0, "battery status code", "Batterie-Statuscode"),
        Point("ac.power_kw", 0, "AC power", "AC-Leistung"),
        Point("ac.reactive_kvar", 0, "reactive power", "Blindleistung"),
        Point("ac.voltage_v", 0, "AC voltage", "AC-Spannung"),
        Point("grid.voltage_l1_v", 1, "grid voltage, phase 1", "Netzspannung, Phase 1"),
        Point("grid.voltage_l2_v", 1, "grid voltage, phase 2", "Netzspannung, Phase 2"),
        Point("grid.voltage_l3_v", 1, "grid voltage, phase 3", "Netzspannung, Phase 3"),
        Point("grid.frequency_hz", 3, "grid frequency", "Netzfrequenz"),
        Point("pcs.set_power_kw", 0, "setpoint in the inverter", "Sollwert im Umrichter"),
        Point("pcs.status", 0, "inverter status code", "Umrichter-Statuscode"),
        Point("pcs.counter", 0, "inverter life counter", "Lebenszähler Umrichter"),
        Point("pv.power_kw", 0, "PV power", "PV-Leistung"),
        Point("load.power_kw", 0, "consumption", "Verbrauch"),
        Point("inverter.power_kw", 0, "inverter with PV", "Umrichter mit PV"),
        Point("site.power_kw", 0, "power at the connection", "Leistung am Netzanschluss"),
        Point(
            "site.reactive_kvar",
            0,
            "reactive power at the connection",
            "Blindleistung am Anschluss",
        ),
        Point("site.current_l1_a", 1, "current, phase 1", "Strom, Phase 1"),
        Point("site.current_l2_a", 1, "current, phase 2", "Strom, Phase 2"),
        Point("site.current_l3_a", 1, "current, phase 3", "Strom, Phase 3"),
        Point("pv.limit_kw", 0, "PV held to", "PV begrenzt auf"),
        Point("meter.import_kwh", 1, "energy imported", "bezogene Energie"),
        Point("meter.export_kwh", 1, "energy exported", "gelieferte Energie"),
        Point("control.setpoint_kw", 0, "setpoint decided", "Sollwert"),
        Point("control.schedule_kw", 0, "scheduled power", "Fahrplanleistung"),
        Point("control.response_kw", 1, "frequency response", "Frequenzantwort"),
    )
}


def is_point_name(name: str) -> bool:
    """Say whether `name` may name a point: dotted lower-case words of at most 64 characters."""
    return len(name) <= NAME_MAX and _NAME.fullmatch(name) is not None


def unit_of(name: str) -> str:
    """Return the unit that the end of `name` states, or nothing for a pure number."""
    return UNITS.get(name.rpartition("_")[2], "") if "_" in name else ""
