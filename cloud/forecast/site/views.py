"""The forecast of a site as the API shows it, with an example each."""

from collections.abc import Iterable

from pydantic import BaseModel, Field

from cloud.forecast.site.scores import Score
from cloud.forecast.site.store import Kept
from cloud.kernel.instants import iso

OLD_US = 7 * 3_600_000_000
"""A forecast that no round has renewed for longer is flagged `old`."""
_AT = "2026-11-21T12:15:00Z"


class QualityView(BaseModel):
    load: str | None = Field(
        description="template, similar_day, short_history or full; null: nothing is told",
        examples=["full"],
    )
    pv: str | None = Field(examples=["full"])


class AgesView(BaseModel):
    load: int | None = Field(description="of the newest value that was read", examples=[0])
    pv: int | None = Field(examples=[900])
    weather: int | None = Field(
        default=None, description="of the newest forecast; not there: no weather", examples=[7200]
    )


class SlotView(BaseModel):
    ts: str = Field(description="start of the quarter-hour, UTC", examples=[_AT])
    load_kw: float | None = Field(description="consumption, mean", examples=[41.3])
    pv_kw: float | None = Field(description="PV power, mean; 0 at night", examples=[12.8])
    load_q: list[float] | None = Field(examples=[[30.1, 33.0, 37.2, 41.0, 45.5, 50.2, 54.9]])
    pv_q: list[float] | None = Field(examples=[[2.0, 4.4, 8.1, 12.0, 17.3, 21.9, 24.0]])


class SiteForecastView(BaseModel):
    issued_at: str = Field(examples=[_AT])
    old: bool = Field(description="no round has renewed it in time", examples=[False])
    site: str = Field(examples=["werk-sued"])
    model: str = Field(examples=["site-2"])
    area: str = Field(description="whose clock and holidays counted", examples=["AT"])
    as_of: str = Field(description="nothing from here on was read", examples=[_AT])
    quality: QualityView
    flags: list[str] = Field(examples=[["extended", "no_weather"]])
    data_age_s: AgesView
    quantile_levels: list[float] = Field(examples=[[0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]])
    series: list[SlotView]


class SiteScoreView(BaseModel):
    day: str = Field(examples=["2026-11-20"])
    of: str = Field(description="load or pv", examples=["load"])
    quality: str = Field(description="the way that told it", examples=["full"])
    mae_kw: float = Field(description="mean absolute error", examples=[2.4])
    naive_mae_kw: float | None = Field(
        description="of the same day a week before; null: not known", examples=[3.4]
    )
    coverage80: float | None = Field(
        description="share inside the 80 % interval; null: there was none", examples=[0.81]
    )


class SiteScoresView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    scores: list[SiteScoreView]

    @classmethod
    def of_scores(cls, site: str, scores: Iterable[Score]) -> "SiteScoresView":
        return cls(
            site=site,
            scores=[
                SiteScoreView(
                    day=one.day.isoformat(),
                    of=one.kind,
                    quality=one.quality,
                    mae_kw=one.mae_kw,
                    naive_mae_kw=one.naive_mae_kw,
                    coverage80=one.coverage80,
                )
                for one in scores
            ],
        )


def shown(kept: Kept, now_us: int) -> bytes:
    """Return the kept JSON with its age in front; it is not parsed for that."""
    old = "false" if 0 <= now_us - kept.issued_us <= OLD_US else "true"
    head = f'{{"issued_at":"{iso(kept.issued_us)}","old":{old},'
    return head.encode() + kept.document[1:]
