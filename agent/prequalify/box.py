"""The running box as a test sees it: questions to the technician's page, and what goes wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from agent.prequalify.errors import Halted, Silent

ANSWER_S = 5.0

Document = dict[str, Any]


class Box:
    """One box that is asked."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, method: str, path: str, body: Document | None = None) -> Document:
        """Return the answer's document.

        Raises:
            Silent: the box did not answer; it may later.
            Halted: it said no, or it is not one of ours.
        """
        try:
            answer = await self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise Silent(f"the box does not answer: {error or type(error).__name__}") from error
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise Halted(f"{path} answers {answer.status_code}, but not as our gateway does")
        if answer.is_error:
            raise Halted(f"{path}: {document.get('code')}: {document.get('message')}")
        return document


@asynccontextmanager
async def opened(host: str, port: int, code: str) -> AsyncIterator[Box]:
    """Yield the box whose page listens there; `code` is its access code."""
    where = f"[{host}]" if ":" in host else host
    async with httpx.AsyncClient(
        base_url=f"http://{where}:{port}",
        headers={"Authorization": f"Bearer {code}"},
        timeout=ANSWER_S,
        trust_env=False,
    ) as client:
        yield Box(client)
