"""The rows of a forecast as they are sent: UTC slots, null for what is not known. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service.hours import starts
from cloud.kernel.instants import iso
from cloud.market.areas.model import Area

_FIELDS = {"load": "load_mw", "solar": "gen_solar_mw", "wind": "gen_wind_mw"}
_DIGITS = {"price": 2, "load": 1, "solar": 1, "wind": 1}


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """One local day of a forecast, slot by slot."""

    day: date
    price: FloatArray
    """EUR/MWh, shape (slots,); NaN where not known."""
    quantiles: FloatArray | None = None
    """Shape (slots, levels); None: not known."""


def rows(
    area: Area,
    days: Sequence[Day],
    step_s: int,
    foreseen: Mapping[str, FloatArray],
    quantiles: Mapping[str, FloatArray] | None = None,
) -> bytes:
    """Return JSON rows of whole days.

    Args:
        foreseen: load, solar, wind in MW for all slots of all days.
        quantiles: of the same, shape (slots, levels).
    """
    found, at = [], 0
    bands = quantiles or {}
    for one in days:
        for slot, start_us in enumerate(starts(area, one.day, step_s)):
            row: dict[str, object] = {
                "ts": iso(start_us),
                "price_eur_mwh": number(one.price[slot], _DIGITS["price"]),
            }
            for name, key in _FIELDS.items():
                values = foreseen.get(name)
                row[key] = None if values is None else number(values[at], _DIGITS[name])
            row["soc_target_pct"] = None
            row["price_q"] = None if one.quantiles is None else levels(one.quantiles[slot], "price")
            for name in _FIELDS:
                band = bands.get(name)
                row[f"{name}_q"] = None if band is None else levels(band[at], name)
            found.append(row)
            at += 1
    return json.dumps(found, separators=(",", ":"), allow_nan=False).encode()


def number(value: float, digits: int) -> float | None:
    """Return a rounded number, None for NaN; never a negative zero."""
    return round(float(value), digits) + 0.0 if np.isfinite(value) else None


def levels(values: FloatArray, name: str) -> list[float] | None:
    """Return quantiles, None where any is not known; rounding keeps their order."""
    if not np.isfinite(values).all():
        return None
    return [round(float(value), _DIGITS[name]) + 0.0 for value in values]
