"""Everything the hub may answer instead of a result, and how it is rendered.

* HubError                 the answer's status and code; the message is for people
  * Unauthenticated  401   say who you are
  * Forbidden        403   known, but not allowed to do this
  * NotFound         404   not there, or not yours to see
  * Refused          409   understood, and against the rules; `code` says which one
  * TooLarge         413   send less
  * Invalid          422   a value is wrong; the message names key, value and what is allowed
  * TooMany          429   come again later
  * Unavailable      503   not your fault; come again soon
* DatabaseUnusable         crash: the process cannot work with this database

A body is ``{"code": …, "message": …}`` in every case; codes are stable and machine-readable.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

_SHOWN_MAX = 60
_PLACES = ("body", "query", "path", "header", "cookie")


class HubError(Exception):
    """An answer that is no result."""

    status = 500
    code = "INTERNAL"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.headers: dict[str, str] = {}


class Unauthenticated(HubError):
    """Nobody, or nobody we know."""

    status = 401
    code = "UNAUTHENTICATED"

    def __init__(self, message: str, code: str = "UNAUTHENTICATED") -> None:
        super().__init__(message)
        self.code = code
        self.headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(HubError):
    """Known, and not allowed to do this."""

    status = 403

    def __init__(self, message: str, code: str = "FORBIDDEN") -> None:
        super().__init__(message)
        self.code = code


class NotFound(HubError):
    """Not there, or not for this account to see: the two answers are the same on purpose."""

    status = 404
    code = "NOT_FOUND"


class Refused(HubError):
    """Understood, and against the rules. `code` is stable and machine-readable."""

    status = 409

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TooLarge(HubError):
    """More bytes than one request may carry."""

    status = 413
    code = "TOO_LARGE"


class Invalid(HubError):
    """A value is wrong; the message names the key, the value and what is allowed."""

    status = 422
    code = "INVALID"


class TooMany(HubError):
    """Too often; the answer says when to come again."""

    status = 429
    code = "TOO_MANY"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.headers = {"Retry-After": str(retry_after_s)}


class Unavailable(HubError):
    """Something that the hub needs does not answer; nothing was changed, as far as we know."""

    status = 503
    code = "UNAVAILABLE"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.headers = {"Retry-After": "2"}


class DatabaseUnusable(Exception):
    """The database cannot be opened, read or brought up to date; one line, without secrets."""


class Problem(BaseModel):
    """What every answer that is no result looks like."""

    code: str = Field(description="stable, for machines", examples=["NOT_FOUND"])
    message: str = Field(description="for people", examples=["site 'hafen' is not known"])


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route declares in OpenAPI for the problems it may answer with."""
    return {status: {"model": Problem, "description": _MEANINGS[status]} for status in statuses}


def install(app: FastAPI) -> None:
    """Make `app` answer every problem as a `Problem`, and wrong values in one line."""
    app.add_exception_handler(HubError, _hub_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _nobody_left)
    app.add_exception_handler(500, _defect)


def one_line(errors: Sequence[Any]) -> str:
    """Return pydantic's findings as one line: key, value, what is allowed."""
    return " · ".join(_finding(detail) for detail in errors)


async def _hub_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HubError)
    return _answer(error.status, error.code, str(error), error.headers)


async def _invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _answer(Invalid.status, Invalid.code, one_line(error.errors()))


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == _BAD_REQUEST:
        return _answer(Invalid.status, Invalid.code, "body: it cannot be parsed; JSON is expected")
    code = _HTTP_CODES.get(error.status_code, "REFUSED")
    return _answer(error.status_code, code, str(error.detail), error.headers)


async def _nobody_left(_request: Request, _error: Exception) -> JSONResponse:
    """Whoever asked has gone before the body was here; the answer goes nowhere."""
    return JSONResponse({}, _BAD_REQUEST)


async def _defect(_request: Request, _error: Exception) -> JSONResponse:
    """The framework has it logged with its traceback; whoever asked need not read that."""
    return _answer(HubError.status, HubError.code, "a defect of the hub; it is in its log")


def _answer(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    shown = message.encode("utf-8", "backslashreplace").decode("utf-8")
    return JSONResponse({"code": code, "message": shown}, status, headers=headers)


def _finding(detail: dict[str, Any]) -> str:
    where = [str(part) for part in detail["loc"]]
    key = ".".join(where[1:] if len(where) > 1 and where[0] in _PLACES else where)
    said = cast("str", detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "missing":
        return f"{key}: is missing; {said.lower()}"
    if detail["type"] == "json_invalid":
        return f"body: is no JSON; {detail.get('ctx', {}).get('error', said)}"
    if isinstance(detail.get("input"), bytes):
        return "body: JSON is expected, with the header Content-Type: application/json"
    value = json.dumps(detail.get("input"), default=str, ensure_ascii=False)
    shown = value if len(value) <= _SHOWN_MAX else value[:_SHOWN_MAX] + "…"
    return f"{key}: {shown} is not allowed; {said[:1].lower()}{said[1:]}"


_BAD_REQUEST = 400
"""What the framework answers to a body that breaks its parser."""
_HTTP_CODES = {
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
}
_MEANINGS = {
    Unauthenticated.status: "no API key, or one that is not valid",
    Forbidden.status: "the key may not do this",
    NotFound.status: "not there, or not yours to see",
    Refused.status: "against the rules; the code says which one",
    TooLarge.status: "too many bytes",
    Invalid.status: "a value is wrong; the message names key, value and what is allowed",
    TooMany.status: "too often; come again after Retry-After",
    Unavailable.status: "something that the hub needs does not answer; come again soon",
}
