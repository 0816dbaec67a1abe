"""Routes for what waits for a reset, and for the sign self-test; both change what power may do.

GET  /api/latches                 what waits
POST /api/latches/{code}/reset    {"who": …, "reason": …}
POST /api/selftest                {"who": …}: small pulses both ways, half a minute
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from wire import fields
from wire.fields import BadMessage

PATH = "/api/latches"
TEST_PATH = "/api/selftest"
Check = Callable[[Request], None]
Body = Callable[[Request], Awaitable[bytes]]


class Refused(Exception):
    """It was not done; the code is stable, the text for people."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Desk:
    """What the routes ask; see `agent.gateway.resets`."""

    def __init__(
        self,
        shown: Callable[[], list[dict[str, str]]],
        reset: Callable[[str, str, str], Awaitable[None]],
        test: Callable[[str], Awaitable[dict[str, Any]]],
    ) -> None:
        self.shown = shown
        self.reset = reset
        self.test = test


def add_resets(app: FastAPI, desk: Desk, check: Check, body: Body) -> None:
    """Add the routes; `check` raises the answer to somebody who may not."""

    @app.get(PATH)
    async def waiting(request: Request) -> Response:
        check(request)
        return JSONResponse({"latches": desk.shown()}, headers={"Cache-Control": "no-store"})

    @app.post(f"{PATH}/{{code}}/reset")
    async def reset(request: Request, code: str) -> Response:
        check(request)
        said = await body(request)
        try:
            await desk.reset(code, _said(said, "who"), _said(said, "reason"))
        except Refused as error:
            raise _no(error.status, error.code, str(error)) from error
        return JSONResponse({"status": "ok"})

    @app.post(TEST_PATH)
    async def test(request: Request) -> Response:
        check(request)
        who = _said(await body(request), "who")
        try:
            return JSONResponse(await desk.test(who))
        except Refused as error:
            raise _no(error.status, error.code, str(error)) from error


def _said(body: bytes, key: str) -> str:
    try:
        return fields.text(fields.parse(body, "body"), key, "body")
    except BadMessage as error:
        raise _no(422, "BAD_MESSAGE", str(error)) from error


def _no(status: int, code: str, message: str) -> HTTPException:
    return HTTPException(status, {"code": code, "message": message})
