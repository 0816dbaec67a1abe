"""The writing half of a port: an inverter is taken over, told, looked after and given back.

A setpoint is written when it changes, when the device's time-out nears, and when supervision wants
it once more. What the device itself would do without us is read back after every taking over,
every start of the device and every day.
"""

import asyncio
import hashlib
import json
import logging
import math
from collections.abc import Mapping

from agent.control.assemble import Line
from drivers.base import FallsBack, Forgetful, Leaver, PowerSetter
from drivers.errors import DriverError

CALL_S_MAX = 2.0
"""Whatever a driver promises, no call takes longer."""
TAKE_OVER_AGAIN_S = 5.0
REFRESH_MARGIN_S = 0.5
SETPOINT_STEP_KW = 0.0005
"""A smaller change is no change."""
LOOK_AFTER_S = 86_400.0
"""A device's own time-out and fall-back are read back this often, and after its every start."""
FINGERPRINT_DIGITS = 16

_logger = logging.getLogger(__name__)


class Dispatch:
    """One inverter to be told; made by its port."""

    def __init__(self, device: str, setter: PowerSetter, beat_s: float) -> None:
        """`beat_s`: how far apart two chances to write may be."""
        self.in_charge = False
        """The device is taken over and has not been lost since."""
        self.written_kw: float | None = None
        """What it acknowledged last; None: nothing that may be relied upon."""
        self.written_s = -math.inf
        self.corrected: list[str] = []
        """What the device's own time-out and fall-back were instead of what was chosen; whoever
        tells it, clears it."""
        self.setter = setter
        self._device = device
        self._beat_s = beat_s
        self._taken_over = False
        self._take_over_s = -math.inf
        self._order_kw: float | None = None
        self._again = False
        self._looked_s = -math.inf
        """When the device was last looked after."""

    @property
    def unwatched(self) -> bool:
        """Say whether the device is known never to fall back by itself; somebody answers for it."""
        return isinstance(self.setter, FallsBack) and self.setter.fallback_s is None

    def line(self, now_s: float, *, lost: bool, fingerprint: str) -> Line:
        """Return what is known of the inverter beside its readings."""
        return Line(
            ready=self.in_charge,
            lost=lost,
            power_share_max=self.setter.power_share_max,
            written_kw=self.written_kw,
            written_age_s=now_s - self.written_s,
            fingerprint=fingerprint,
        )

    def decided(self, power_kw: float | None, *, again: bool, recheck: bool) -> None:
        """Take this beat's setpoint; see `agent.control.port.Port.decided`."""
        self._order_kw = power_kw
        self._again = self._again or again
        if recheck:
            self._looked_s = -math.inf

    def counted(self, before: float | None, now: float | None) -> None:
        """See whether the device has started anew without the line having broken: its life
        counter has gone backwards. Then it is looked after, and told once more."""
        if before is not None and now is not None and now < before:
            self._again, self._looked_s = True, -math.inf

    def lost(self) -> None:
        """Note that the device has been silent for so long that it is not ours any more."""
        self.in_charge = self._taken_over = False

    def silent(self) -> None:
        """Note that the line is down: nothing that was written may be relied upon."""
        self._taken_over = False
        self._take_over_s = -math.inf
        self.written_kw = None

    async def command(self) -> bool:
        """Take the device over where that is due, and write the newest order; say whether it was.

        Raises:
            DeviceUnreachable: the line is down or the device is silent.
            DeviceRefused: the device said no.
            TimeoutError: it took too long.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CALL_S_MAX):
            if not self._taken_over:
                if loop.time() < self._take_over_s:
                    return False
                self._take_over_s = loop.time() + TAKE_OVER_AGAIN_S
                await self.setter.take_over()
                self._taken_over = self.in_charge = True
                self._take_over_s = self._looked_s = -math.inf
            if loop.time() - self._looked_s >= LOOK_AFTER_S:
                await self._look_after()
            order_kw = self._order_kw
            if order_kw is None or not self._due(order_kw):
                return False
            if self._again and isinstance(self.setter, Forgetful):
                self.setter.forget()
            await self.setter.write_power_kw(order_kw)
        self.written_kw, self.written_s, self._again = order_kw, loop.time(), False
        return True

    async def leave(self) -> None:
        """Give the device back to its own mode, where it is ours; bounded by `CALL_S_MAX`."""
        if not self._taken_over or not isinstance(self.setter, Leaver):
            return
        self.lost()
        try:
            async with asyncio.timeout(CALL_S_MAX):
                await self.setter.leave()
        except (DriverError, TimeoutError) as error:
            _logger.warning("%s: not given back to its own mode: %s", self._device, error)
        else:
            _logger.info("%s: given back to its own mode", self._device)

    async def _look_after(self) -> None:
        """See that the device will fall back as it was chosen."""
        if isinstance(self.setter, FallsBack):
            self.corrected.extend(await self.setter.look_after())
        self._looked_s = asyncio.get_running_loop().time()

    def _due(self, order_kw: float) -> bool:
        """Say whether the setpoint must be written."""
        before_kw = self.written_kw
        if self._again or before_kw is None or abs(order_kw - before_kw) >= SETPOINT_STEP_KW:
            return True
        margin_s = REFRESH_MARGIN_S + self._beat_s
        age_s = asyncio.get_running_loop().time() - self.written_s
        return age_s >= self.setter.refresh_s - margin_s


def fingerprint(make: str, identity: Mapping[str, str]) -> str:
    """Return what tells one device from another: profile, firmware, serial number."""
    who = json.dumps([make, dict(identity)], sort_keys=True).encode()
    return hashlib.sha256(who).hexdigest()[:FINGERPRINT_DIGITS]
