"""One device as the cycle sees it: read when a beat asks, written when a decision is there.

Each port is one task that owns its driver, so a device that hangs delays nobody else: the cycle
asks, waits a little for those that are awake, and goes on. A decision made while a port was busy
reaches it as soon as it is awake; only the newest one counts.
"""

import asyncio
import logging
import math
from collections.abc import Iterator, Mapping, Sequence

from agent.control.assemble import Line
from agent.control.due import Due
from agent.control.quantity import Seen
from agent.control.timing import Timing
from agent.status import DeviceState
from drivers.base import Driver, Identified, Listener, PowerSetter, Rate
from drivers.errors import DeviceRefused, DeviceUnreachable
from wire.block import Quality, Reading
from wire.clock import Clock

LOST_AFTER_S = 1.5
"""Silence beyond the period of its polls after which a device counts as lost; the gateway needs
its time to pass it on."""
CALL_S_MAX = 2.0
"""Whatever a driver promises, no call takes longer."""
ONCE_AGAIN_S = 60.0
"""What is read after every connect is read again this often: a connection may change unnoticed."""
RETRY_S = 0.5
"""A device that is polled seldom is asked again this soon when it did not answer."""
LEAP_US_MIN = 100_000
"""The wall clock was set, rather than slewed."""
TAKE_OVER_AGAIN_S = 5.0
REFRESH_MARGIN_S = 0.5
SETPOINT_STEP_KW = 0.0005
"""A smaller change is no change."""

_logger = logging.getLogger(__name__)


