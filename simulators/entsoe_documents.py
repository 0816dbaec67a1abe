"""Documents in the shape of the European transparency platform, made from our own numbers. Pure.

For tests and demonstrations: nothing in them was ever published by anybody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from wire.clock import utc

SENDER = "10X1001A1001A450"
STEP_S = {"PT15M": 900, "PT30M": 1_800, "PT60M": 3_600, "PT1H": 3_600}
_NAMESPACES = {
    "Publication_MarketDocument": "451-3:publicationdocument:7:3",
    "GL_MarketDocument": "451-6:generationloaddocument:3:0",
    "Balancing_MarketDocument": "451-6:balancingdocument:4:1",
    "Unavailability_MarketDocument": "451-6:outagedocument:3:0",
}
_INTERVALS = {
    "Publication_MarketDocument": "period.timeInterval",
    "GL_MarketDocument": "time_Period.timeInterval",
    "Balancing_MarketDocument": "period.timeInterval",
    "Unavailability_MarketDocument": "unavailability_Time_Period.timeInterval",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePeriod:
    """Values of consecutive intervals from `start_us`, None where there is none."""

    start_us: int
    resolution: str
    values: Sequence[float | None]
    tag: str = "Period"

    @property
    def end_us(self) -> int:
        """Return the end of the last interval."""
        return self.start_us + len(self.values) * STEP_S[self.resolution] * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSeries:
    """One time series; `texts` are its elements but for number, curve and periods."""

    texts: Mapping[str, str]
    periods: Sequence[MadePeriod]
    curve: str = "A03"
    value: str = "price.amount"
    """Name of the element that holds a point's value."""
    plant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeDocument:
    """One document; `extra` are elements of its head."""

    root: str
    type: str
    series: Sequence[MadeSeries]
    mrid: str = "made"
    revision: int = 1
    created_us: int = 0
    status: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


def xml(document: MadeDocument) -> bytes:
    """Return the document as the platform would send it."""
    starts = [period.start_us for series in document.series for period in series.periods]
    ends = [period.end_us for series in document.series for period in series.periods]
    head = {
        "mRID": document.mrid,
        "revisionNumber": str(document.revision),
        "type": document.type,
        **document.extra,
        "sender_MarketParticipant.mRID": SENDER,
        "createdDateTime": utc(document.created_us).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    interval = _interval(_INTERVALS[document.root], min(starts, default=0), max(ends, default=0))
    status = f"<docStatus><value>{document.status}</value></docStatus>" if document.status else ""
    body = "".join(_series(number, series) for number, series in enumerate(document.series, 1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{document.root} xmlns="urn:iec62325.351:tc57wg16:{_NAMESPACES[document.root]}">'
        f"{_elements(head)}{status}{interval}{body}</{document.root}>"
    ).encode()


def acknowledgement(code: str, text: str) -> bytes:
    """Return what the platform sends instead of data."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:'
        'acknowledgementdocument:7:0"><mRID>made</mRID>'
        f"<Reason><code>{escape(code)}</code><text>{escape(text)}</text></Reason>"
        "</Acknowledgement_MarketDocument>"
    ).encode()


def _series(number: int, series: MadeSeries) -> str:
    plant = f"<MktPSRType><psrType>{series.plant}</psrType></MktPSRType>" if series.plant else ""
    return (
        f"<TimeSeries><mRID>{number}</mRID>{_elements(series.texts)}"
        f"<curveType>{series.curve}</curveType>{plant}"
        + "".join(_period(series, period) for period in series.periods)
        + "</TimeSeries>"
    )


def _period(series: MadeSeries, period: MadePeriod) -> str:
    interval = _interval("timeInterval", period.start_us, period.end_us)
    points = "".join(
        f"<Point><position>{position}</position>{_value(series.value, value)}</Point>"
        for position, value in _points(series.curve, period.values)
    )
    return (
        f"<{period.tag}>{interval}<resolution>{period.resolution}</resolution>{points}"
        f"</{period.tag}>"
    )


def _points(curve: str, values: Sequence[float | None]) -> Iterable[tuple[int, float | None]]:
    """Yield what has to be sent: in a variable block only what differs from the one before."""
    before: float | None = None
    for position, value in enumerate(values, 1):
        repeated = position > 1 and value == before
        if not repeated if curve == "A03" else value is not None:
            yield position, value
        before = value


def _value(name: str, value: float | None) -> str:
    return f"<{name}/>" if value is None else f"<{name}>{value:.2f}</{name}>"


def _interval(name: str, start_us: int, end_us: int) -> str:
    return f"<{name}><start>{_minute(start_us)}</start><end>{_minute(end_us)}</end></{name}>"


def _minute(at_us: int) -> str:
    return utc(at_us).strftime("%Y-%m-%dT%H:%MZ")


def _elements(texts: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())
