"""Telemetry as the API shows it, with an example each."""

import math
from typing import Any

from pydantic import BaseModel, Field

from cloud.fleet.model import Newest, Series
from cloud.fleet.telemetry.queries import Rollups
from cloud.fleet.telemetry.rolls import Rolls
from cloud.kernel.instants import iso
from wire.block import Quality
from wire.points import unit_of

_AT = "2026-11-21T10:15:00Z"
RAW_COLUMNS = ("at_us", "value", "quality")
ROLLUP_COLUMNS = ("start_us", "mean", "min", "max", "last", "good", "n", "quality")


class ValueView(BaseModel):
    device: str = Field(examples=["inverter"])
    point: str = Field(examples=["battery.soc_pct"])
    unit: str = Field(examples=["%"])
    value: float | None = Field(description="the last good number", examples=[62.4])
    at: str = Field(description="when that was", examples=[_AT])
    age_s: float = Field(description="how long ago that is by the hub's clock", examples=[0.8])
    quality: str = Field(
        description="how the point was at `sampled_at`: good, stale, bad or lost", examples=["good"]
    )
    sampled_at: str = Field(description="the last sample, good or not", examples=[_AT])

    @classmethod
    def of(cls, newest: Newest, now_us: int) -> "ValueView":
        return cls(
            device=newest.device,
            point=newest.point,
            unit=unit_of(newest.point),
            value=newest.value,
            at=iso(newest.at_us),
            age_s=round((now_us - newest.at_us) / 1e6, 3),
            quality=newest.quality.name.lower(),
            sampled_at=iso(newest.sampled_us),
        )


class NewestView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    now: str = Field(description="the hub's clock", examples=[_AT])
    values: list[ValueView]


class SeriesView(BaseModel):
    device: str = Field(examples=["inverter"])
    point: str = Field(examples=["ac.power_kw"])
    unit: str = Field(examples=["kW"])
    samples: list[list[int | float | None]] = Field(
        description="rows of what `columns` names; instants in µs since 1970 UTC; quality: 0 good,"
        " 1 stale, 2 bad, 3 lost",
        examples=[[[1_795_169_700_000_000, 30.0, 0], [1_795_169_701_000_000, None, 3]]],
    )


class TelemetryView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    step: str = Field(description="raw, 1m, 15m, 1h or 1d", examples=["raw"])
    columns: list[str] = Field(examples=[list(RAW_COLUMNS)])
    points: list[SeriesView]
    next: str | None = Field(
        description="ask again with this as `from`; null: there is no more", examples=[None]
    )
    complete: bool = Field(
        description="false: of what just came, some is not in the roll-ups yet", examples=[True]
    )


class SiteValuesView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    values: list[ValueView]


class FleetValuesView(BaseModel):
    now: str = Field(description="the hub's clock", examples=[_AT])
    sites: list[SiteValuesView]


def raw_document(series: Series) -> dict[str, Any]:
    """Return the samples as `SeriesView` describes them."""
    columns = zip(series.at_us, series.values, map(int, series.quality), strict=True)
    return _series(series.device, series.point, [list(row) for row in columns])


def rollup_documents(found: Rollups) -> list[dict[str, Any]]:
    """Return the roll-ups of each series as `SeriesView` describes them."""
    rows: list[list[list[Any]]] = [[] for _ in found.series]
    for index, row in zip(found.rolls.series.tolist(), rollup_rows(found.rolls), strict=True):
        rows[index].append(row)
    return [
        _series(series.device, series.point, part)
        for series, part in zip(found.series, rows, strict=True)
    ]


def rollup_rows(rolls: Rolls) -> list[list[Any]]:
    """Return one row of `ROLLUP_COLUMNS` for each entry."""
    return [
        [
            start_us,
            total / good if good else None,
            _number(low),
            _number(high),
            _number(last),
            good,
            n,
            quality,
        ]
        for start_us, total, good, low, high, last, n, quality in zip(
            rolls.start_us.tolist(),
            rolls.total.tolist(),
            rolls.good.tolist(),
            rolls.low.tolist(),
            rolls.high.tolist(),
            rolls.last.tolist(),
            rolls.n.tolist(),
            rolls.quality.tolist(),
            strict=True,
        )
    ]


def quality_name(code: int) -> str:
    return Quality(code).name.lower()


def _series(device: str, point: str, rows: list[list[Any]]) -> dict[str, Any]:
    return {"device": device, "point": point, "unit": unit_of(point), "samples": rows}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
