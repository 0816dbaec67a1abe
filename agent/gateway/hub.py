"""The hub as the gateway sees it: two signed requests over kept connections.

The only file of the agent that imports httpx; its errors end here.
"""

import json
import logging
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from agent.gateway.errors import HubRefused, HubUnreachable
from wire import fields, signing, sync
from wire.clock import Clock
from wire.fields import BadMessage, Document
from wire.signing import Key, Request
from wire.sync import Ack, Downlink

ANSWER_BYTES_MAX = 1024**2
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 8.0
"""Silence after which a line counts as dead."""
_NONCE_BYTES = 16
_TRY_AGAIN = {408, 425, 429}
_CODE_MAX = 64

logging.getLogger("httpx").setLevel(logging.WARNING)


class Hub:
    """Raises only `HubUnreachable` and `HubRefused`; made by `open_hub`."""

    def __init__(self, client: httpx.AsyncClient, url: str, key: Key, clock: Clock) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._key = key
        self._clock = clock

    async def upload(self, body: bytes) -> Ack:
        """Post an encoded upload; idempotent."""
        document = await self._ask("POST", sync.UPLOAD_PATH, body, ANSWER_TIMEOUT_S)
        try:
            return sync.ack_from_document(document)
        except BadMessage as error:
            raise HubUnreachable(f"the answer makes no sense: {error}") from error

    async def downlink(self, have: int, wait_s: float) -> Downlink:
        """Ask for a schedule other than version `have`, waiting up to `wait_s` for one."""
        path = f"{sync.DOWNLINK_PATH}?have={have}&wait_s={wait_s:g}"
        document = await self._ask("GET", path, b"", wait_s + ANSWER_TIMEOUT_S)
        try:
            return sync.downlink_from_document(document)
        except BadMessage as error:
            raise HubUnreachable(f"the answer makes no sense: {error}") from error

    async def _ask(self, method: str, path: str, body: bytes, timeout_s: float) -> Document:
        request = Request(method, path, body)
        nonce = secrets.token_hex(_NONCE_BYTES)
        signature = signing.sign(request, self._key, self._clock.now_us(), nonce)
        headers = {"Authorization": signature, "Content-Type": "application/octet-stream"}
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        try:
            async with self._client.stream(
                method, self._url + path, content=body, headers=headers, timeout=timeout
            ) as response:
                answer = await _read(response)
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise HubUnreachable(f"{type(error).__name__} {error}".strip()) from error
        if response.is_success:
            return _document(answer)
        code, message = _reason(answer)
        if response.is_server_error or response.status_code in _TRY_AGAIN:
            raise HubUnreachable(f"{response.status_code} {code}: {message}")
        raise HubRefused(response.status_code, code, message)


@asynccontextmanager
async def open_hub(url: str, key: Key, clock: Clock) -> AsyncIterator[Hub]:
    """Return the hub at `url`; nothing is sent yet."""
    # Certificates are loaded only where they are needed: they cost memory.
    context = (
        ssl.create_default_context()
        if url.startswith("https:")
        else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    limits = httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=4.0)
    async with httpx.AsyncClient(verify=context, limits=limits, trust_env=False) as client:
        yield Hub(client, url, key, clock)


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
