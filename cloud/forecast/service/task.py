"""What the computing process is handed and what it hands back, and both as bytes. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service.flags import unknown
from cloud.forecast.service.retreat import Retreat

_HEAD = "head"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """A day-ahead forecast; the last `targets` rows of the history are the days wanted."""

    area: str
    first: date
    targets: int
    decided: int
    """So many of them, the first ones, have had their auction: their prices are in the history."""
    step_s: int
    quality: str
    """Rung of the ladder; says which members are asked."""
    prices: FloatArray
    """EUR/MWh, shape (days, 24); NaN of the wanted days that are not decided."""
    groups: Mapping[str, FloatArray]
    """Inputs of the members, each of shape (days, 24)."""
    quarters: FloatArray
    """Of the history's last days, shape (some, 96), EUR/MWh; NaN where there were none."""
    foreseen: Mapping[str, FloatArray]
    """load, solar, wind in MW, and price in EUR/MWh where an auction has decided it, at each slot
    wanted; NaN where not known."""
    past: Mapping[str, FloatArray]
    """load, solar, wind as foreseen and as they came, MW, shape (2, days, 24); the last rows are
    the days wanted."""
    told: Mapping[date, FloatArray]
    """What the members said of earlier days, each of shape (members, 24)."""
    early: FloatArray | None = None
    """Prices of an auction with an earlier gate, shape (days, 24), where it has told the first open
    day; its members are asked beside the others."""
    early_quarters: FloatArray | None = None
    """The same by quarter-hours, of the rows of `quarters`, where it tells them; NaN of other
    days."""
    other: FloatArray | None = None
    """Prices of another area, of the same shape, where there are too few of this one."""
    flags: tuple[str, ...] = ()
    seed: int = 0
    retreat: Retreat = field(default_factory=Retreat)
    """What is done about alarms of the watch."""

    def pack(self) -> bytes:
        head = {
            "area": self.area,
            "first": self.first.isoformat(),
            "targets": self.targets,
            "decided": self.decided,
            "step_s": self.step_s,
            "quality": self.quality,
            "flags": self.flags,
            "seed": self.seed,
            "retreat": self.retreat.packed(),
            "groups": list(self.groups),
        }
        arrays = {"prices": self.prices, "quarters": self.quarters}
        arrays |= {"early": self.early} if self.early is not None else {}
        fine = self.early_quarters
        arrays |= {"early_quarters": fine} if fine is not None else {}
        arrays |= {"other": self.other} if self.other is not None else {}
        arrays |= {f"group/{name}": values for name, values in self.groups.items()}
        arrays |= {f"foreseen/{name}": values for name, values in self.foreseen.items()}
        arrays |= {f"past/{name}": values for name, values in self.past.items()}
        arrays |= {f"told/{day.isoformat()}": values for day, values in self.told.items()}
        return _packed(head, arrays)

    @classmethod
    def unpack(cls, packed: bytes) -> "Task":
        head, arrays = _unpacked(packed)
        return cls(
            area=head["area"],
            first=date.fromisoformat(head["first"]),
            targets=head["targets"],
            decided=head["decided"],
            step_s=head["step_s"],
            quality=head["quality"],
            flags=tuple(head["flags"]),
            seed=head["seed"],
            retreat=Retreat.unpacked(head["retreat"]),
            prices=arrays["prices"],
            quarters=arrays["quarters"],
            early=arrays.get("early"),
            early_quarters=arrays.get("early_quarters"),
            other=arrays.get("other"),
            groups={name: arrays[f"group/{name}"] for name in head["groups"]},
            foreseen=_below(arrays, "foreseen/"),
            past=_below(arrays, "past/"),
            told={date.fromisoformat(k): v for k, v in _below(arrays, "told/").items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """A forecast that is done."""

    quality: str
    flags: tuple[str, ...]
    weights: Mapping[str, float]
    """By member, sum 1; empty where none was asked."""
    series: bytes
    """JSON of the rows, as they are sent."""
    resting: tuple[float | None, ...] = ()
    """What the members would have said of each slot of the first open day, where the similar day
    was taken in their place, EUR/MWh; of the next hours of all slots, where the last price was."""
    scenarios: bytes = b""
    """As `alternatives` packs them; b"": none."""
    told: Mapping[date, FloatArray] = field(default_factory=dict)
    """Of the days that were told anew."""

    def __post_init__(self) -> None:
        assert not unknown(self.flags), f"not in `flags`: {unknown(self.flags)}"

    def pack(self) -> bytes:
        head = {
            "quality": self.quality,
            "flags": self.flags,
            "weights": dict(self.weights),
            "resting": self.resting,
            "series": self.series.decode(),
        }
        arrays: dict[str, Any] = {f"told/{day.isoformat()}": v for day, v in self.told.items()}
        arrays["scenarios"] = np.frombuffer(self.scenarios, dtype=np.uint8)
        return _packed(head, arrays)

    @classmethod
    def unpack(cls, packed: bytes) -> "Result":
        head, arrays = _unpacked(packed)
        return cls(
            quality=head["quality"],
            flags=tuple(head["flags"]),
            weights=head["weights"],
            resting=tuple(head["resting"]),
            series=head["series"].encode(),
            scenarios=arrays["scenarios"].tobytes(),
            told={date.fromisoformat(k): v for k, v in _below(arrays, "told/").items()},
        )


def _packed(head: Mapping[str, object], arrays: Mapping[str, FloatArray]) -> bytes:
    out = BytesIO()
    said = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    whole: dict[str, Any] = {_HEAD: said, **arrays}
    np.savez(out, **whole)
    return out.getvalue()


def _unpacked(packed: bytes) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    with np.load(BytesIO(packed), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    head = json.loads(arrays.pop(_HEAD).tobytes())
    return head, arrays


def _below(arrays: Mapping[str, FloatArray], prefix: str) -> dict[str, FloatArray]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
