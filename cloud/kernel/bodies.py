"""Bodies in which each name stands once: of two values somebody would have to choose one.

JSON leaves it open, and parsers differ in which they take: an order that says BUY and SELL is read
one way by what checks it on its way, and the other way here. So it is refused, as any misspelling.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; for `object_pairs_hook`.

    Raises:
        json.JSONDecodeError: a name stands twice in it.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise json.JSONDecodeError(f"{twice[:40]!r} stands twice in an object", "", 0)
    return found


class _Body(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = json.loads(await self.body(), object_pairs_hook=once)
        return self._json


class OnceRoute(APIRoute):
    """A route whose body is read like this; `APIRouter(route_class=OnceRoute)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def read_once(request: Request) -> Response:
            return await handler(_Body(request.scope, request.receive))

        return read_once
