"""A device with an HTTP API: polled in a task of its own, dispatched by request and re-reading."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from drivers.base import Driver
from drivers.beside import beside
from drivers.document import open_document
from drivers.errors import DeviceRefused, DeviceUnreachable
from drivers.payload import BadPayload, find, instant_us, number
from drivers.rest.client import Api, Missing
from drivers.rest.config import RestConfig
from drivers.rest.profile import Control, Item, RestProfile, Times, read_profile
from drivers.tag import Tag
from drivers.told import Told, back_off_s
from wire.clock import Clock
from wire.points import unit_of

_LOOK_AGAIN_S = 0.1
_SLACK_S = 2.0


class RestDevice(Told):
    """A `drivers.base.Driver`; `run` fills it."""

    def __init__(self, device: str, profile: RestProfile, api: Api, clock: Clock) -> None:
        slowest_s = max(profile.periods_s.values(), default=profile.slow_s)
        silent_s = slowest_s + profile.timeout_s + _SLACK_S
        tags = [item.tag for item in profile.items]
        super().__init__(device, tags, clock, profile.pace, silent_s)
        self.profile = profile
        self._api = api

    async def run(self) -> None:
        """Poll every resource at its own pace until cancelled."""
        loop = asyncio.get_running_loop()
        periods_s = self.profile.periods_s
        due_s = dict.fromkeys(periods_s, -math.inf)
        failures = 0
        while True:
            resource = min(due_s, key=due_s.__getitem__)
            await asyncio.sleep(due_s[resource] - loop.time())
            began_s = loop.time()
            try:
                await self._poll(resource)
            except DeviceUnreachable as error:
                self.gone(str(error))
                due_s = dict.fromkeys(periods_s, loop.time() + back_off_s(failures))
                failures += 1
            else:
                failures = 0
                due_s[resource] = max(loop.time(), began_s + periods_s[resource])

    async def _poll(self, resource: str) -> None:
        items = [item for item in self.profile.items if item.resource == resource]
        try:
            document = await self._api.get(resource)
            now_us = self._clock.now_us()
            at_us = self._instant(document, now_us)
        except (Missing, BadPayload) as error:
            self.refuse(str(error))
            now_us = self._clock.now_us()
            for item in items:
                self.newest.put(item.tag.name, None, now_us, now_us)
        else:
            for item in items:
                self.newest.put(item.tag.name, self._value(item, document), at_us, now_us)
        self.heard()

    def _instant(self, document: object, now_us: int) -> int:
        if self.profile.times is Times.ARRIVAL:
            return now_us
        at_us, _ = instant_us(find(document, self.profile.timestamp), now_us)
        return at_us

    def _value(self, item: Item, document: object) -> float | None:
        """Return the point's value; None where there is none that can be used."""
        raw = find(document, item.path)
        if isinstance(raw, bool) and not unit_of(item.tag.name):
            raw = int(raw)  # yes and no are values of a point without a unit
        try:
            return item.tag.value(number(raw, texts=self.profile.texts))
        except BadPayload:
            return None


class RestInverter(RestDevice):
    """A device that also takes power: a `drivers.base.PowerSetter`."""

    def __init__(
        self, device: str, profile: RestProfile, control: Control, api: Api, clock: Clock
    ) -> None:
        super().__init__(device, profile, api, clock)
        self._control = control

    @property
    def refresh_s(self) -> float:
        return self._control.refresh_s

    @property
    def power_share_max(self) -> float:
        return self.profile.power_share_max

    async def take_over(self) -> None:
        """See `drivers.base.PowerSetter`."""
        for order in self._control.start:
            await self._api.send(order.method, order.resource, order.body.encode())
        if self._control.readback is not None:
            await self._shown(self._control.readback)

    async def write_power_kw(self, power_kw: float) -> None:
        """See `drivers.base.PowerSetter`; the device must show what it was told."""
        control = self._control
        _check(control.setpoint, power_kw)
        order = control.order
        await self._api.send(order.method, order.resource, control.body(power_kw))
        if control.readback is None:
            return
        loop = asyncio.get_running_loop()
        until_s = loop.time() + control.confirm_s
        while True:
            shown_kw = await self._shown(control.readback)
            if shown_kw is not None and abs(shown_kw - power_kw) <= control.tolerance_kw:
                return
            if loop.time() >= until_s:
                shown = "nothing" if shown_kw is None else f"{shown_kw:g} kW"
                raise DeviceRefused(
                    f"{control.setpoint.name}: the device shows {shown} after {power_kw:g} kW"
                )
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def _shown(self, item: Item) -> float | None:
        try:
            return self._value(item, await self._api.get(item.resource))
        except (Missing, BadPayload) as error:
            raise DeviceRefused(f"{item.tag.name}: {error}") from error


def _check(setpoint: Tag, power_kw: float) -> None:
    low, high = setpoint.low, setpoint.high
    if (low is not None and power_kw < low) or (high is not None and power_kw > high):
        raise DeviceRefused(
            f"{setpoint.name}: {power_kw:g} is not allowed;"
            f" {-math.inf if low is None else low:g} to {math.inf if high is None else high:g}"
        )


def open_rest(config: RestConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the device; it is polled in the background.

    Raises:
        ProfileError: the profile or the file of certificates cannot be used.
    """
    profile = read_profile(open_document(config.profile, config.override))
    return _opened(config.id, profile, Api(config, profile.timeout_s), clock)


@asynccontextmanager
async def _opened(
    device: str, profile: RestProfile, api: Api, clock: Clock
) -> AsyncIterator[RestDevice]:
    if profile.control is None:
        driver = RestDevice(device, profile, api, clock)
    else:
        driver = RestInverter(device, profile, profile.control, api, clock)
    try:
        async with beside(driver.run(), "rest"):
            yield driver
    finally:
        await api.close()
