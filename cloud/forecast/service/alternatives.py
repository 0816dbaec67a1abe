"""Whole courses of the wanted days that are all as likely, as they are kept and sent. Pure.

Each keeps the order of its errors through all days: one that is dear tomorrow is dear behind it,
too. Slots that an auction has decided are alike in all. Prices are kept in cents.
"""

import json
import zlib
from collections.abc import Sequence

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.quantiles import Bands
from cloud.forecast.scenarios import SCENARIOS, scenarios, spread_places

BYTES_MAX = SCENARIOS * 300 * 4
"""Three days of quarter-hours, the longest of them 25 hours."""
_CENTS = 100.0
_CENTS_MAX = 2**31 - 1


class BadAlternatives(ValueError):
    """These bytes are none of ours."""


def around(
    bands: Bands, true: FloatArray, row: int, seed: int, widening: float
) -> FloatArray | None:
    """Return what each course adds to the point of a row, shape (slots, courses), EUR/MWh.

    Args:
        true: as the bands were learned from; nothing of `row` is read.
        seed: the same one gives the same courses.

    None where no quantiles are known.
    """
    places = spread_places(bands, true, row)
    made = scenarios(bands, row, seed, widening=widening, places=places)
    return None if made is None else np.asarray((made - bands.points[row]).T)


def pack(days: Sequence[FloatArray | None]) -> bytes:
    """Return courses as bytes, b"" where a day has none or a slot of one is not known.

    Args:
        days: each of shape (slots, courses), EUR/MWh.
    """
    known = [day for day in days if day is not None]
    if not known or len(known) < len(days):
        return b""
    whole = np.concatenate(known).T
    if not np.isfinite(whole).all():
        return b""
    cents = np.clip(np.round(whole * _CENTS), -_CENTS_MAX, _CENTS_MAX)
    return zlib.compress(cents.astype("<i4").tobytes(), 6)


def as_json(packed: bytes) -> bytes:
    """Return a list of courses, each a list of prices in EUR/MWh.

    Raises:
        BadAlternatives: they are not of `SCENARIOS` courses, or too long.
    """
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(packed, BYTES_MAX)
    except zlib.error as error:
        raise BadAlternatives(f"no deflated bytes: {error}") from None
    if unpacking.unconsumed_tail or not plain or len(plain) % (4 * SCENARIOS):
        raise BadAlternatives(f"{len(plain)} bytes or more for {SCENARIOS} courses")
    cents = np.frombuffer(plain, dtype="<i4").reshape(SCENARIOS, -1)
    return json.dumps((cents / _CENTS).tolist(), separators=(",", ":")).encode()
