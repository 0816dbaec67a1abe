"""What the instruments of many makers show of one battery site, by point name. Pure.

The plant measures a few quantities; this makes of them what a device's profile may call for: the
two halves of a power, one of three phases, cells, limits in ampere. There is neither PV nor load.
"""

from collections.abc import Mapping

from simulators.battery import Rating

CELLS = 250
"""In series."""
_PHASES = ("l1", "l2", "l3")
_NONE = ("pv.power_kw", "pv.power_dc_kw", "load.power_kw", "ac.reactive_kvar")
_AT_REST = ("idle", "ready", "standby", "running", "inverting")


def shown(measured: Mapping[str, float], rating: Rating) -> Mapping[str, float]:
    """Return `measured` and everything that follows from it.

    Args:
        measured: see `simulators.plant.Plant.measure`.
        rating: what was built.
    """
    power_kw, site_kw = measured["ac.power_kw"], measured["site.power_kw"]
    voltage_v, temp_c = measured["battery.voltage_v"], measured["battery.temp_mean_c"]
    return {
        **dict.fromkeys(_NONE, 0.0),
        **{f"site.power_{phase}_kw": site_kw / len(_PHASES) for phase in _PHASES},
        "site.import_kw": max(-site_kw, 0.0),
        "site.export_kw": max(site_kw, 0.0),
        "inverter.power_kw": power_kw,
        "pcs.rated_kw": rating.power_kw,
        "pcs.output_frequency_hz": measured["grid.frequency_hz"],
        "battery.power_magnitude_kw": abs(power_kw),
        "battery.charge_kw": max(-power_kw, 0.0),
        "battery.discharge_kw": max(power_kw, 0.0),
        "battery.max_charge_a": measured["battery.max_charge_kw"] * 1000.0 / voltage_v,
        "battery.max_discharge_a": measured["battery.max_discharge_kw"] * 1000.0 / voltage_v,
        "battery.charge_allowed": float(measured["battery.max_charge_kw"] > 0.0),
        "battery.discharge_allowed": float(measured["battery.max_discharge_kw"] > 0.0),
        "battery.charge_prohibited": float(measured["battery.max_charge_kw"] <= 0.0),
        "battery.discharge_prohibited": float(measured["battery.max_discharge_kw"] <= 0.0),
        "battery.temp_min_c": temp_c - 1.0,
        "battery.temp_max_c": temp_c + 1.0,
        "battery.cell_min_v": voltage_v / CELLS - 0.01,
        "battery.cell_max_v": voltage_v / CELLS + 0.01,
        "battery.min_soc_pct": rating.soc_low_pct,
        "battery.max_soc_pct": rating.soc_high_pct,
        "battery.insulation_kohm": 2_000.0,
        "pcs.running_state.charging": float(power_kw < 0.0),
        "pcs.running_state.discharging": float(power_kw > 0.0),
        **measured,
    }


def state_code(texts: Mapping[int, str], power_kw: float) -> int | None:
    """Return the code whose text says what the battery is doing; None: no text does."""
    words = ("charging",) if power_kw < 0.0 else ("discharging",) if power_kw > 0.0 else ()
    codes = {text: code for code, text in texts.items()}
    return next((codes[word] for word in (*words, *_AT_REST) if word in codes), None)
