"""The technician's page: routes. Nothing is shown or told without the access code.

A person signs in with a form and gets a session cookie; a program sends the code as
``Authorization: Bearer``. Every answer forbids the browser to load anything from elsewhere.
"""

import asyncio
import json
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent import metrics
from agent.web.archive import add_archive
from agent.web.auth import SESSION_S_MAX, Door, TooManyTries
from agent.web.injecting import Injector, add_injection
from agent.web.resets import Desk as Resets
from agent.web.resets import add_resets
from agent.web.telemetry import Desk, add_telemetry
from agent.web.words import choose, points, words
from wire import fields
from wire.fields import BadMessage

STREAM_PERIOD_S = 0.5
STREAMS_MAX = 20
FORM_BYTES_MAX = 4_096
_FOLDER = Path(__file__).parent
_LANGUAGE_COOKIE = "language"
_YEAR_S = 365 * 86_400
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
        " object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Picture = Callable[[], dict[str, Any]]
Acknowledge = Callable[[str, str, str], Awaitable[bool]]
"""Takes an alarm's id, who has seen it and a note; False: there is no such alarm."""


class NotNow(Exception):
    """Nothing can be written at the moment; the text says why."""


class Page:
    """What the routes share; `picture` returns the newest, `stopping` ends the streams."""

    def __init__(self, door: Door, picture: Picture, stopping: asyncio.Event) -> None:
        self.door = door
        self.picture = picture
        self.stopping = stopping
        self.streams = 0
        site = picture()["site"]
        self.cookie = f"phoenyra_{site['id']}"
        """Named after the site: two boxes behind one address must not share a session."""
        self.templates = Jinja2Templates(_FOLDER / "templates")

    def allows(self, request: Request) -> bool:
        """Say whether the request comes from somebody who knows the code."""
        if self.door.knows(request.cookies.get(self.cookie, "")):
            return True
        scheme, _, code = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.door.fits(code, _address(request))

    def check(self, request: Request) -> None:
        """Raise the answer to somebody who may not."""
        try:
            allowed = self.allows(request)
        except TooManyTries:
            raise _refusal(429, "TOO_MANY_TRIES", "wait a minute, then try again") from None
        if not allowed:
            raise _refusal(401, "LOGIN_REQUIRED", "sign in, or send the access code as Bearer")

    def render(self, request: Request, name: str, status: int = 200, **values: object) -> Response:
        """Return a page in the visitor's language, which it remembers."""
        asked = request.query_params.get("lang")
        language = choose(
            asked,
            request.cookies.get(_LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
        )
        site = self.picture()["site"]
        context = {
            "w": words(language),
            "language": language,
            "other": "en" if language == "de" else "de",
            "points": points(language),
            "site": site,
            **values,
        }
        response = self.templates.TemplateResponse(request, name, context, status_code=status)
        response.headers["Cache-Control"] = "no-store"
        if asked == language:
            response.set_cookie(_LANGUAGE_COOKIE, language, max_age=_YEAR_S, samesite="strict")
        return response

    async def stream(self) -> AsyncIterator[str]:
        """Yield the picture as server-sent events until the visitor or the process goes."""
        self.streams += 1
        try:
            while not self.stopping.is_set():
                yield f"data: {json.dumps(self.picture(), separators=(',', ':'))}\n\n"
                try:
                    async with asyncio.timeout(STREAM_PERIOD_S):
                        await self.stopping.wait()
                except TimeoutError:
                    continue
        finally:
            self.streams -= 1


def make_app(
    page: Page,
    desk: Desk | None = None,
    acknowledge: Acknowledge | None = None,
    injector: Injector | None = None,
    archive: Path | None = None,
    resets: Resets | None = None,
) -> ASGIApp:
    """Return the application; `desk` is for a site with devices that push."""
    app = FastAPI(title="Phoenyra", docs_url=None, redoc_url=None, openapi_url=None)
    _add_login(app, page)
    _add_live(app, page)
    if acknowledge is not None:
        _add_alarms(app, page, acknowledge)
    if injector is not None:
        add_injection(app, injector, page.check, _body)
    if resets is not None:
        add_resets(app, resets, page.check, _body)
    if archive is not None:
        add_archive(app, archive, page.picture()["site"]["id"], page.check)
    if desk is not None:
        add_telemetry(app, desk)
    app.mount("/static", StaticFiles(directory=_FOLDER / "static"), name="static")
    app.add_exception_handler(HTTPException, _as_document)
    return _Headers(app)


def _add_login(app: FastAPI, page: Page) -> None:
    @app.get("/login")
    async def login_form(request: Request) -> Response:
        if page.door.knows(request.cookies.get(page.cookie, "")):
            return RedirectResponse("/", 303)
        return page.render(request, "login.html", trouble="")

    @app.post("/login")
    async def login(request: Request) -> Response:
        _check_origin(request)
        form = urllib.parse.parse_qs((await _body(request)).decode("utf-8", "replace"))
        try:
            fits = page.door.fits(form.get("code", [""])[0], _address(request))
        except TooManyTries:
            return page.render(request, "login.html", 429, trouble="login.too_many")
        if not fits:
            return page.render(request, "login.html", 401, trouble="login.wrong")
        response = RedirectResponse("/", 303)
        response.set_cookie(
            page.cookie,
            page.door.open_session(),
            max_age=int(SESSION_S_MAX),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @app.post("/logout")
    async def logout(request: Request) -> Response:
        _check_origin(request)
        page.door.close_session(request.cookies.get(page.cookie, ""))
        response = RedirectResponse("/login", 303)
        response.delete_cookie(page.cookie, samesite="strict")
        return response


def _add_live(app: FastAPI, page: Page) -> None:
    @app.get("/")
    async def home(request: Request) -> Response:
        if not page.door.knows(request.cookies.get(page.cookie, "")):
            return RedirectResponse("/login", 303)
        return page.render(request, "home.html")

    @app.get("/api/picture")
    async def picture(request: Request) -> Response:
        page.check(request)
        return JSONResponse(page.picture(), headers={"Cache-Control": "no-store"})

    @app.get("/api/stream")
    async def stream(request: Request) -> Response:
        page.check(request)
        if page.streams >= STREAMS_MAX:
            raise _refusal(503, "STREAMS_MAX", f"at most {STREAMS_MAX} pages may be open")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(page.stream(), media_type="text/event-stream", headers=headers)

    @app.get("/metrics")
    async def figures(request: Request) -> Response:
        page.check(request)
        return Response(metrics.render(page.picture()), media_type=metrics.CONTENT_TYPE)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}


def _add_alarms(app: FastAPI, page: Page, acknowledge: Acknowledge) -> None:
    @app.post("/api/alarms/{alarm}/acknowledge")
    async def seen(request: Request, alarm: str) -> Response:
        page.check(request)
        _check_origin(request)
        try:
            document = fields.parse(await _body(request), "body")
            who = fields.text(document, "who", "body")
            note = fields.text(document, "note", "body", empty=True)
        except BadMessage as error:
            raise _refusal(422, "BAD_MESSAGE", str(error)) from error
        try:
            known = await acknowledge(alarm, who, note)
        except NotNow as error:
            raise _refusal(503, "NOT_NOW", str(error)) from error
        if not known:
            raise _refusal(404, "NO_SUCH_ALARM", f"there is no alarm {alarm[:40]!r}")
        return JSONResponse({"status": "ok"})


def _refusal(status: int, code: str, message: str) -> HTTPException:
    return HTTPException(status, {"code": code, "message": message})


async def _as_document(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail: Any = error.detail
    if not isinstance(detail, dict):
        detail = {"code": f"HTTP_{error.status_code}", "message": str(detail)}
    return JSONResponse(detail, error.status_code, headers=error.headers)


def _check_origin(request: Request) -> None:
    """Refuse a form that another site sends in the visitor's name."""
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if origin is not None and urllib.parse.urlsplit(origin).netloc != host:
        raise _refusal(403, "OTHER_ORIGIN", "this form must be sent from the page itself")


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            raise _refusal(413, "TOO_LONG", f"at most {FORM_BYTES_MAX} bytes are allowed")
    return body


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


class _Headers:
    """Adds the headers that every answer carries; an answer without an end passes through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)
