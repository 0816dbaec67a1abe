"""What the computing process is handed for the next hours, and as bytes. Pure.

Statements go as the store keeps them: what was known at each earlier issue is worked out where
there is time for it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.intraday.vintages import Spoken
from cloud.market.series.raw import Raw, opened

MARK = b"soon"
"""Begins the bytes of such a task; those of a day-ahead one begin otherwise."""
_HEAD = "head"
_COLUMNS = 6
"""Of a statement: all of `Raw` but its chunk, and the length of that."""


@dataclass(frozen=True, slots=True)
class Said:
    """Of one series."""

    use: str
    """What it tells: price, ida/IDA1, index, imbalance, load, solar/B16, wind/B19, actual/load."""
    resolution_s: int
    preference: int
    """Of several series of one use the greater counts before the smaller."""
    raw: Iterable[Raw]
    """It may be asked for more than once."""

    def spoken(self) -> list[Spoken]:
        return [
            Spoken(
                *opened(one, self.resolution_s),
                one.known_us,
                (one.created_us, one.revision),
                self.resolution_s,
                self.preference,
            )
            for one in self.raw
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Soon:
    """An intraday forecast that is to be made."""

    area: str
    as_of_us: int
    start_us: int
    end_us: int
    step_s: int
    said: Sequence[Said]
    day_ahead: FloatArray
    """Prices of the newest day-ahead forecast at each slot wanted, EUR/MWh; NaN where unknown."""
    shut: bool = False
    """Whether the last price is told in the members' place: an alarm of the watch stands."""

    def pack(self) -> bytes:
        head = {
            "area": self.area,
            "as_of_us": self.as_of_us,
            "start_us": self.start_us,
            "end_us": self.end_us,
            "step_s": self.step_s,
            "shut": self.shut,
            "said": [(one.use, one.resolution_s, one.preference) for one in self.said],
        }
        arrays: dict[str, Any] = {"day_ahead": self.day_ahead}
        arrays[_HEAD] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
        for place, one in enumerate(self.said):
            numbers = [(*row[:5], len(row.chunk)) for row in one.raw]
            arrays[f"numbers/{place}"] = np.array(numbers, dtype=np.int64).reshape(-1, _COLUMNS)
            chunks = b"".join(row.chunk for row in one.raw)
            arrays[f"chunks/{place}"] = np.frombuffer(chunks, dtype=np.uint8)
        out = BytesIO()
        np.savez(out, **arrays)
        return MARK + out.getvalue()

    @classmethod
    def unpack(cls, packed: bytes) -> "Soon":
        with np.load(BytesIO(packed[len(MARK) :]), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        head = json.loads(arrays[_HEAD].tobytes())
        return cls(
            area=head["area"],
            as_of_us=head["as_of_us"],
            start_us=head["start_us"],
            end_us=head["end_us"],
            step_s=head["step_s"],
            shut=head["shut"],
            day_ahead=arrays["day_ahead"],
            said=[
                Said(use, resolution_s, preference, _packed(arrays, place))
                for place, (use, resolution_s, preference) in enumerate(head["said"])
            ],
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Packed:
    """Statements one after the other: as objects half a year of them would take 30 MB."""

    numbers: IntArray
    chunks: bytes

    def __iter__(self) -> Iterator[Raw]:
        at = 0
        for row in self.numbers:
            *numbers, length = row.tolist()
            yield Raw._make((*numbers, self.chunks[at : at + length]))
            at += length


def _packed(arrays: Mapping[str, Any], place: int) -> _Packed:
    return _Packed(arrays[f"numbers/{place}"], arrays[f"chunks/{place}"].tobytes())
