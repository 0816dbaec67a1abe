"""The rows of a forecast as they are sent: UTC slots, null for what is not known. Pure."""

import json
from collections.abc import Mapping, Sequence

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.kernel.instants import iso

_FIELDS = {"load": "load_mw", "solar": "gen_solar_mw", "wind": "gen_wind_mw"}
_DIGITS = {"price": 2, "load": 1, "solar": 1, "wind": 1}


def rows(
    starts_us: Sequence[int],
    price: FloatArray,
    price_q: FloatArray | None,
    foreseen: Mapping[str, FloatArray],
    quantiles: Mapping[str, FloatArray] | None = None,
) -> bytes:
    """Return JSON rows, one a slot.

    Args:
        starts_us: of the slots.
        price: EUR/MWh, NaN where not known.
        price_q: shape (slots, levels), NaN where not known.
        foreseen: load, solar, wind in MW.
        quantiles: of these, shape (slots, levels).
    """
    bands = {} if quantiles is None else quantiles
    found = []
    for slot, start_us in enumerate(starts_us):
        row: dict[str, object] = {
            "ts": iso(start_us),
            "price_eur_mwh": number(price[slot], _DIGITS["price"]),
        }
        for name, key in _FIELDS.items():
            values = foreseen.get(name)
            row[key] = None if values is None else number(values[slot], _DIGITS[name])
        row["soc_target_pct"] = None
        row["price_q"] = None if price_q is None else levels(price_q[slot], "price")
        for name in _FIELDS:
            band = bands.get(name)
            row[f"{name}_q"] = None if band is None else levels(band[slot], name)
        found.append(row)
    return json.dumps(found, separators=(",", ":"), allow_nan=False).encode()


def number(value: float, digits: int) -> float | None:
    """Return a rounded number, None for NaN; never a negative zero."""
    return round(float(value), digits) + 0.0 if np.isfinite(value) else None


def levels(values: FloatArray, name: str) -> list[float] | None:
    """Return quantiles, None where any is not known; rounding keeps their order."""
    if not np.isfinite(values).all():
        return None
    return [round(float(value), _DIGITS[name]) + 0.0 for value in values]
