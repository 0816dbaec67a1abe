"""The overview of the market data as it is shown to programs and on its page."""

from datetime import date

from pydantic import BaseModel, Field

from cloud.kernel.events import EventRow
from cloud.kernel.instants import iso, iso_or_none
from cloud.market.feeds.comparisons import Comparison
from cloud.market.feeds.fill import Fill
from cloud.market.overview import Newest, Overview
from cloud.market.series.views import CompletenessView, ExtentView, FeedView


class NewestView(ExtentView):
    """A series, its newest value, and how whole its days are."""

    newest: str | None = Field(description="start of the newest interval up to tomorrow")
    value: float | None = Field(description="of that interval, in the unit of the series")
    days: list[CompletenessView] = Field(description="yesterday, today, tomorrow; none: too old")
    licence: str = Field(description="what the source says of its use, word by word")

    @classmethod
    def seen(cls, found: Newest) -> "NewestView":
        return cls.model_validate(
            ExtentView.kept(found.extent).model_dump()
            | {
                "newest": iso_or_none(found.at_us),
                "value": found.value,
                "days": [CompletenessView.of(day) for day in found.days],
                "licence": found.licence,
            }
        )


class ComparisonView(BaseModel):
    """Two sources that should say the same, on one local day."""

    ours: str
    theirs: str
    area: str
    unit: str
    day: date
    compared: int = Field(description="intervals of which both have a value")
    tolerance: float
    differing: int
    worst: float | None = Field(description="the largest difference, ours less theirs")
    worst_at: str | None
    at: str = Field(description="when they were compared")

    @classmethod
    def of(cls, found: Comparison) -> "ComparisonView":
        worst = found.worst
        return cls(
            ours=found.ours.source,
            theirs=found.theirs.source,
            area=found.ours.area,
            unit=found.ours.kind.unit,
            day=found.day,
            compared=found.compared,
            tolerance=found.tolerance,
            differing=len(found.differing),
            worst=None if worst is None else round(worst.ours - worst.theirs, 6),
            worst_at=None if worst is None else iso(worst.start_us),
            at=iso(found.at_us),
        )


class FillView(BaseModel):
    """The past, filled in: by the hub itself or by the command line beside it."""

    source: str
    kind: str
    area: str
    detail: str
    first: date
    last: date
    state: str = Field(description="running, done, failed, broken_off")
    done: int = Field(description="days asked for in this run")
    total: int = Field(description="days that were not complete when it began")
    values: int = Field(description="kept in this run")
    begun: str
    changed: str
    error: str | None

    @classmethod
    def of(cls, fill: Fill, now_us: int) -> "FillView":
        return cls(
            source=fill.asked.source,
            kind=fill.asked.kind.value,
            area=fill.asked.area,
            detail=fill.asked.detail,
            first=fill.first,
            last=fill.last,
            state=fill.standing(now_us),
            done=fill.done,
            total=fill.total,
            values=fill.new,
            begun=iso(fill.begun_us),
            changed=iso(fill.changed_us),
            error=fill.error or None,
        )


class OverviewView(BaseModel):
    """All of it."""

    at: str
    feeds: list[FeedView]
    series: list[NewestView]
    left_out: int = Field(description="series that are not listed here; they are under /series")
    outages: int = Field(description="series of outages; none of them is listed here")
    comparisons: list[ComparisonView]
    fills: list[FillView]
    waiting: int = Field(description="statements set apart that nobody has decided on")

    @classmethod
    def of(cls, found: Overview) -> "OverviewView":
        return cls(
            at=iso(found.at_us),
            feeds=[FeedView.of(state) for state in found.feeds],
            series=[NewestView.seen(one) for one in found.series],
            left_out=found.left_out,
            outages=found.outages,
            comparisons=[ComparisonView.of(one) for one in found.comparisons],
            fills=[FillView.of(fill, found.at_us) for fill in found.fills],
            waiting=found.waiting,
        )


class MarketEventView(BaseModel):
    """Something that happened to the market data."""

    id: int
    at: str
    code: str = Field(examples=["MARKET_FEED_FAILED"])
    severity: str = Field(description="info, warning, alarm")
    text: str

    @classmethod
    def of(cls, event: EventRow) -> "MarketEventView":
        return cls(
            id=event.id,
            at=iso(event.at_us),
            code=event.code,
            severity=event.severity.name.lower(),
            text=event.text,
        )


class MarketEventsView(BaseModel):
    events: list[MarketEventView]
