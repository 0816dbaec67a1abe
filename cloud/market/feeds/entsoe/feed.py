"""The platform as a feed: a wish in, batches out, with paging, halving and packed answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cloud.market.areas.model import Area
from cloud.market.feeds.base import TellOf, Wish
from cloud.market.feeds.entsoe import batches, codes, outages, request, unzip
from cloud.market.feeds.entsoe.acknowledgement import Acknowledgement, Reaction
from cloud.market.feeds.entsoe.client import ADDRESS, Answer, Client, Secret, open_client
from cloud.market.feeds.entsoe.document import Document, parse
from cloud.market.feeds.entsoe.identity import DIRECTIONS
from cloud.market.feeds.entsoe.request import Piece, Question
from cloud.market.feeds.errors import (
    AnswerTooLarge,
    BadAnswer,
    FeedRefused,
    FeedUnavailable,
    TooMuchAsked,
    excerpt,
)
from cloud.market.feeds.limiter import Limiter
from cloud.market.series.model import Batch, Kind
from wire.clock import Clock

HALVINGS_MAX = 12
PIECE_POINTS_MAX = 4_000_000
"""Points of all documents that answer one question, pages together."""
TOLD_MAX = 20
"""Lines on one piece of a wish; of the others only their number is told."""
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What one answer holds."""

    documents: tuple[Document, ...]
    acknowledgement: Acknowledgement | None
    items: int
    """What a page is counted in: time series, or entries of an archive."""


class EntsoeFeed:
    """A `MarketFeed`; many jobs may ask at once, the limiter is theirs together."""

    name = batches.SOURCE

    def __init__(
        self,
        client: Client,
        areas: Mapping[str, Area],
        clock: Clock,
        tell: TellOf,
        directions: Mapping[str, int] = DIRECTIONS,
    ) -> None:
        self._client = client
        self._areas = areas
        self._clock = clock
        self._tell = tell
        self._directions = directions
        self._span_days = request.SPAN_DAYS

    def offers(self, kind: Kind, area: str) -> bool:
        """Return whether the platform has such documents and we know the area's code."""
        return area in self._areas and request.offers(kind)

    async def fetch(self, wish: Wish) -> AsyncIterator[Batch]:
        """Yield what the platform says of the wish, a month after the other.

        Raises:
            FeedError: see `cloud.market.feeds.errors`; what was yielded before is good.
        """
        for piece in request.pieces(wish, self._areas, self._span_days):
            answers = [await self._documents(question, wish) for question in piece.questions]
            told: list[str] = []
            for batch in await asyncio.to_thread(self._read, piece, answers, told):
                yield batch
            for line in told[:TOLD_MAX]:
                self._tell(wish, line)
            if len(told) > TOLD_MAX:
                self._tell(wish, f"{wish.kind.value}: {len(told) - TOLD_MAX} more such lines")

    def _read(
        self, piece: Piece, answers: Sequence[Sequence[Document]], told: list[str]
    ) -> list[Batch]:
        area = self._areas[piece.wish.area]
        reading = batches.Reading(
            area=area,
            received_us=self._clock.now_us(),
            tell=told.append,
            directions=self._directions,
        )
        if piece.wish.kind is not Kind.UNAVAILABLE:
            return batches.batches(piece, answers, reading)
        documents = [document for said in answers for document in said]
        return outages.unavailable(outages.outages(documents, area), piece.wish, reading)

    async def _documents(self, question: Question, wish: Wish, halvings: int = 0) -> list[Document]:
        try:
            return await self._pages(question, wish)
        except TooMuchAsked as error:
            halves = question.halves()
            if halves is None or halvings >= HALVINGS_MAX:
                raise FeedRefused(f"{error}, for the shortest interval that is asked for") from None
        first, second = halves
        return [
            *await self._documents(first, wish, halvings + 1),
            *await self._documents(second, wish, halvings + 1),
        ]

    async def _pages(self, question: Question, wish: Wish) -> list[Document]:
        documents: list[Document] = []
        body: bytes | None = None
        points = 0
        for offset in range(0, codes.OFFSET_MAX + 1, question.page or codes.OFFSET_MAX + 1):
            answer = await self._client.ask(question.query(offset))
            if answer.body == body:
                self._tell(wish, f"{question.document}: the platform sent the same page again")
                return documents
            body = answer.body
            page = await asyncio.to_thread(_read_page, answer, self._client.scrub_body)
            if page.acknowledgement is not None:
                _heed(page.acknowledgement)
                return documents
            points += sum(map(_points, page.documents))
            if points > PIECE_POINTS_MAX:
                raise AnswerTooLarge(f"the pages have more than {PIECE_POINTS_MAX} points")
            documents += page.documents
            if question.page is None or page.items < question.page:
                return documents
        raise TooMuchAsked(
            f"{question.document}: more than the platform gives in pages",
            asked=codes.OFFSET_MAX * 2,
            allowed=codes.OFFSET_MAX,
        )


@asynccontextmanager
async def open_feed(
    token: str,
    areas: Mapping[str, Area],
    clock: Clock,
    *,
    limiter: Limiter,
    tell: TellOf,
    addresses: tuple[str, ...] = (ADDRESS,),
    directions: Mapping[str, int] = DIRECTIONS,
) -> AsyncIterator[EntsoeFeed]:
    """Open the feed; `limiter` is one for all who use the same token.

    Args:
        directions: sign of an imbalance volume by its `flowDirection.direction`.

    Raises:
        ValueError: a token or an address that cannot be one; one line, without the token.
    """
    async with open_client(addresses, Secret(token), limiter, clock) as client:
        yield EntsoeFeed(client, areas, clock, tell, directions)


def _read_page(answer: Answer, scrub: Callable[[bytes], bytes]) -> _Page:
    documents: list[Document] = []
    packed = unzip.is_zip(answer.body)
    for body in unzip.documents(answer.body):
        try:
            document = parse(scrub(body) if packed else body)
        except BadAnswer as error:
            if answer.status == _BAD_REQUEST:
                raise FeedRefused(f"the platform answers 400: {excerpt(body)!r}") from error
            raise
        if isinstance(document, Acknowledgement):
            return _Page(documents=(), acknowledgement=document, items=0)
        documents.append(document)
    if answer.status == _BAD_REQUEST:
        raise FeedRefused("the platform answers 400 with a document")
    items = len(documents) if packed else sum(len(document.series) for document in documents)
    return _Page(documents=tuple(documents), acknowledgement=None, items=items)


def _heed(acknowledgement: Acknowledgement) -> None:
    """Return where nothing is published.

    Raises:
        TooMuchAsked: less has to be asked for.
        FeedUnavailable: trouble of another kind.
    """
    match acknowledgement.reaction():
        case Reaction.NOTHING_PUBLISHED:
            return
        case Reaction.ASK_FOR_LESS:
            asked, allowed = acknowledgement.numbers() or (0, 0)
            raise TooMuchAsked(f"too much asked: {acknowledgement}", asked, allowed)
        case Reaction.TROUBLE:
            raise FeedUnavailable(f"the platform acknowledges without data: {acknowledgement}")


def _points(document: Document) -> int:
    return sum(len(period.positions) for series in document.series for period in series.periods)
