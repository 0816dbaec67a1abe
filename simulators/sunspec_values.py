"""What a simulated SunSpec device shows, point by point. Pure.

Powers of the DER models count as ours do, + = discharge; the meters of 200 count + = import, as
most of them are wired.
"""

import math
from collections.abc import Mapping

CHARGE_MODULE, DISCHARGE_MODULE = 3, 4
"""Of the four DC inputs that model 160 has here; counted from 1."""
CHARGE_BIT, DISCHARGE_BIT = 1, 2
"""Of 124.StorCtl_Mod: which of the two limits holds."""
WATTS_MODE = 1
"""704.WSetMod: the setpoint is in W, not in percent."""
STANDBY, GRID_CONNECTED = 8, 11
"""States of KACO's 64201."""
SCALED = (*range(101, 161), *range(201, 215), *range(701, 716), 802, 803, 64201)
_RUNNING, _IDLE = 3, 7
_CONNECTED_STATE, _LITHIUM_ION = 3, 4
_EMPTY, _DISCHARGING, _CHARGING, _FULL, _HOLDING = 2, 3, 4, 5, 6
_MPPT = 4
_UINT16_ROOM = 30_000.0
_FIXED_EXPONENTS = {
    "Hz_SF": -2,
    "V_SF": -1,
    "A_SF": 0,
    "Tmp_SF": -1,
    "ModTmp_SF": -1,
    "Pct_SF": -2,
    "SoC_SF": -2,
    "SoH_SF": -1,
    "ChaState_SF": -2,
    "InOutWRte_SF": -2,
    "WMaxLimPct_SF": -2,
    "WSetPct_SF": -2,
    "CellV_SF": -3,
    "WSet_SF": 0,
    "MinRsvPct_SF": -2,
    "DCV_SF": -1,
    "DCA_SF": 0,
}
_WATT_EXPONENTS = (
    "W_SF",
    "VA_SF",
    "Var_SF",
    "VAr_SF",
    "VAR_SF",
    "DCW_SF",
    "WRtg_SF",
    "MaxChaRte_SF",
    "MaxDisChaRte_SF",
    "WMax_SF",
    "WChaMax_SF",
    "WAval_SF",
    "WChaDisChaMax_SF",
)
_WATT_HOUR_EXPONENTS = ("WHRtg_SF", "WH_SF")
SPECIAL_EXPONENTS = {"701.Hz_SF": -4, "802.AHRtg_SF": 0, "802.AMax_SF": 0}
CONTROLS_AT_REST: Mapping[str, float] = {
    "704.WSetEna": 0,
    "704.WSetMod": 0,
    "704.WSet": 0,
    "704.WSetRvrt": 0,
    "704.WSetPct": 0,
    "704.WSetPctRvrt": 0,
    "704.WSetEnaRvrt": 0,
    "704.WSetRvrtTms": 0,
    "704.WMaxLimPctEna": 0,
    "704.WMaxLimPct": 100.0,
    "123.Conn": 1,
    "123.WMaxLimPct": 100.0,
    "123.WMaxLim_Ena": 0,
    "123.WMaxLimPct_RvrtTms": 0,
    "124.StorCtl_Mod": 0,
    "124.OutWRte": 100.0,
    "124.InWRte": 100.0,
    "124.InOutWRte_RvrtTms": 0,
    "124.ChaGriSet": 0,
    "124.MinRsvPct": 5.0,
    "64201.RequestedState": STANDBY,
    "64201.Watchdog": 0,
    "64201.WSetPct": 0,
    "715.ControllerHb": 0,
    "715.AlarmReset": 0,
    "802.CtrlHb": 0,
    "802.AlmRst": 0,
}
"""As such a device starts: nothing is enabled, and no timer runs."""


def exponents(model: int, rated_w: float, capacity_wh: float) -> dict[str, float]:
    """Return scale factors of a model with which its values have room in their registers."""
    watts, watt_hours = _exponent(rated_w), _exponent(capacity_wh)
    return {
        **{f"{model}.{name}": exponent for name, exponent in _FIXED_EXPONENTS.items()},
        **{f"{model}.{name}": watts for name in _WATT_EXPONENTS},
        **{f"{model}.{name}": watt_hours for name in _WATT_HOUR_EXPONENTS},
    }


