"""Documents of the platform as values: time series, their periods, their points. Pure.

Elements are matched by local name, because namespaces differ by document and year. A document is
read whole or refused whole. Nothing is expanded, converted or judged here: see `expand`,
`batches` and `outages`.

Source: IEC 62325-451 profiles as answered by the platform; market data, §3.1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cloud.market.feeds.entsoe import xml
from cloud.market.feeds.entsoe.acknowledgement import Acknowledgement, Reason
from cloud.market.feeds.errors import AnswerTooLarge, BadAnswer
from wire.clock import micros

POINTS_MAX = 2_000_000
"""Of one document; a year of minutes has 527,040."""
SERIES_MAX = 20_000
PERIODS_MAX = 50_000
REASONS_MAX = 100
TEXTS_MAX = 200
"""Elements kept of a document, and of a series; more of them are left out."""
ROOTS: Final = (
    "Publication_MarketDocument",
    "GL_MarketDocument",
    "Balancing_MarketDocument",
    "Unavailability_MarketDocument",
    "TransmissionNetwork_MarketDocument",
    "Acknowledgement_MarketDocument",
)
"""What is understood; anything else is no answer to our questions."""
PERIODS: Final = ("Period", "Available_Period")
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{0,12})?|\.\d{1,12})", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{3}|\.\d{6})?)?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)
_INTERVAL = "timeInterval"
_AMOUNTS = (
    "price.amount",
    "quantity",
    "imbalance_Price.amount",
    "activation_Price.amount",
    "procurement_Price.amount",
)
"""What a point may say, the first one that it has counts."""
_CATEGORY = "imbalance_Price.category"


@dataclass(slots=True, kw_only=True)
class Period:
    """Points as they were sent; `values[i]` is for `positions[i]`, None where it was left empty."""

    start_us: int
    end_us: int
    resolution: str
    """ISO 8601, as sent: PT15M, PT60M, P1D."""
    positions: list[int] = field(default_factory=list)
    values: list[float | None] = field(default_factory=list)
    category: str = ""
    """Of an imbalance price: A04 for excess, A05 for shortage, "" where one price serves both."""


@dataclass(slots=True, kw_only=True)
class TimeSeries:
    """One series of a document."""

    texts: Mapping[str, str]
    """Elements by local name; those within another element as ``outer/name``."""
    periods: list[Period]

    def text(self, *names: str) -> str:
        """Return the first of these elements that says something, "" where none does."""
        return next((found for name in names if (found := self.texts.get(name))), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One data document."""

    root: str
    type: str
    mrid: str
    revision: int
    created_us: int | None
    """When the platform made it, None where it does not say."""
    status: str
    """A05 active, A09 cancelled, A13 withdrawn; "" where the document says nothing."""
    texts: Mapping[str, str]
    series: tuple[TimeSeries, ...]


def parse(body: bytes) -> Document | Acknowledgement:
    """Return what one XML document says.

    Raises:
        BadAnswer: no XML, no document of the platform, or a value that is none.
    """
    if not body.strip():
        raise BadAnswer("the answer is empty")
    builder = _Builder()
    xml.read(body, builder)
    return builder.result()


def number(text: str) -> float | None:
    """Return a decimal with a point; None for an empty element.

    Raises:
        BadAnswer: a comma, an exponent, NaN, infinity, or no number at all.
    """
    if _NUMBER.fullmatch(text):
        return float(text)
    if not text:
        return None
    raise BadAnswer(f"{text[:40]!r} is no number; digits and a decimal point are expected")


def instant_us(text: str) -> int:
    """Return an ISO instant with Z or an offset as microseconds since 1970.

    Raises:
        BadAnswer: it is none.
    """
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError
        return micros(datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError):
        raise BadAnswer(f"{text[:40]!r} is no instant; 2026-01-31T23:00Z is expected") from None


