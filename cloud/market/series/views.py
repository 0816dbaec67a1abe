"""Series and their values as they are shown. Prices in EUR/MWh, powers in MW."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from cloud.kernel.instants import iso, iso_or_none
from cloud.market.areas.model import Area
from cloud.market.feeds.states import State
from cloud.market.series.days import Completeness
from cloud.market.series.merge import Apart, Values
from cloud.market.series.model import SIMULATED, Extent, Quality, Series
from cloud.market.series.quarantine import Verdict
from cloud.market.series.reasons import Why, reason
from cloud.market.series.store import Aside


class SeriesView(BaseModel):
    """What makes a series."""

    series: str = Field(examples=["entsoe/price.day_ahead/AT/900s/SDAC"])
    source: str
    kind: str
    area: str
    resolution_s: int
    detail: str
    unit: str
    simulated: bool

    @classmethod
    def of(cls, series: Series) -> "SeriesView":
        return cls(**_parts(series))


def _parts(series: Series) -> dict[str, str | int | bool]:
    return {
        "series": str(series),
        "source": series.source,
        "kind": series.kind.value,
        "area": series.area,
        "resolution_s": series.resolution_s,
        "detail": series.detail,
        "unit": series.kind.unit,
        "simulated": series.source == SIMULATED,
    }


class ExtentView(SeriesView):
    """A series, and what is kept of it."""

    first: str
    last: str = Field(description="start of the last interval")
    newest_known: str = Field(description="when the newest statement became known")
    received: str = Field(description="when something last came")

    @classmethod
    def kept(cls, extent: Extent) -> "ExtentView":
        return cls.model_validate(
            _parts(extent.series)
            | {
                "first": iso(extent.first_us),
                "last": iso(extent.last_us),
                "newest_known": iso(extent.known_us),
                "received": iso(extent.received_us),
            }
        )


class SeriesListView(BaseModel):
    series: list[ExtentView]


class CompletenessView(BaseModel):
    """Of one local day of delivery."""

    day: date
    expected: int = Field(description="92, 96 or 100 quarter-hours; 23, 24 or 25 hours")
    present: int
    complete: bool

    @classmethod
    def of(cls, found: Completeness) -> "CompletenessView":
        return cls(
            day=found.day,
            expected=found.expected,
            present=found.present,
            complete=found.is_complete,
        )


class ValueView(BaseModel):
    start: str
    value: float
    known: str = Field(description="when it became known")


class ApartView(BaseModel):
    """Values that are kept and shown, and not served."""

    starts: list[str]
    values: list[float]
    quality: Quality
    known: str
    document: str

    @classmethod
    def of(cls, found: Apart) -> "ApartView":
        return cls(
            starts=[iso(at_us) for at_us in found.starts_us],
            values=list(found.values),
            quality=found.quality,
            known=iso(found.known_us),
            document=found.document,
        )


class ValuesView(SeriesView):
    """A series over an interval; what is missing has no entry."""

    as_of: str
    quality: Quality = Field(description="of all values: good, or simulated")
    age_s: float | None = Field(description="since the newest of them became known")
    timetable: bool = Field(description="some of the times come from the source's timetable")
    licences: list[str]
    documents: list[str]
    days: list[CompletenessView]
    values: list[ValueView]
    apart: list[ApartView]

    @classmethod
    def made(cls, found: Values, days: list[Completeness], as_of_us: int) -> "ValuesView":
        newest_us = max(found.known_us, default=None)
        simulated = found.series.source == SIMULATED
        return cls.model_validate(
            _parts(found.series)
            | {
                "as_of": iso(as_of_us),
                "quality": Quality.SIMULATED if simulated else Quality.GOOD,
                "age_s": None if newest_us is None else max(0, as_of_us - newest_us) / 1e6,
                "timetable": found.assumed,
                "licences": list(found.licences),
                "documents": list(found.documents),
                "days": [CompletenessView.of(day) for day in days],
                "values": [
                    ValueView(start=iso(at_us), value=value, known=iso(known_us))
                    for at_us, value, known_us in zip(
                        found.starts_us, found.values, found.known_us, strict=True
                    )
                ],
                "apart": [ApartView.of(one) for one in found.apart],
            }
        )


class DecisionBody(BaseModel):
    """What somebody decides on a statement that is set apart."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict = Field(description="what holds from now on, for good")
    reason: str = Field(min_length=3, max_length=200, examples=["confirmed by the exchange"])


class DecisionView(BaseModel):
    at: str
    verdict: Verdict
    account: str
    reason: str


class AsideView(SeriesView):
    """A statement that is set apart."""

    id: int
    starts: list[str]
    values: list[float]
    quality: Quality
    why: Why
    low: float | None = Field(description="what is allowed, in the unit of the series")
    high: float | None
    received: str
    document: str
    decision: DecisionView | None = Field(description="null: nobody has decided yet")

    @classmethod
    def kept(cls, aside: Aside, area: Area | None) -> "AsideView":
        said, decided = aside.statement, aside.decision
        found = reason(aside.series, said, area)
        decision = decided and DecisionView(
            at=iso(decided.at_us),
            verdict=Verdict(decided.verdict),
            account=decided.account,
            reason=decided.reason,
        )
        return cls.model_validate(
            _parts(aside.series)
            | {
                "id": aside.number,
                "starts": [iso(at_us) for at_us in said.starts_us],
                "values": list(said.values),
                "quality": said.quality,
                "why": found.why,
                "low": found.low,
                "high": found.high,
                "received": iso(said.received_us),
                "document": said.document,
                "decision": decision,
            }
        )


class QuarantineView(BaseModel):
    quarantine: list[AsideView]


ODD_MAX = 20


class FeedView(BaseModel):
    """How a source is, for one thing that it is asked for."""

    source: str
    area: str
    kind: str
    detail: str
    answered: str | None = Field(description="when it last answered; null: not since the start")
    stale_since: str | None = Field(description="since when it does not answer")
    failures: int = Field(description="one after the other")
    error: str | None
    error_code: str | None = Field(
        description="unavailable, paused, refused, bad_answer, too_large"
    )
    odd: list[str] = Field(description="what is strange in answers that are used all the same")
    next_try: str | None
    simulated: bool

    @classmethod
    def of(cls, state: State) -> "FeedView":
        return cls(
            source=state.asked.source,
            area=state.asked.area,
            kind=state.asked.kind.value,
            detail=state.asked.detail,
            answered=iso_or_none(state.answered_us),
            stale_since=iso_or_none(state.failing_since_us),
            failures=state.failures,
            error=state.error or None,
            error_code=state.word or None,
            odd=list(state.odd)[:ODD_MAX],
            next_try=iso_or_none(state.next_us),
            simulated=state.asked.source == SIMULATED,
        )


class FeedsView(BaseModel):
    feeds: list[FeedView]
