"""Requests to the platform: one after the other, patient, and silent about the token.

The token is put into the address below everything that logs or raises: no request, error or log
record above the transport has it. Where the platform repeats it, it is taken out of the answer
before anything is read of it (`Secret.scrub_body`).

Answers of 429, and of 503 with a time to wait, pause all who share the limiter. 5xx and broken
lines are tried again after a while that doubles. Every other answer is handed on or refused.

Source: market data, §2.1.
"""

import asyncio
import logging
import re
import secrets
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from io import BytesIO
from urllib.parse import quote, quote_plus

import httpx

from cloud.market.feeds.errors import (
    AnswerTooLarge,
    FeedPaused,
    FeedRefused,
    FeedUnavailable,
    excerpt,
)
from cloud.market.feeds.limiter import PAUSE_S_MIN, Limiter
from wire.clock import Clock, micros

ADDRESS = "https://web-api.tp.entsoe.eu/api"
SECOND_ADDRESS = "https://external-api.tp.entsoe.eu/api"
"""Used by others when the first does not answer; a setting, not a default."""
_SIGNED_BY = "securityToken"
TOKEN_CHARS = range(8, 201)
"""Length of a token; the platform's have 36 characters."""
CONNECT_TIMEOUT_S = 10.0
SILENCE_TIMEOUT_S = 60.0
"""Until the first byte, and between two."""
TOTAL_TIMEOUT_S = 180.0
ANSWER_BYTES_MAX = 50 * 1024**2
TRIES_MAX = 5
BACKOFF_S = 2.0
"""After the first failure; doubled after each further one, less up to a half at random."""
JITTER_S = 60.0
"""Added at random to a pause that the platform does not time, so that not all come back at once."""
CONCURRENT_MAX = 4
"""Requests on their way at once: so many can still be answered with 429 after the first was."""

_SCRUB_INLINE_BYTES = 1024**2

for _name in ("httpx", "httpcore"):  # below a warning they tell every request and its headers
    logging.getLogger(_name).setLevel(logging.WARNING)


class Secret:
    """The token; shown by nothing."""

    def __init__(self, token: str) -> None:
        """Keep the token.

        Raises:
            ValueError: it cannot be one; the text does not repeat it.
        """
        if not (len(token) in TOKEN_CHARS and re.fullmatch(r"[!-~]+", token)):
            raise ValueError(
                f"the token is not allowed; {TOKEN_CHARS.start} to {TOKEN_CHARS[-1]} letters,"
                " digits and signs without spaces are expected"
            )
        self._token = token
        self._forms = tuple(
            form.encode(code)
            for form in {token, quote(token, safe=""), quote_plus(token)}
            for code in ("ascii", "utf-16-le", "utf-16-be")
        )

    def __repr__(self) -> str:
        return "Secret('**')"

    def reveal(self) -> str:
        """Return the token, for the address of a request only."""
        return self._token

    def scrub_body(self, body: bytes) -> bytes:
        """Return an answer without the token, before anything is quoted from it."""
        for form in self._forms:
            if form in body:
                body = body.replace(form, b"*" * len(form))
        return body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, unread: of 200 or of 400, which carries acknowledgements."""

    status: int
    body: bytes


class Client:
    """Asks the platform; `ask` may be called by many jobs at once."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        addresses: tuple[str, ...],
        limiter: Limiter,
        clock: Clock,
        secret: Secret,
    ) -> None:
        assert addresses
        self._http = http
        self._addresses = addresses
        self._limiter = limiter
        self._clock = clock
        self._secret = secret
        self._free = asyncio.Semaphore(CONCURRENT_MAX)
        self._uniform = secrets.SystemRandom().uniform
        self.requests = 0
        """Sent since the start, for metrics."""

    async def ask(self, query: Mapping[str, str]) -> Answer:
        """Return the answer to one question, without the token if the platform repeats it.

        Raises:
            FeedUnavailable: no answer in as many tries as are allowed.
            FeedPaused: the same, and the last answer asked for a pause.
            FeedRefused: wrong token, or an answer that no other try will change.
            AnswerTooLarge: the answer passes the limit.
        """
        return await self._ask(query)

    def scrub_body(self, body: bytes) -> bytes:
        """Return an answer, or a part of it, without the token."""
        return self._secret.scrub_body(body)

    async def _ask(self, query: Mapping[str, str]) -> Answer:
        failure = FeedUnavailable("not asked")
        for tried in range(TRIES_MAX):
            if tried and not isinstance(failure, FeedPaused):
                await asyncio.sleep(BACKOFF_S * 2 ** (tried - 1) * self._uniform(0.5, 1.0))
            try:
                return await self._try(self._addresses[tried % len(self._addresses)], query)
            except FeedUnavailable as error:
                failure = error
        raise failure

    async def _try(self, address: str, query: Mapping[str, str]) -> Answer:
        async with self._free:
            await self._limiter.turn()
            self.requests += 1
            try:
                async with (
                    asyncio.timeout(TOTAL_TIMEOUT_S),
                    self._http.stream("GET", address, params=dict(query)) as response,
                ):
                    body = await _body(response)
                    self._heed(response)
            except TimeoutError:
                raise FeedUnavailable(f"no whole answer in {TOTAL_TIMEOUT_S:.0f} s") from None
            except httpx.HTTPError as error:
                what = str(error) or type(error).__name__
                raise FeedUnavailable(f"the line is down: {what}") from error
            if len(body) > _SCRUB_INLINE_BYTES:  # so that the loop is not held
                body = await asyncio.to_thread(self.scrub_body, body)
            else:
                body = self.scrub_body(body)
            return _judged(response.status_code, body)

    def _heed(self, response: httpx.Response) -> None:
        """Pause all who share the token where the answer asks for it.

        Raises:
            FeedPaused: it does.
        """
        wait_s = _retry_after_s(response.headers.get("Retry-After", ""), self._clock)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            self._limiter.pause(
                PAUSE_S_MIN + self._uniform(0, JITTER_S) if wait_s is None else wait_s
            )
        elif response.status_code == httpx.codes.SERVICE_UNAVAILABLE and wait_s is not None:
            self._limiter.pause(wait_s)
        else:
            return
        pause_s = self._limiter.wait_s()
        raise FeedPaused(f"the platform answers {response.status_code}: pause of {pause_s:.0f} s")