class _Builder:
    """Follows the elements; `path` holds the names of those that are open."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.root = ""
        self.texts: dict[str, str] = {}
        self.series: list[TimeSeries] = []
        self.reasons: list[Reason] = []
        self._reason: dict[str, str] = {}
        self._series: dict[str, str] | None = None
        self._periods: list[Period] = []
        self._period: _OpenPeriod | None = None
        self._points = 0
        self._count = 0

    def begin(self, name: str) -> None:
        depth = len(self.path)
        self.path.append(name)
        if self._period is not None:
            return
        if depth == 0:
            self._open_root(name)
        elif self._series is None:
            if name == "TimeSeries":
                self._series, self._periods = {}, []
            elif name == "Reason":
                self._reason = {}
        elif name in PERIODS:
            self._period = _OpenPeriod()

    def end(self, name: str, text: str) -> None:
        self.path.pop()
        if self._period is not None:
            self._within_period(self._period, name, text)
        elif self._series is not None:
            if name == "TimeSeries":
                self._close_series(self._series)
            else:
                self._keep(self._series, 2, name, text)
        elif self.path and self.path[-1] == "Reason":
            self._reason[name] = text
        elif name == "Reason":
            self._close_reason()
        else:
            self._keep(self.texts, 1, name, text)

    def result(self) -> Document | Acknowledgement:
        if self.root == "Acknowledgement_MarketDocument":
            return Acknowledgement(tuple(self.reasons))
        texts = self.texts
        created = texts.get("createdDateTime", "")
        if not texts.get("type"):
            raise BadAnswer(f"{self.root} says nothing of its type")
        return Document(
            root=self.root,
            type=texts["type"],
            mrid=texts.get("mRID", ""),
            revision=_whole(texts.get("revisionNumber") or "1", "revisionNumber"),
            created_us=instant_us(created) if created else None,
            status=texts.get("docStatus/value", ""),
            texts=texts,
            series=tuple(self.series),
        )

    def _open_root(self, name: str) -> None:
        if name not in ROOTS:
            raise BadAnswer(f"{name[:60]!r} is no document of the platform")
        self.root = name

    def _keep(self, texts: dict[str, str], depth: int, name: str, text: str) -> None:
        if text and len(texts) < TEXTS_MAX:
            texts.setdefault("/".join([*self.path[depth:], name]), text)

    def _close_reason(self) -> None:
        if len(self.reasons) >= REASONS_MAX:
            return
        said = self._reason
        text = said.get("text") or said.get("message") or ""
        self.reasons.append(Reason(said.get("code", ""), text))

    def _close_series(self, texts: dict[str, str]) -> None:
        if len(self.series) >= SERIES_MAX:
            raise AnswerTooLarge(f"more than {SERIES_MAX} time series in one document")
        self.series.append(TimeSeries(texts=texts, periods=self._periods))
        self._series = None

    def _within_period(self, period: "_OpenPeriod", name: str, text: str) -> None:
        parent = self.path[-1]
        if parent == "Point":
            period.point[name] = text
        elif name == "Point":
            self._points += 1
            if self._points > POINTS_MAX:
                raise AnswerTooLarge(f"more than {POINTS_MAX} points in one document")
            period.close_point()
        elif parent == _INTERVAL or name == "resolution":
            period.texts[name] = text
        elif name in PERIODS:
            self._close_period(period)

    def _close_period(self, period: "_OpenPeriod") -> None:
        self._count += 1
        if self._count > PERIODS_MAX:
            raise AnswerTooLarge(f"more than {PERIODS_MAX} periods in one document")
        self._periods += period.closed()
        self._period = None


class _OpenPeriod:
    """A period while its elements come; the interval may stand before or after the points."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.point: dict[str, str] = {}
        self._points: dict[str, tuple[list[int], list[float | None]]] = {}

    def close_point(self) -> None:
        point = self.point
        category = point.get(_CATEGORY, "")
        columns = self._points.get(category)
        if columns is None:
            columns = self._points[category] = ([], [])
        columns[0].append(_whole(point.get("position", ""), "position"))
        columns[1].append(_amount(point))
        point.clear()

    def closed(self) -> list[Period]:
        """Return a period for each category of prices, one where there are none."""
        start_us, end_us = (instant_us(self.texts.get(name, "")) for name in ("start", "end"))
        return [
            Period(
                start_us=start_us,
                end_us=end_us,
                resolution=self.texts.get("resolution", ""),
                positions=positions,
                values=values,
                category=category,
            )
            for category, (positions, values) in (self._points or {"": ([], [])}).items()
        ]


def _amount(point: Mapping[str, str]) -> float | None:
    for name in _AMOUNTS:
        if name in point:
            return number(point[name])
    return None


def _whole(text: str, name: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise BadAnswer(f"{name}: {text[:40]!r} is no whole number")
    return int(text)
