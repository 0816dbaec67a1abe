"""A device's HTTP API: bounded in time and size, every failure told apart by its reaction.

The only file of the drivers that imports httpx. Nothing is decompressed, no redirect is
followed, no proxy of the environment is used: the device that was named answers itself.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from drivers.errors import DeviceRefused, DeviceUnreachable, ProfileError
from drivers.payload import BYTES_MAX, parse
from drivers.rest.config import RestConfig

CONNECTIONS_MAX = 1
"""One request at a time: small devices are not good at more."""
_BUSY = {408, 425, 429}
_SHUT = {401, 403, 407}
_KEEP_ALIVE_S = 15.0

# What the library has to say is in our errors already, told once.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class Missing(Exception):
    """The device answers, but not to this: a fact about the resource, not about the device."""


class Api:
    """One device; every failure gives its connections up, and the next request makes new ones."""

    def __init__(self, config: RestConfig, timeout_s: float) -> None:
        """Nothing is sent yet.

        Raises:
            ProfileError: the file of certificates cannot be used.
        """
        self._url = config.url.rstrip("/")
        self._timeout_s = timeout_s
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        self._auth: httpx.Auth | None = None
        if config.token is not None:
            self._headers["Authorization"] = f"Bearer {config.token.get_secret_value()}"
        if config.api_key is not None:
            self._headers[config.api_key_header] = config.api_key.get_secret_value()
        if config.username is not None and config.password is not None:
            self._auth = httpx.BasicAuth(config.username, config.password.get_secret_value())
        self._context = _context(config.ca_file) if self._url.startswith("https:") else None
        self._client: httpx.AsyncClient | None = None
        self._lock = asyncio.Lock()

    async def get(self, resource: str) -> object:
        """Return the document at `resource`.

        Raises:
            DeviceUnreachable: no answer, or the device is closed to us or not well.
            Missing: the device knows no such resource.
            BadPayload: what it answers is no document that we believe.
        """
        status, body = await self._ask("GET", resource, None)
        if 400 <= status < 500:
            raise Missing(f"{resource}: the device answers {status}")
        return parse(body)

    async def send(self, method: str, resource: str, body: bytes) -> None:
        """Change something in the device.

        Raises:
            DeviceUnreachable: whether the device took it is not known.
            DeviceRefused: it said no.
        """
        status, _ = await self._ask(method, resource, body)
        if 400 <= status < 500:
            raise DeviceRefused(f"{method} {resource}: the device answers {status}")

    async def close(self) -> None:
        """Give the connections up."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _ask(self, method: str, resource: str, content: bytes | None) -> tuple[int, bytes]:
        async with self._lock:
            status, body = await self._exchange(method, self._url + resource, content)
        if status in _SHUT:
            raise DeviceUnreachable(f"{self._url}: answers {status}: it does not know our key")
        if not 200 <= status < 300 and (not 400 <= status < 500 or status in _BUSY):
            raise DeviceUnreachable(f"{self._url}: answers {status}")
        return status, body

    async def _exchange(self, method: str, url: str, content: bytes | None) -> tuple[int, bytes]:
        if self._client is None:
            self._client = self._made()
        headers = {} if content is None else {"Content-Type": "application/json"}
        request = self._client.stream(method, url, content=content, headers=headers)
        try:
            async with _limit(self._timeout_s), request as response:
                return response.status_code, await _read(response)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise await self._failed(f"no answer within {self._timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            raise await self._failed(str(error) or type(error).__name__) from error

    async def _failed(self, trouble: str) -> DeviceUnreachable:
        await self.close()
        return DeviceUnreachable(f"{self._url}: {trouble}")

    def _made(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._context or _NO_TLS,
            headers=self._headers,
            auth=self._auth,
            timeout=self._timeout_s,
            limits=httpx.Limits(
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=CONNECTIONS_MAX,
                keepalive_expiry=_KEEP_ALIVE_S,
            ),
            follow_redirects=False,
            trust_env=False,
        )


_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: certificates are loaded only where they are needed, for they cost memory."""


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ProfileError(
            f"ca_file: {str(ca_file)!r} is not allowed; a file of certificates in PEM form is"
            f" expected ({error.strerror or error})"
        ) from error


async def _read(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx.DecodingError("the answer is compressed, which was not asked for")
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > BYTES_MAX:
            raise httpx.DecodingError(f"the answer is longer than {BYTES_MAX} bytes")
        parts.append(part)
    return b"".join(parts)


@asynccontextmanager
async def _limit(seconds: float) -> AsyncIterator[None]:
    """Bound a wait of the library in time, and keep a cancellation that it might lose."""
    task = asyncio.current_task()
    assert task is not None
    cancellations = task.cancelling()
    try:
        async with asyncio.timeout(seconds):
            yield
    finally:
        if task.cancelling() > cancellations:
            raise asyncio.CancelledError