def ratings(rated_w: float, capacity_wh: float) -> dict[str, float]:
    """Return what is written on the nameplate."""
    return {
        "120.WRtg": rated_w,
        "120.WHRtg": capacity_wh,
        "120.MaxChaRte": rated_w,
        "120.MaxDisChaRte": rated_w,
        "121.WMax": rated_w,
        "124.WChaMax": rated_w,
        "702.WMaxRtg": rated_w,
        "702.WMax": rated_w,
        "702.WChaRteMax": rated_w,
        "702.WDisChaRteMax": rated_w,
        "713.WHRtg": capacity_wh,
        "802.WHRtg": capacity_wh,
        "802.WChaRteMax": rated_w,
        "802.WDisChaRteMax": rated_w,
        "802.Typ": _LITHIUM_ION,
        "802.LocRemCtl": 0,
        "715.LocRemCtl": 0,
        "803.NStr": 1,
        "803.NStrCon": 1,
        "160.N": 4,
        "714.NPrt": 1,
    }


def shown(measured: Mapping[str, float], enabled: bool) -> dict[str, float]:
    """Return what the instruments show."""
    values = _battery(measured) | _inverter(measured, enabled)
    volts, hz = measured["ac.voltage_v"] / math.sqrt(3.0), measured["grid.frequency_hz"]
    for model in (201, 202, 203, 204, 211, 212, 213, 214):
        values |= {f"{model}.W": -1000.0 * measured["site.power_kw"], f"{model}.Hz": hz}
        values |= {f"{model}.PhV": volts, f"{model}.VAR": 0.0}
    return values


def _battery(measured: Mapping[str, float]) -> dict[str, float]:
    dc_w, dc_v = 1000.0 * measured["battery.power_kw"], measured["battery.voltage_v"]
    soc_pct, warm_c = measured["battery.soc_pct"], measured["battery.temp_mean_c"]
    charge_state = _charge_state(dc_w, soc_pct)
    return {
        "124.ChaState": soc_pct,
        "124.ChaSt": charge_state,
        "124.InBatV": dc_v,
        f"160.{CHARGE_MODULE}.DCW": max(0.0, -dc_w),
        f"160.{DISCHARGE_MODULE}.DCW": max(0.0, dc_w),
        "160.1.DCW": 0.0,
        "160.2.DCW": 0.0,
        "713.SoC": soc_pct,
        "713.SoH": measured["battery.soh_pct"],
        "713.WHAvail": 1000.0 * measured["battery.energy_kwh"],
        "714.DCW": dc_w,
        "714.1.DCW": dc_w,
        "714.1.DCV": dc_v,
        "802.SoC": soc_pct,
        "802.SoH": measured["battery.soh_pct"],
        "802.ChaSt": charge_state,
        "802.State": _CONNECTED_STATE,
        "802.Hb": measured["pcs.counter"] % 65_535,
        "802.V": dc_v,
        "802.A": measured["battery.current_a"],
        "802.W": dc_w,
        "802.Evt1": 0,
        "802.AChaMax": 1000.0 * measured["battery.max_charge_kw"] / dc_v,
        "802.ADisChaMax": 1000.0 * measured["battery.max_discharge_kw"] / dc_v,
        "803.ModTmpMax": warm_c,
        "803.ModTmpMin": warm_c,
        "803.ModTmpAvg": warm_c,
    }


def _inverter(measured: Mapping[str, float], enabled: bool) -> dict[str, float]:
    ac_w, hz = 1000.0 * measured["ac.power_kw"], measured["grid.frequency_hz"]
    dc_w, volts = 1000.0 * measured["battery.power_kw"], measured["ac.voltage_v"]
    values = {
        "701.W": ac_w,
        "701.Hz": hz,
        "701.LNV": volts / math.sqrt(3.0),
        "701.LLV": volts,
        "701.Var": 0.0,
        "701.InvSt": _RUNNING if enabled else _IDLE,
        "701.ConnSt": 1,
        "701.Alrm": 0,
        "715.DERHb": measured["pcs.counter"],
        "64201.CurrentState": GRID_CONNECTED if enabled else STANDBY,
        "64201.W": ac_w,
        "64201.Hz": hz,
    }
    for model in (101, 102, 103, 111, 112, 113):
        values |= {f"{model}.W": ac_w, f"{model}.Hz": hz, f"{model}.DCW": dc_w}
        values |= {f"{model}.PhVphA": volts / math.sqrt(3.0), f"{model}.VAr": 0.0}
        values[f"{model}.St"] = _MPPT
    return values


def _charge_state(dc_w: float, soc_pct: float) -> int:
    if dc_w:
        return _DISCHARGING if dc_w > 0.0 else _CHARGING
    return _FULL if soc_pct >= 98.0 else _EMPTY if soc_pct <= 2.0 else _HOLDING


def _exponent(most: float) -> int:
    """Return the smallest decimal exponent with which `most` has room in 16 bits."""
    return max(0, math.ceil(math.log10(most / _UINT16_ROOM)))
