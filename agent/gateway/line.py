"""One signed request over kept connections: everything between the gateway and the hub's routes.

The only file of the agent that imports httpx; its errors end here. A line where every byte
vanishes is noticed twice: by the kernel, which asks an idle connection every few seconds whether
it still stands, and by the first answer that stays away; then whoever waits on a long poll over
the same line is told at once.
"""

import asyncio
import json
import logging
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from agent.gateway.errors import HubRefused, HubSilent, HubUnreachable
from agent.gateway.validity import Validity
from wire import fields, signing, sync
from wire.clock import Clock
from wire.fields import BadMessage, Document
from wire.signing import Key, Request

ANSWER_BYTES_MAX = 4 * 1024**2
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 5.0
"""Silence after which a line counts as dead: with a commit every 5 s, 10 s after it died."""
CONNECTIONS_MAX = 10
KEPT_MAX = 6
"""As many as there are lanes: an encrypted line costs a handshake each time."""
KEPT_S = 60.0
DEAD_S = 9
"""The kernel gives up a connection whose other end has been silent for so long."""
_PROBE_AFTER_S, _PROBE_EVERY_S, _PROBES = 3, 2, 3
_NONCE_BYTES = 16
_TRY_AGAIN = {408, 425, 429}
_WRONG_KEY = {"BAD_SIGNATURE", "KEY_RETIRED", "KEY_UNKNOWN"}
"""What the hub says to a key that it does not know yet, or no more."""
_CLOCK_OFF = "CLOCK_OFF"
_CODE_MAX = 64

logging.getLogger("httpx").setLevel(logging.WARNING)


class BadLine(Exception):
    """The settings of the line cannot be used; the text is one line for people."""


class Keys(Protocol):
    """What a box signs with; asked before each request, so that a key may change meanwhile."""

    def keys(self) -> Sequence[Key]:
        """Return the keys that the hub may know, the one to be used first; at least one."""
        ...

    def accepted(self, key_id: str) -> None:
        """Hear that the hub has said yes to a request signed with this key."""
        ...


@dataclass(frozen=True, slots=True)
class OneKey:
    """A key that never changes."""

    key: Key

    def keys(self) -> Sequence[Key]:
        return (self.key,)

    def accepted(self, key_id: str) -> None:
        """There is nothing to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the hub is reached."""

    url: str
    ca_file: Path | None = None
    """Whom to believe instead of the machine's own list."""
    proxy: str | None = field(default=None, repr=False)
    """``http://host:port``, with user and password where it asks for them."""


