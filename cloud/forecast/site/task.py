"""What is known of a site, and what is told of it, as values and as bytes. Pure."""

import json
from dataclasses import asdict, dataclass, field
from io import BytesIO

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.site.grid import QUARTER_US
from cloud.forecast.site.setup import UNKNOWN, Setup

SLOTS = 192
"""Quarter-hours that are told: 48 hours."""
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def _none() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """Mean powers of quarter-hours from a midnight of UTC on; forecasts begin at `as_of_us`."""

    site: str
    area: str
    """Whose clock and holidays count."""
    start_us: int
    as_of_us: int
    """A boundary of a quarter-hour; what lies at it or behind is not read."""
    load: FloatArray
    """kW, consumption; NaN where missing; empty: no device tells it."""
    pv: FloatArray
    """kW, NaN where missing or held down; empty: no device tells it."""
    radiation: FloatArray = field(default_factory=_none)
    """Forecasts for hours from `start_us` on, W/m2 on level ground, each day as it was known on its
    eve, from the day of the issue on as it is known now; NaN where missing; empty: no weather."""
    radiation_age_s: int | None = None
    """Of the newest forecast of the weather."""
    setup: Setup = UNKNOWN
    lent: FloatArray = field(default_factory=_none)
    """kW, the load of another site, where this one knows too little; empty: none."""

    def pack(self) -> bytes:
        head = json.dumps(
            [
                self.site,
                self.area,
                self.start_us,
                self.as_of_us,
                self.radiation_age_s,
                asdict(self.setup),
            ]
        )
        packed = BytesIO()
        np.savez(
            packed,
            head=np.array(head),
            load=self.load,
            pv=self.pv,
            radiation=self.radiation,
            lent=self.lent,
        )
        return packed.getvalue()

    @classmethod
    def unpack(cls, packed: bytes) -> "Task":
        with np.load(BytesIO(packed), allow_pickle=False) as found:
            site, area, start_us, as_of_us, age_s, setup = json.loads(str(found["head"]))
            load, pv, radiation = found["load"], found["pv"], found["radiation"]
            lent = found["lent"]
        return cls(
            site=site,
            area=area,
            start_us=start_us,
            as_of_us=as_of_us,
            load=load,
            pv=pv,
            radiation=radiation,
            radiation_age_s=age_s,
            setup=Setup(**setup),
            lent=lent,
        )

    def past(self, values: FloatArray) -> FloatArray:
        """Return of `values` what was known, whatever else is there."""
        return values[: (self.as_of_us - self.start_us) // QUARTER_US]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Load or sun of the next 48 hours."""

    points: FloatArray
    """kW, shape (192,); NaN where not known."""
    quantiles: FloatArray
    """kW by `LEVELS`, shape (192, levels); NaN where there are none."""
    quality: str | None
    """The lowest rung of the ladder that was used; None: nothing is told."""
    flags: tuple[str, ...]

    @classmethod
    def nothing(cls, *flags: str) -> "Told":
        points = np.full(SLOTS, np.nan)
        return cls(points, np.full((SLOTS, len(LEVELS)), np.nan), None, flags)