@asynccontextmanager
async def open_client(
    addresses: tuple[str, ...], secret: Secret, limiter: Limiter, clock: Clock
) -> AsyncIterator[Client]:
    """Open connections as they are needed, and close them at the end of the block.

    Raises:
        ValueError: an address that is none of http or https, or has a query; one line.
    """
    for address in addresses:
        _check(address)
    transport = _WithToken(
        httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=CONCURRENT_MAX)), secret
    )
    async with httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(SILENCE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        headers={"Accept": "application/xml, application/zip", "Accept-Encoding": "gzip"},
        follow_redirects=False,
        trust_env=False,
    ) as http:
        yield Client(http, addresses, limiter, clock, secret)


class _WithToken(httpx.AsyncBaseTransport):
    """Adds the token below everything that logs or raises."""

    def __init__(self, inner: httpx.AsyncBaseTransport, secret: Secret) -> None:
        self._inner = inner
        self._secret = secret

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_merge_params({_SIGNED_BY: self._secret.reveal()})
        signed = httpx.Request(
            request.method,
            url,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return await self._inner.handle_async_request(signed)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _body(response: httpx.Response) -> bytes:
    """Return the body, unpacked if need be, and never more than the limit."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise FeedRefused("the answer is coded in a way that was not asked for; gzip is expected")
    unpacker = zlib.decompressobj(wbits=31) if coding == "gzip" else None
    kept = BytesIO()
    async for chunk in response.aiter_raw():
        if unpacker is None:
            kept.write(chunk)
        else:
            room = ANSWER_BYTES_MAX + 1 - kept.tell()
            try:
                kept.write(unpacker.decompress(chunk, room))
            except zlib.error as error:
                raise FeedUnavailable(f"the answer is packed wrongly: {error}") from error
        if kept.tell() > ANSWER_BYTES_MAX:
            raise AnswerTooLarge(f"the answer has more than {ANSWER_BYTES_MAX} bytes")
    if unpacker is not None and not unpacker.eof and kept.tell():
        raise FeedUnavailable("the packed answer ends too early")
    return kept.getvalue()


def _judged(status: int, body: bytes) -> Answer:
    if status in (httpx.codes.OK, httpx.codes.BAD_REQUEST):
        return Answer(status, body)
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise FeedRefused(f"the platform answers {status}: the token is missing or wrong")
    said = f"the platform answers {status}: {excerpt(body)!r}"
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        raise FeedUnavailable(said)
    raise FeedRefused(said)


def _retry_after_s(text: str, clock: Clock) -> float | None:
    """Return how long `Retry-After` asks to wait, None where it says nothing that is understood."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (micros(at) - clock.now_us()) / 1_000_000)


def _check(address: str) -> None:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.query or url.userinfo:
        raise ValueError(
            f"address {address.partition('?')[0][:80]!r} is not allowed; http or https, a host"
            " and a path without a query are expected"
        )
