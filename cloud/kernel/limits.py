"""How many bytes a request may carry, counted while they arrive.

The upload route reads its own body and knows its own limit; everything else is small.
"""

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.kernel.errors import TooLarge

BODY_BYTES_MAX = 256 * 1024


class BodyLimit:
    """Refuses larger bodies: at once when they are announced, else while they come."""

    def __init__(self, app: ASGIApp, larger: dict[str, int]) -> None:
        """Wrap `app`; `larger` has the paths with a limit of their own."""
        self._app = app
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._larger.get(scope["path"], BODY_BYTES_MAX)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > limit:
            answer = JSONResponse({"code": TooLarge.code, "message": _message(limit)}, 413)
            await answer(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(TooLarge.status, _message(limit))
            return message

        await self._app(scope, counted, send)


def _message(limit: int) -> str:
    return f"body: too many bytes; at most {limit} are allowed"
