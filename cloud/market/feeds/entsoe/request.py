"""What to ask the platform for a wish, in pieces that it answers at once. Pure.

Pieces end with local days of the area, so that no day is split and no hour is lost between two
years. Times are sent in UTC, to the minute.

Source: market data, §2.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cloud.market.areas.model import Area
from cloud.market.feeds.base import Wish
from cloud.market.feeds.entsoe import codes
from cloud.market.feeds.errors import FeedRefused
from cloud.market.series.model import Kind
from wire.clock import utc

SPAN_DAYS = 31
"""Asked for at once; the platform allows a year, a month is soon repeated when it fails."""
_MINUTE_US = 60_000_000
_KINDS = frozenset({*codes.DOCUMENTS, Kind.UNAVAILABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request, but for token and offset."""

    document: str
    parameters: tuple[tuple[str, str], ...]
    start_us: int
    end_us: int
    page: int | None = None
    """See `DocumentKind.page`."""

    def query(self, offset: int = 0) -> dict[str, str]:
        """Return the parameters of the request, in the platform's words; without the token."""
        paging = {"offset": str(offset)} if offset else {}
        return {
            "documentType": self.document,
            **dict(self.parameters),
            **paging,
            "periodStart": _stamp(self.start_us),
            "periodEnd": _stamp(-(-self.end_us // _MINUTE_US) * _MINUTE_US),
        }

    def halves(self) -> tuple["Question", "Question"] | None:
        """Return the question about each half of the interval, None where it is too short."""
        middle_us = (self.start_us + self.end_us) // 2
        middle_us -= middle_us % codes.STEP_US["PT60M"]
        if not self.start_us < middle_us < self.end_us:
            return None
        return replace(self, end_us=middle_us), replace(self, start_us=middle_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What answers a part of a wish: one question, or both directions of a border."""

    wish: Wish
    eic: str
    """The area's code on these days."""
    questions: tuple[Question, ...]
    """Of a border: what leaves the area first, what enters it second."""
    neighbour_eic: str = ""


def offers(kind: Kind) -> bool:
    """Return whether the platform has such documents."""
    return kind in _KINDS


def pieces(wish: Wish, areas: Mapping[str, Area], span_days: int = SPAN_DAYS) -> Iterator[Piece]:
    """Yield the pieces of a wish, oldest first; of all neighbours where it names none.

    Raises:
        FeedRefused: an unknown area, a kind that the platform has not, no interval.
    """
    area = areas.get(wish.area)
    if area is None:
        raise FeedRefused(f"area {wish.area!r} is not known; {', '.join(sorted(areas))} are")
    if not offers(wish.kind):
        raise FeedRefused(f"kind {wish.kind.value!r} is not published by the platform")
    if wish.end_us <= wish.start_us:
        raise FeedRefused("the end of the interval is not after its start")
    for start_us, end_us in _spans(area, wish, span_days):
        part = wish.within(start_us, end_us)
        day = area.day_of(start_us)
        eic = area.eic(day)
        if eic is None:
            continue  # the area was not there yet: nothing was published for it
        if wish.kind is Kind.FLOW or wish.detail.startswith(codes.TRANSMISSION_OUTAGES):
            yield from _borders(part, area, areas, day, eic)
        elif wish.kind is Kind.UNAVAILABLE:
            documents = (wish.detail,) if wish.detail else codes.GENERATION_OUTAGES
            parameters = (("biddingZone_Domain", eic),)
            questions = tuple(_outages(part, document, parameters) for document in documents)
            yield Piece(wish=part, eic=eic, questions=questions)
        else:
            yield Piece(wish=part, eic=eic, questions=(_question(part, eic),))


def _spans(area: Area, wish: Wish, span_days: int) -> Iterator[tuple[int, int]]:
    """Yield intervals of at most so many local days, in each of which the area has one code."""
    start_us = wish.start_us
    while start_us < wish.end_us:
        first = area.day_of(start_us)
        after = first + timedelta(days=span_days)
        after = min([after, *(row.valid_from for row in area.eics if row.valid_from > first)])
        end_us = min(wish.end_us, area.day_us(after)[0])
        yield start_us, end_us
        start_us = end_us


def _question(wish: Wish, eic: str) -> Question:
    kind = codes.DOCUMENTS[wish.kind]
    parameters = [(name, eic if value == codes.AREA else value) for name, value in kind.parameters]
    if wish.detail and kind.plants:
        parameters.append(("psrType", wish.detail.partition("-")[0]))
    return Question(
        document=kind.document,
        parameters=tuple(parameters),
        start_us=wish.start_us,
        end_us=wish.end_us,
        page=kind.page,
    )


def _outages(wish: Wish, document: str, parameters: tuple[tuple[str, str], ...]) -> Question:
    if document not in (*codes.OUTAGES, codes.TRANSMISSION_OUTAGES):
        known = ", ".join((*codes.OUTAGES, f"{codes.TRANSMISSION_OUTAGES}-<neighbour>"))
        raise FeedRefused(f"outages {document!r} are not known; {known} are")
    return Question(
        document=document,
        parameters=parameters,
        start_us=wish.start_us,
        end_us=wish.end_us,
        page=codes.OUTAGE_PAGE,
    )


def _borders(
    wish: Wish, area: Area, areas: Mapping[str, Area], day: date, eic: str
) -> Iterator[Piece]:
    outages = wish.kind is Kind.UNAVAILABLE
    named = wish.detail.removeprefix(codes.TRANSMISSION_OUTAGES).lstrip("-") if outages else ""
    named = named if outages else wish.detail
    for code in (named,) if named else area.neighbours:
        neighbour = areas.get(code)
        if neighbour is None:
            raise FeedRefused(f"area {code!r} is not known; {', '.join(sorted(areas))} are")
        other = neighbour.eic(day)
        if other is None or not neighbour.exists_on(day):
            continue
        leaves = (("in_Domain", other), ("out_Domain", eic))
        enters = (("in_Domain", eic), ("out_Domain", other))
        questions = tuple(
            _outages(wish, codes.TRANSMISSION_OUTAGES, ways)
            if outages
            else Question(
                document=codes.DOCUMENTS[Kind.FLOW].document,
                parameters=ways,
                start_us=wish.start_us,
                end_us=wish.end_us,
            )
            for ways in (leaves, enters)
        )
        named_wish = wish if outages else replace(wish, detail=code)
        yield Piece(wish=named_wish, eic=eic, questions=questions, neighbour_eic=other)


def _stamp(at_us: int) -> str:
    return utc(at_us).strftime("%Y%m%d%H%M")
