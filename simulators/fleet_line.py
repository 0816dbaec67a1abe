"""A simulated box's way to a hub: signed requests over kept connections, each of them noted.

Nothing is tried again behind the caller's back: what fails is counted by its kind.
"""

import asyncio
import secrets
import ssl
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import httpx

from wire import fields, signing
from wire.clock import Clock
from wire.fields import BadMessage, Document
from wire.signing import Key, Request

CONNECT_S_MAX = 5.0
ANSWER_S_MAX = 5.0
"""As patient as a box of ours."""
_KEPT_MAX = 6
_KEPT_S = 60.0
_NONCE_BYTES = 16

_T = TypeVar("_T")


@dataclass(slots=True)
class Tally:
    """What all boxes together have met."""

    errors: Counter[str] = field(default_factory=Counter)
    """How often what failed, by what was asked and how it failed."""
    took_s: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """How long each answered request took, by what was asked."""

    def failed(self, what: str, how: str) -> None:
        self.errors[f"{what}: {how}"] += 1


class Line:
    """One box's way to the hub; made by `open_line`."""

    def __init__(self, client: httpx.AsyncClient, key: Key, clock: Clock, tally: Tally) -> None:
        self._client = client
        self._key = key
        self._clock = clock
        self._tally = tally

    async def ask(
        self,
        what: str,
        request: Request,
        read: Callable[[Document], _T],
        wait_s: float = 0.0,
    ) -> _T | None:
        """Return what `read` makes of the answer; None: something failed, which is noted.

        Args:
            what: the name under which time and failures are noted.
            wait_s: how long the hub may wait with its answer.
        """
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        try:
            async with asyncio.timeout(ANSWER_S_MAX + wait_s):
                answer = await self._send(request)
            if not answer.is_success:
                self._tally.failed(what, f"{answer.status_code} {_code(answer)}")
                return None
            found = read(fields.parse(answer.content, "answer"))
        except (TimeoutError, httpx.TimeoutException):
            self._tally.failed(what, f"no answer within {ANSWER_S_MAX + wait_s:g} s")
            return None
        except (httpx.HTTPError, BadMessage) as error:
            self._tally.failed(what, f"{type(error).__name__} {error}".strip())
            return None
        self._tally.took_s[what].append(loop.time() - asked_s)
        return found

    async def _send(self, request: Request) -> httpx.Response:
        nonce = secrets.token_hex(_NONCE_BYTES)
        headers = {
            "Authorization": signing.sign(request, self._key, self._clock.now_us(), nonce),
            "Content-Type": "application/octet-stream",
        }
        return await self._client.request(
            request.method, request.path, content=request.body, headers=headers
        )


@asynccontextmanager
async def open_line(url: str, key: Key, clock: Clock, tally: Tally) -> AsyncIterator[Line]:
    """Return a box's own line to the hub at `url`; nothing is sent yet."""
    # A list of authorities for each of hundreds of boxes would cost seconds.
    context = (
        ssl.create_default_context()
        if url.startswith("https:")
        else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    limits = httpx.Limits(max_keepalive_connections=_KEPT_MAX, keepalive_expiry=_KEPT_S)
    timeout = httpx.Timeout(None, connect=CONNECT_S_MAX)
    async with httpx.AsyncClient(
        base_url=url, verify=context, limits=limits, timeout=timeout, trust_env=False
    ) as client:
        yield Line(client, key, clock, tally)


def _code(answer: httpx.Response) -> str:
    try:
        document = answer.json()
    except ValueError:
        return "NO_CODE"
    return str(document.get("code", "NO_CODE")) if isinstance(document, dict) else "NO_CODE"