class Port:
    """A device, its newest readings and its setpoint."""

    def __init__(
        self,
        device: str,
        driver: Driver,
        clock: Clock,
        timing: Timing | None = None,
        offset_s: float = 0.0,
    ) -> None:
        """Make the port of `driver`; `offset_s` keeps devices from all being polled at once."""
        self.device = device
        self.seen: Mapping[str, Seen] = {}
        """Replaced, never mutated: by point, in the order of the profile."""
        self.lost = False
        """No answer for `LOST_AFTER_S`; judged by `look`."""
        self.refused = ""
        """What the device said no to, last; empty: nothing, or it has agreed since."""
        self.in_charge = False
        """The device is taken over and has not been lost since."""
        self.complete = False
        """The device has told, once at least, all that it has."""
        self.identity: Mapping[str, str] = {}
        """What the device said of itself, last; empty: nothing yet."""
        self._written_kw: float | None = None
        self._driver = driver
        self._setter = driver if isinstance(driver, PowerSetter) else None
        self._clock = clock
        self._timing = timing
        pace = driver.pace
        self._fast, self._slow = Due(pace.fast_s, offset_s), Due(pace.slow_s, offset_s)
        self._once = Due(ONCE_AGAIN_S, offset_s)
        self._stale_after_s = {
            Rate.FAST: pace.stale_fast_s,
            Rate.SLOW: pace.stale_slow_s,
            Rate.ONCE: math.inf,
        }
        self._lost_after_s = LOST_AFTER_S + pace.fast_s
        self._rates: dict[str, Rate] = {}
        self._trouble = ""
        self._heard_s: float | None = None
        self._answered_us: int | None = None
        self._taken_over = False
        self._take_over_s = -math.inf
        self._written_s = -math.inf
        self._order_kw: float | None = None
        self._idle = False
        self._asked, self._fresh, self._decided = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @property
    def takes_power(self) -> bool:
        return self._setter is not None

    @property
    def power_share_max(self) -> float:
        """Return the share of the rated power that the device may be asked for."""
        return 1.0 if self._setter is None else self._setter.power_share_max

    def line(self, now_s: float) -> Line:
        """Return what is known of an inverter beside its readings."""
        return Line(
            ready=self.in_charge,
            lost=self.lost,
            power_share_max=self.power_share_max,
            written_kw=self._written_kw,
            written_age_s=now_s - self._written_s,
        )

    def ask(self, now_s: float) -> bool:
        """Start a reading if one is due; say whether waiting for it makes sense."""
        if not self._idle or not (self._fast.now(now_s) or self._slow.now(now_s)):
            return False
        self._idle = False
        self._fresh.clear()
        self._decided.clear()
        self._asked.set()
        return True

    def tell(self, readings: Sequence[Reading]) -> None:
        """Hand over what the device told another part of the agent, where it is of that kind."""
        if isinstance(self._driver, Listener):
            self._driver.tell(readings)

    async def fresh(self) -> None:
        """Wait until the reading that was asked for is over, well or badly."""
        await self._fresh.wait()

    def decided(self, power_kw: float | None) -> None:
        """Hand over this beat's setpoint; None: nothing is to be written."""
        self._order_kw = power_kw
        self._decided.set()

    def look(self, now_s: float) -> None:
        """Judge whether the device is lost."""
        if self._heard_s is None:
            self._heard_s = now_s  # never yet: silence counts from the first look
        self.lost = now_s - self._heard_s > self._lost_after_s
        if self.lost:
            self.in_charge = self._taken_over = False

    def state(self) -> DeviceState:
        return DeviceState(
            device=self.device,
            connected=self._answered_us is not None and not self.lost,
            answered_us=self._answered_us,
            trouble=self._trouble or self.refused,
        )

    def readings(self, now_s: float) -> Iterator[Reading]:
        """Yield the newest readings; old ones are marked, and all of a lost device are old."""
        for point, seen in self.seen.items():
            reading = seen.newest
            if not self.lost and now_s - seen.seen_s <= self._stale_after_s[self._rates[point]]:
                yield reading
            elif reading.quality is Quality.GOOD:
                yield Reading(point, reading.value, Quality.STALE, reading.at_us)
            else:
                yield Reading(point, None, Quality.LOST, reading.at_us)

    async def run(self) -> None:
        """Serve the beats until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._idle = True
            await self._asked.wait()
            self._asked.clear()
            began_s = loop.time()
            fast = self._fast.take(began_s)
            answered = await self._read(Rate.FAST) if fast else True
            self._fresh.set()
            await self._decided.wait()
            if fast and answered and self._setter is not None:
                await self._command(self._setter, began_s)
            if answered and self._slow.take(loop.time()):
                answered = await self._read(Rate.SLOW)
                told = answered and not self.refused and bool(self.seen)
                self.complete = self.complete or told
            if answered and self._answered_us is not None and self._once.take(loop.time()):
                await self._read(Rate.ONCE)
                self._identify()

    async def _read(self, rate: Rate) -> bool:
        """Take one reading in; say whether the device answered."""
        shift_us = self._shift_us()
        try:
            async with asyncio.timeout(CALL_S_MAX):
                readings = await self._driver.read(rate)
        except (DeviceUnreachable, TimeoutError) as error:
            self._silent(error)
            return False
        except DeviceRefused as error:
            self._refuses(error)
            self._take((), rate, shift_us)
            return True
        self.refused = self.refused if self.takes_power else ""
        if readings:
            self._take(readings, rate, shift_us)
        elif rate is Rate.FAST:  # nothing was asked, so nothing was answered
            self._lost_after_s = LOST_AFTER_S + self._driver.pace.slow_s
        return True

    def _shift_us(self) -> float:
        """Return how far the wall clock is ahead of the event loop's."""
        return self._clock.now_us() - asyncio.get_running_loop().time() * 1e6

    def _take(self, readings: Sequence[Reading], rate: Rate, shift_us: float) -> None:
        """Note what the device answered, each value as old as it says.

        Where the wall clock was set forward since `shift_us` was taken, what was read before that
        is no older for it.
        """
        now_s, now_us = asyncio.get_running_loop().time(), self._clock.now_us()
        leap_us = self._shift_us() - shift_us
        seen = dict(self.seen)
        for reading in readings:
            age_us = max(0, now_us - reading.at_us)
            if leap_us > LEAP_US_MIN and age_us >= leap_us:
                age_us -= round(leap_us)
            at_s = now_s - age_us / 1e6
            before = seen.get(reading.point) or Seen(reading, at_s)
            seen[reading.point] = before.followed_by(reading, at_s)
            self._rates[reading.point] = rate
        self.seen = seen
        self._heard_s, self._answered_us = now_s, now_us
        if self._trouble:
            _logger.info("%s: answers again", self.device)
            self._trouble = ""

    def _identify(self) -> None:
        if isinstance(self._driver, Identified):
            self.identity = dict(self._driver.identity) or self.identity

    async def _command(self, setter: PowerSetter, began_s: float) -> None:
        """Take the device over where that is due, and write the newest order."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CALL_S_MAX):
                if not self._taken_over:
                    if loop.time() < self._take_over_s:
                        return
                    self._take_over_s = loop.time() + TAKE_OVER_AGAIN_S
                    await setter.take_over()
                    self._taken_over = self.in_charge = True
                    self._take_over_s = -math.inf
                order_kw = self._order_kw
                if order_kw is None or not self._due(order_kw, setter.refresh_s):
                    return
                await setter.write_power_kw(order_kw)
        except (DeviceUnreachable, TimeoutError) as error:
            self._silent(error)
            return
        except DeviceRefused as error:
            self._refuses(error)
            return
        self._written_kw, self._written_s = order_kw, loop.time()
        self.refused = ""
        if self._timing is not None:
            self._timing.wrote(self._written_s - began_s)

    def _due(self, order_kw: float, refresh_s: float) -> bool:
        """Say whether the setpoint must be written: it changed, or the device's time-out nears."""
        if self._written_kw is None or abs(order_kw - self._written_kw) >= SETPOINT_STEP_KW:
            return True
        margin_s = REFRESH_MARGIN_S + self._driver.pace.fast_s
        return asyncio.get_running_loop().time() - self._written_s >= refresh_s - margin_s

    def _silent(self, error: Exception) -> None:
        """The line is down: nothing that was written may be relied upon."""
        trouble = str(error) or f"silent for {CALL_S_MAX:g} s"
        if not self._trouble:
            _logger.warning("%s: no answer: %s", self.device, trouble)
        self._trouble = trouble
        self._once.again()
        retry_s = asyncio.get_running_loop().time() + RETRY_S
        self._fast.by(retry_s)
        self._slow.by(retry_s)
        self._taken_over = False
        self._take_over_s = -math.inf
        self._written_kw = None

    def _refuses(self, error: DeviceRefused) -> None:
        self.refused = str(error) or "refused"
        self._written_kw = None
