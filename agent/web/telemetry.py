"""``POST /api/telemetry``: what devices push, from their own key to control.

The key says which device speaks. A message is taken whole or refused with one line; sent again
with its ``Idempotency-Key`` it is answered again and not taken twice.
"""

import asyncio
import hashlib
import hmac
import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from drivers.payload import BadPayload, parse
from drivers.push.intake import Intake, Taken, take
from wire.block import Quality, Reading
from wire.clock import Clock

BODY_BYTES_MAX = 64 * 1024
BODY_TIMEOUT_S = 10.0
RATE_PER_S_MAX = 10.0
"""Messages of one device; a second's worth may come at once."""
ANSWERS_MAX = 1_000
"""Answers kept for messages that are sent again; the oldest go first."""
KEY_LETTERS_MAX = 128
COMPLAINT_PERIOD_S = 3_600.0
"""What is refused is counted, and told once in this time."""
PATH = "/api/telemetry"

_logger = logging.getLogger(__name__)

Answer = tuple[int, dict[str, Any]]


@dataclass(slots=True)
class Sender:
    """One device that may push."""

    device: str
    key: bytes = field(repr=False)
    intake: Intake
    credit: float = RATE_PER_S_MAX
    counted_s: float = 0.0
    refused: int = 0
    """Messages since the start that could not be believed."""
    complained_s: float = -math.inf


class Desk:
    """Takes messages in; `tell` hands readings to control and says whether it listens."""

    def __init__(
        self,
        senders: Sequence[Sender],
        tell: Callable[[str, Sequence[Reading]], bool],
        clock: Clock,
        now_s: Callable[[], float],
    ) -> None:
        self._senders = tuple(senders)
        self._tell = tell
        self._clock = clock
        self._now_s = now_s
        self._answers: OrderedDict[tuple[str, str], tuple[bytes, Answer]] = OrderedDict()

    def sender(self, key: str) -> Sender | None:
        """Return whose key this is; every key is compared, in constant time."""
        given = key.encode("utf-8", "surrogatepass")
        found = None
        for sender in self._senders:
            if hmac.compare_digest(given, sender.key):
                found = sender
        return found

    def answer(self, sender: Sender, again: str, body: bytes) -> Answer:
        """Return status and document for a message; `again` is its idempotency key, or empty."""
        if not again:
            return self._take(sender, body)
        digest = hashlib.sha256(body).digest()
        before = self._answers.get((sender.device, again))
        if before is not None:
            if before[0] == digest:
                return before[1]
            return _no(422, "KEY_USED", "Idempotency-Key: was used for another message")
        answer = self._take(sender, body)
        if answer[0] == 202:
            self._answers[sender.device, again] = digest, answer
            while len(self._answers) > ANSWERS_MAX:
                self._answers.popitem(last=False)
        return answer

    def _take(self, sender: Sender, body: bytes) -> Answer:
        if not self._affords(sender):
            most = f"at most {RATE_PER_S_MAX:g} messages a second are taken"
            return _no(429, "TOO_MANY", most)
        try:
            taken = take(sender.intake, parse(body), self._clock.now_us())
        except BadPayload as error:
            self._complain(sender, str(error))
            return _no(422, "BAD_TELEMETRY", str(error))
        if not self._tell(sender.device, taken.readings):
            return _no(503, "CONTROL_AWAY", "control does not listen; send it again in a second")
        return 202, _taken(taken)

    def _complain(self, sender: Sender, reason: str) -> None:
        sender.refused += 1
        if self._now_s() - sender.complained_s >= COMPLAINT_PERIOD_S:
            sender.complained_s = self._now_s()
            _logger.warning(
                "%s: pushed what is refused, %d times by now: %s",
                sender.device,
                sender.refused,
                reason,
            )

    def _affords(self, sender: Sender) -> bool:
        now_s = self._now_s()
        earned = (now_s - sender.counted_s) * RATE_PER_S_MAX
        sender.credit = min(RATE_PER_S_MAX, sender.credit + earned)
        sender.counted_s = now_s
        if sender.credit < 1.0:
            return False
        sender.credit -= 1.0
        return True


def add_telemetry(app: FastAPI, desk: Desk) -> None:
    """Add the route."""

    @app.post(PATH)
    async def telemetry(request: Request) -> Response:
        sender = desk.sender(_key(request))
        if sender is None:
            return _sent(_no(401, "KEY_REQUIRED", "X-API-Key: a device's key is expected"))
        again = request.headers.get("idempotency-key", "")
        if len(again) > KEY_LETTERS_MAX:
            most = f"Idempotency-Key: at most {KEY_LETTERS_MAX} letters are expected"
            return _sent(_no(422, "BAD_KEY", most))
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await _body(request)
        except TimeoutError:
            slow = f"the message did not arrive within {BODY_TIMEOUT_S:g} s"
            return _sent(_no(408, "TOO_SLOW", slow))
        return _sent(desk.answer(sender, again, body))


def _key(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return request.headers.get("x-api-key", bearer)


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            most = f"at most {BODY_BYTES_MAX} bytes are allowed"
            raise HTTPException(413, {"code": "TOO_LONG", "message": most})
    return body


def _taken(taken: Taken) -> dict[str, Any]:
    bad = [reading.point for reading in taken.readings if reading.quality is not Quality.GOOD]
    return {
        "accepted": len(taken.readings) - len(bad),
        "bad": bad,
        "live": taken.live,
        "certain_time": taken.certain,
    }


def _no(status: int, code: str, message: str) -> Answer:
    return status, {"code": code, "message": message}


def _sent(answer: Answer) -> Response:
    status, document = answer
    retry = {"Retry-After": "1"} if status in (429, 503) else None
    return JSONResponse(document, status, headers=retry)
