"""Talking to the hub as any outside program does: HTTP and an API key."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import httpx

TIMEOUT_S = 10.0
_UNAUTHORISED = 401
_TOO_OFTEN = 429
_TOO_OFTEN_CODES = frozenset({"THROTTLED", "ORDER_COUNT", "ACTION_QUOTA", "ORDER_TO_TRADE"})
"""Over a socket a refusal has no status."""
_SERVER_FAILS = 500


class HubUnreachable(Exception):
    """Nobody answers, or not sensibly: try again later."""


class HubRefused(Exception):
    """The hub understood and said no; `code` is stable."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def of_key(self) -> bool:
        """Say whether the key itself is refused, whatever is asked with it."""
        return self.status == _UNAUTHORISED

    @property
    def too_often(self) -> bool:
        """Say whether the same may be allowed a little later."""
        return self.status == _TOO_OFTEN or self.code in _TOO_OFTEN_CODES


class HubClient:
    """One account's view of the hub; close it, or use it as a context manager."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    async def __aenter__(self) -> "HubClient":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: str | int) -> Any:
        """Return the JSON answer; raises `HubUnreachable` or `HubRefused`."""
        return await self._ask("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Return the JSON answer; raises `HubUnreachable` or `HubRefused`."""
        return await self._ask("POST", path, body=body)

    async def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """Return the JSON answer; raises `HubUnreachable` or `HubRefused`."""
        return await self._ask("PATCH", path, body=body)

    async def delete(self, path: str) -> Any:
        """Return the JSON answer; raises `HubUnreachable` or `HubRefused`."""
        return await self._ask("DELETE", path)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Any:
        try:
            answer = await self._http.request(method, path, params=query, json=body)
            document = answer.json() if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise HubUnreachable(f"{type(error).__name__} {error}".strip()) from error
        if answer.status_code >= _SERVER_FAILS:
            raise HubUnreachable(f"the hub answers {answer.status_code}")
        if not answer.is_success:
            told = document if isinstance(document, dict) else {}
            code = str(told.get("code", f"HTTP_{answer.status_code}"))
            raise HubRefused(answer.status_code, code, str(told.get("message", answer.text)))
        return document
