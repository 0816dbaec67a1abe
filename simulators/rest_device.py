"""An inverter with an HTTP API, from the profile that the driver uses and a plant behind it.

Every point of the profile lies in the document of its resource, in the device's own unit. A
set-point commands the plant; without one for as long as the profile's watchdog says, the
plant falls back to 0 kW.
"""

import asyncio
import hmac
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from drivers.payload import BadPayload, find, number, parse, steps_of
from drivers.rest.profile import PLACE, Control, RestProfile, Times
from simulators.errors import BadInput
from simulators.http import serving
from simulators.json_places import leaves, put
from simulators.plant import Plant
from wire.clock import Clock, utc

BODY_BYTES_MAX = 4_096
SILENCE_S = 30.0
"""So long does a request hang that gets no answer."""
_MARK = 987_654_321
"""Stands for the set-point where its place in the template is looked for."""


class RestDevice:
    """What the device answers."""

    def __init__(
        self,
        profile: RestProfile,
        plant: Plant,
        clock: Clock,
        *,
        watchdog_s: float,
        token: str = "",
    ) -> None:
        """`watchdog_s`: 0 for none; `token`: what a client must send as Bearer, empty for none."""
        for item in profile.items:
            if any(isinstance(step, tuple) for step in steps_of(item.path)):
                raise BadInput(f"{item.tag.name}: {item.path!r} cannot be served, only read")
        self.plant = plant
        self._profile = profile
        self._clock = clock
        self._watchdog_s = watchdog_s
        self._token = token
        self._set_kw = 0.0

    def power_up(self) -> None:
        """Forget everything that was written."""
        self._set_kw = 0.0
        self._obey(enabled=False)

    def knows(self, request: Request) -> bool:
        said = request.headers.get("authorization", "")
        return not self._token or hmac.compare_digest(said, f"Bearer {self._token}")

    def document(self, resource: str) -> object:
        """Return what GET tells at a resource."""
        measured = {**self.plant.measure(), "pcs.set_power_kw": self._set_kw}
        document: dict[str, object] = {}
        for item in self._profile.items:
            if item.resource == resource:
                put(document, steps_of(item.path), item.tag.raw(measured.get(item.tag.name, 0.0)))
        if self._profile.times is Times.SOURCE:
            stamp = utc(self._clock.now_us()).isoformat().replace("+00:00", "Z")
            put(document, steps_of(self._profile.timestamp), stamp)
        return document

    def order(self, control: Control, body: bytes) -> None:
        """Take a set-point; raises BadPayload for what is none."""
        template = parse(control.order.body.replace(PLACE, str(_MARK)).encode())
        path = next(path for path, value in leaves(template, "") if value == _MARK)
        power_kw = control.setpoint.value(number(find(parse(body), path)))
        if power_kw is None:
            raise BadPayload("the power is beyond what this device can do")
        self._set_kw = power_kw
        self._obey(enabled=True)

    def _obey(self, *, enabled: bool) -> None:
        command = replace(
            self.plant.command,
            power_kw=self._set_kw,
            enabled=enabled,
            timeout_s=self._watchdog_s,
            reversion_kw=0.0,
        )
        self.plant.obey(command, fresh=True)


@asynccontextmanager
async def serve(
    device: RestDevice, profile: RestProfile, host: str, port: int
) -> AsyncIterator[int]:
    """Serve the device until the block ends; the value is the port.

    Raises:
        OSError: the port is taken.
    """
    async with serving(_application(device, profile), host, port) as bound:
        yield bound


def _application(device: RestDevice, profile: RestProfile) -> Starlette:
    async def get(request: Request) -> Response:
        return JSONResponse(device.document(_resource(request)))

    async def order(request: Request) -> Response:
        assert profile.control is not None
        try:
            device.order(profile.control, await _body(request))
        except BadPayload as error:
            return JSONResponse({"message": str(error)}, status_code=422)
        return JSONResponse({})

    async def start(_request: Request) -> Response:
        return JSONResponse({})

    paths = {resource.partition("?")[0] for resource in profile.periods_s}
    routes = [Route(path, _faulty(device, get), methods=["GET"]) for path in sorted(paths)]
    if profile.control is not None:
        told = profile.control.order
        where = told.resource.partition("?")[0]
        routes.append(Route(where, _faulty(device, order), methods=[told.method.value]))
        routes += [
            Route(each.resource, _faulty(device, start), methods=[each.method.value])
            for each in profile.control.start
        ]
    return Starlette(routes=routes)


def _faulty(
    device: RestDevice, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint with what is wrong with the device."""

    async def answered(request: Request) -> Response:
        if not device.knows(request):
            return JSONResponse({"message": "a token is expected"}, status_code=401)
        faults = device.plant.faults.current
        await asyncio.sleep(faults.delay_s)
        if faults.drop or device.plant.faults.down:
            await asyncio.sleep(SILENCE_S)
        if faults.exception:
            return JSONResponse({"message": "out of order"}, status_code=500)
        if faults.garbage:
            return Response(os.urandom(64), media_type="application/json")
        return await endpoint(request)

    return answered


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise BadPayload(f"more than {BODY_BYTES_MAX} bytes")
    return body


def _resource(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")
