"""Faults on demand over HTTP: what is wrong with a simulated device, set from outside.

    GET /faults      what is wrong now            PUT /faults      {"drop": true, "delay_s": 0.5}
    POST /reboot     {"seconds": 5}: off, then as after power-up
    POST /trip       the device's watchdog runs out now
    GET /measured    what its instruments show

Every request carries ``Authorization: Bearer TOKEN``; the token is printed at the start.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators import faults
from simulators.errors import BadInput
from simulators.http import serving
from simulators.plant import Plant

BODY_BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True)
class Patient:
    """The device that is made ill."""

    plant: Plant
    power_up: Callable[[], None]
    """Forget everything that was written, as after a loss of power."""


@asynccontextmanager
async def listening(patient: Patient, host: str, port: int, token: str) -> AsyncIterator[int]:
    """Serve the page until the block ends; the value is the port.

    Raises:
        OSError: the port is taken.
    """
    async with serving(_application(patient, token), host, port) as bound:
        yield bound


def _application(patient: Patient, token: str) -> Starlette:
    def guarded(act: Callable[[object], object]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            said = request.headers.get("authorization", "")
            if not hmac.compare_digest(said.encode(), f"Bearer {token}".encode()):
                return _refused(401, "authorization: 'Bearer TOKEN' as printed is expected")
            try:
                return JSONResponse(act(await _document(request)))
            except BadInput as error:
                return _refused(422, str(error))

        return endpoint

    return Starlette(
        routes=[
            Route("/faults", guarded(lambda _: _now(patient)), methods=["GET"]),
            Route("/faults", guarded(lambda body: _set(patient, body)), methods=["PUT"]),
            Route("/reboot", guarded(lambda body: _reboot(patient, body)), methods=["POST"]),
            Route("/trip", guarded(lambda _: _trip(patient)), methods=["POST"]),
            Route("/measured", guarded(lambda _: patient.plant.measure()), methods=["GET"]),
        ]
    )


def _now(patient: Patient) -> object:
    return {**asdict(patient.plant.faults.current), "down": patient.plant.faults.down}


def _set(patient: Patient, body: object) -> object:
    measured = patient.plant.measure()
    patient.plant.faults.set(faults.from_document(body, tuple(measured)), measured)
    return _now(patient)


def _reboot(patient: Patient, body: object) -> object:
    seconds = faults.seconds(body)
    patient.plant.faults.shut_down(seconds)
    asyncio.get_running_loop().call_later(seconds, patient.power_up)
    return _now(patient)


def _trip(patient: Patient) -> object:
    patient.plant.trip()
    return _now(patient)


async def _document(request: Request) -> object:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > BODY_BYTES_MAX:
            raise BadInput(f"body: more than {BODY_BYTES_MAX} bytes are not allowed")
    if not content:
        return {}
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise BadInput("body: a JSON object is expected") from None


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)
