"""The page's routes for a test frequency: said in pieces, over when nobody says more."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from agent import injection as injections
from agent.injection import LEASE_US_MAX, Injection
from wire import fields
from wire.clock import Clock
from wire.fields import BadMessage

PATH = "/api/injection"

Check = Callable[[Request], None]
Body = Callable[[Request], Awaitable[bytes]]


class Injector:
    """Hands test frequencies to control, of one test at a time."""

    def __init__(self, send: Callable[[Injection], bool], clock: Clock) -> None:
        """Make it; `send` says whether control listens."""
        self._send = send
        self._clock = clock
        self._newest: Injection | None = None

    def running(self) -> Injection | None:
        """Return the piece that is not over yet."""
        newest = self._newest
        if newest is None or not newest.points or self._clock.now_us() > newest.points[-1][0]:
            return None
        return newest

    def take(self, injection: Injection) -> None:
        """Hand a piece on.

        Raises:
            HTTPException: another test runs, the piece reaches too far, or nobody listens.
        """
        running = self.running()
        if running is not None and running.id != injection.id:
            raise _no(409, "OTHER_TEST", f"the test {running.id!r} runs; end it first")
        if injection.too_far(self._clock.now_us()):
            text = f"points may reach at most {LEASE_US_MAX / 1e6:g} s ahead of the box's clock"
            raise _no(422, "TOO_FAR_AHEAD", text)
        if not self._send(injection):
            raise _no(503, "CONTROL_AWAY", "control does not listen; nothing can be tested")
        self._newest = injection

    def end(self) -> None:
        """End whatever runs; that nothing runs is no fault."""
        if (running := self.running()) is not None:
            self._send(Injection(running.id, ()))
        self._newest = None

    def document(self) -> dict[str, object]:
        """Return what runs, and the box's time, which pieces are said in."""
        running, now_us = self.running(), self._clock.now_us()
        return {
            "now_us": now_us,
            "id": "" if running is None else running.id,
            "hz": None if running is None else running.hz_at(now_us),
            "ends_us": None if running is None else running.points[-1][0],
        }


def add_injection(app: FastAPI, injector: Injector, check: Check, body: Body) -> None:
    """Add the routes; `check` raises the answer to somebody who may not."""

    @app.get(PATH)
    async def running(request: Request) -> Response:
        check(request)
        return JSONResponse(injector.document(), headers={"Cache-Control": "no-store"})

    @app.post(PATH)
    async def inject(request: Request) -> Response:
        check(request)
        try:
            piece = injections.from_document(fields.parse(await body(request), "body"), "body")
        except BadMessage as error:
            raise _no(422, "BAD_MESSAGE", str(error)) from error
        injector.take(piece)
        return JSONResponse(injector.document())

    @app.delete(PATH)
    async def end(request: Request) -> Response:
        check(request)
        injector.end()
        return JSONResponse(injector.document())


def _no(status: int, code: str, message: str) -> HTTPException:
    return HTTPException(status, {"code": code, "message": message})
