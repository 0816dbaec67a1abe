"""How many bytes a request may carry, counted while they arrive.

Routes that take more read their own body and know their own limit; everything else is small.
"""

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.kernel.errors import TooLarge

BODY_BYTES_MAX = 256 * 1024


class BodyLimit:
    """Refuses larger bodies: at once when they are announced, else while they come."""

    def __init__(self, app: ASGIApp, larger: dict[str, int]) -> None:
        """Wrap `app`; `larger` has the paths with a limit of their own.

        A path that ends with a slash stands for all that begin with it.
        """
        self._app = app
        self._larger = larger
        self._below = [path for path in larger if path.endswith("/")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
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

    def _limit(self, path: str) -> int:
        below = next((prefix for prefix in self._below if path.startswith(prefix)), path)
        return self._larger.get(below, BODY_BYTES_MAX)


def _message(limit: int) -> str:
    return f"body: too many bytes; at most {limit} are allowed"