class Line:
    """Raises only `HubUnreachable`, `HubSilent` and `HubRefused`; made by `open_line`."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        way: Way,
        keys: Keys,
        clock: Clock,
        validity: Validity,
    ) -> None:
        self._client = client
        self.validity = validity
        self._url = way.url.rstrip("/")
        self._keys = keys
        self._clock = clock
        self._waiting: set[asyncio.Timeout] = set()
        self.proxied = way.proxy is not None
        self.correction_us = 0
        """Added to the clock's time in signatures: how far the hub's clock is ahead of it."""
        self.clock_doubted = asyncio.Event()
        """Set when the hub finds our clock too far off; whoever asks the time clears it."""

    async def ask(
        self, method: str, path: str, body: bytes = b"", *, expected_s: float = 0.0
    ) -> Document:
        """Return the answer to a signed request; `expected_s`: how long the body may take."""
        try:
            return await self._signed(Request(method, path, body), ANSWER_TIMEOUT_S + expected_s)
        except HubSilent:
            now_s = asyncio.get_running_loop().time()
            for scope in self._waiting:
                if not scope.expired():
                    scope.reschedule(now_s)
            raise

    async def poll(self, path: str, wait_s: float) -> Document:
        """Return the answer to a signed GET that the hub may keep waiting for `wait_s`.

        It ends early, as `HubSilent`, when another request finds the line dead.
        """
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._waiting.add(scope)
                try:
                    return await self._signed(Request("GET", path, b""), wait_s + ANSWER_TIMEOUT_S)
                finally:
                    self._waiting.discard(scope)
        except TimeoutError as error:
            raise HubSilent("another request over the same line was not answered") from error

    async def aside(self, path: str, body: bytes, timeout_s: float) -> Document:
        """Post what may be lost; silence here says nothing about the line."""
        return await self._signed(Request("POST", path, body), timeout_s)

    async def unsigned(
        self, method: str, path: str, body: bytes = b"", *, undated: bool = False
    ) -> Document:
        """Return the answer to a request without a signature.

        `undated`: the date of the hub's certificate is nobody's to judge yet, for we ask for it.
        """
        return await self._send(Request(method, path, body), None, ANSWER_TIMEOUT_S, undated)

    def key(self) -> Key:
        """Return the key that requests are signed with now."""
        return self._keys.keys()[0]

    async def _signed(self, request: Request, timeout_s: float) -> Document:
        """Ask; during a change of keys the hub may know only the other one."""
        *others, last = self._keys.keys()
        for key in others:
            try:
                return await self._with_key(request, key, timeout_s)
            except HubRefused as refused:
                if refused.code not in _WRONG_KEY:
                    raise
        return await self._with_key(request, last, timeout_s)

    async def _with_key(self, request: Request, key: Key, timeout_s: float) -> Document:
        nonce = secrets.token_hex(_NONCE_BYTES)
        at_us = self._clock.now_us() + self.correction_us
        try:
            signature = signing.sign(request, key, at_us, nonce)
            document = await self._send(request, signature, timeout_s)
        except HubRefused as refused:
            if refused.code == _CLOCK_OFF:
                self.clock_doubted.set()
            raise
        self._keys.accepted(key.key_id)
        return document

    async def _send(
        self, request: Request, signature: str | None, timeout_s: float, undated: bool = False
    ) -> Document:
        headers = {"Content-Type": "application/octet-stream"}
        if undated:
            headers["Connection"] = "close"
        if signature is not None:
            headers["Authorization"] = signature
        timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S)
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._client.stream(
                    request.method,
                    self._url + request.path,
                    content=request.body,
                    headers=headers,
                    timeout=timeout,
                    extensions=None if undated else {"trace": self.validity.look},
                ) as response,
            ):
                answer = await _read(response)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise HubSilent(f"no answer within {timeout_s:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise HubUnreachable(f"{type(error).__name__} {error}".strip()) from error
        if response.is_success:
            return _document(answer)
        code, message = _reason(answer)
        if response.is_server_error or response.status_code in _TRY_AGAIN:
            raise HubUnreachable(f"{response.status_code} {code}: {message}")
        raise HubRefused(response.status_code, code, message)


@asynccontextmanager
async def open_line(way: Way, keys: Keys, clock: Clock) -> AsyncIterator[Line]:
    """Return the line to the hub at ``way.url``; nothing is sent yet.

    Raises:
        BadLine: the list of authorities or the proxy's address cannot be used.
    """
    limits = httpx.Limits(
        max_connections=CONNECTIONS_MAX, max_keepalive_connections=KEPT_MAX, keepalive_expiry=KEPT_S
    )
    context = _context(way)
    transport = httpx.AsyncHTTPTransport(
        verify=context,
        limits=limits,
        trust_env=False,
        proxy=_proxy(way),
        socket_options=_socket_options(),
    )
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        yield Line(client, way, keys, clock, Validity(context, clock))


def _context(way: Way) -> ssl.SSLContext:
    """Return what a hub has to prove; there is no way to do without."""
    if not way.url.startswith("https:"):
        # Certificates are loaded only where they are needed: they cost memory.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=way.ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or str(error)
        raise BadLine(f"hub.ca_file: {way.ca_file}: {reason}") from error


def _proxy(way: Way) -> httpx.Proxy | None:
    if way.proxy is None:
        return None
    try:
        return httpx.Proxy(way.proxy)
    except (httpx.InvalidURL, ValueError) as error:
        # The address may carry a password and is not repeated.
        raise BadLine("hub.proxy: http://host:port is expected") from error


def _socket_options() -> list[tuple[int, int, int]]:
    """Have the kernel ask an idle connection whether it stands, and give up a silent one."""
    return [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _PROBE_AFTER_S),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_EVERY_S),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_S * 1_000),
    ]


async def _read(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > ANSWER_BYTES_MAX:
            raise HubUnreachable(f"the answer is longer than {ANSWER_BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)


def _document(answer: bytes) -> Document:
    try:
        return fields.parse(answer, "answer")
    except BadMessage as error:
        raise HubUnreachable(f"the answer makes no sense: {error}") from error


def _reason(answer: bytes) -> tuple[str, str]:
    """Return code and message of an error; what is in front of the hub may answer anything."""
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return "NO_CODE", "no reason given"
    code, message = str(document.get("code", "NO_CODE")), str(document.get("message", ""))
    return code[:_CODE_MAX], message[: sync.EVENT_TEXT_MAX]
