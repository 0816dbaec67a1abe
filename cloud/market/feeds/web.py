"""Requests to the open sources: few, patient, and never more than a limit of bytes.

429 pauses all who share the limiter; 5xx and broken lines are tried again after a while that
doubles; 404 means that there is nothing. A redirection is followed nowhere.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from cloud.market.feeds.errors import (
    AnswerTooLarge,
    FeedPaused,
    FeedRefused,
    FeedUnavailable,
    excerpt,
)
from cloud.market.feeds.limiter import PAUSE_S_MAX, PAUSE_S_MIN, Limiter

PER_SECOND = 2
PER_MINUTE = 30
"""Ours: none of the open sources tells its limit; that of aWATTar is called fair use."""
ANSWER_BYTES_MAX = 50 * 1024**2
CONNECT_TIMEOUT_S = 10.0
SILENCE_TIMEOUT_S = 30.0
TOTAL_TIMEOUT_S = 120.0
TRIES_MAX = 3
BACKOFF_S = 2.0
_NOT_FOUND, _TOO_MANY, _TROUBLE, _OK = 404, 429, 500, 200


class Web:
    """One source's address; many jobs may ask at once."""

    def __init__(self, http: httpx.AsyncClient, address: str, limiter: Limiter) -> None:
        self._http, self._address, self._limiter = http, address.rstrip("/"), limiter
        self._uniform = secrets.SystemRandom().uniform

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes | None:
        """Return the body of an answer, None where the source says that there is nothing.

        Raises:
            FeedUnavailable: no answer in as many tries as are allowed.
            FeedPaused: the source asked for a pause.
            FeedRefused: an answer that no other try will change.
            AnswerTooLarge: the answer passes the limit.
        """
        failure = FeedUnavailable("not asked")
        for tried in range(TRIES_MAX):
            if tried:
                await asyncio.sleep(BACKOFF_S * 2 ** (tried - 1) * self._uniform(0.5, 1.0))
            try:
                return await self._try(path, query or {})
            except FeedPaused:
                raise
            except FeedUnavailable as error:
                failure = error
        raise failure

    async def _try(self, path: str, query: Mapping[str, str]) -> bytes | None:
        await self._limiter.turn()
        try:
            async with (
                asyncio.timeout(TOTAL_TIMEOUT_S),
                self._http.stream("GET", self._address + path, params=dict(query)) as response,
            ):
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > ANSWER_BYTES_MAX:
                        raise AnswerTooLarge(f"the answer has more than {ANSWER_BYTES_MAX} bytes")
        except TimeoutError:
            raise FeedUnavailable(f"no whole answer in {TOTAL_TIMEOUT_S:.0f} s") from None
        except httpx.HTTPError as error:
            what = str(error) or type(error).__name__
            raise FeedUnavailable(f"the line is down: {what}") from error
        return self._judged(response, bytes(body))

    def _judged(self, response: httpx.Response, body: bytes) -> bytes | None:
        status = response.status_code
        if status == _OK:
            return body
        if status == _NOT_FOUND:
            return None
        if status == _TOO_MANY:
            told = response.headers.get("Retry-After", "")
            wait_s = float(told) if told.isascii() and told.isdigit() else PAUSE_S_MIN
            self._limiter.pause(min(wait_s, PAUSE_S_MAX))
            raise FeedPaused(f"the source answers 429: pause of {self._limiter.wait_s():.0f} s")
        said = f"the source answers {status}: {excerpt(body)!r}"
        raise FeedUnavailable(said) if status >= _TROUBLE else FeedRefused(said)


@asynccontextmanager
async def open_web(address: str, limiter: Limiter) -> AsyncIterator[Web]:
    """Open connections as they are needed, and close them at the end of the block."""
    async with httpx.AsyncClient(
        timeout=httpx.Timeout(SILENCE_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        headers={"Accept": "application/json"},
        follow_redirects=False,
        trust_env=False,
    ) as http:
        yield Web(http, address, limiter)
