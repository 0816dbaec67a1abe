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
from agent.control.dispatch import CALL_S_MAX, Dispatch, fingerprint
from agent.control.due import Due
from agent.control.quantity import Seen
from agent.control.timing import Timing
from agent.status import DeviceState
from drivers.base import Driver, Identified, Listener, PowerSetter, PvLimiter, Rate
from drivers.errors import DeviceRefused, DeviceUnreachable
from wire.block import Reading
from wire.clock import Clock

LOST_AFTER_S = 1.5
"""Silence beyond the period of its polls after which a device counts as lost; the gateway needs
its time to pass it on."""
ONCE_AGAIN_S = 60.0
"""What is read after every connect is read again this often: a connection may change unnoticed."""
RETRY_S = 0.5
"""A device that is polled seldom is asked again this soon when it did not answer."""
LEAP_US_MIN = 100_000
"""The wall clock was set, rather than slewed."""
UPTIME = "pcs.counter"
"""Where it goes backwards, the device has started anew."""

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
        make: str = "",
    ) -> None:
        """Make the port of `driver`, which nobody else may call; `timing` counts its writes.

        `offset_s` keeps devices from all being polled at once; `make` is what the profile and its
        changes amount to, for the fingerprint.
        """
        self.device = device
        self.seen: Mapping[str, Seen] = {}
        """Replaced, never mutated: by point, in the order of the profile."""
        self.lost = False
        """No answer for `LOST_AFTER_S`; judged by `look`."""
        self.refused = ""
        """What the device said no to, last; empty: nothing, or it has agreed since."""
        self.complete = False
        """The device has told, once at least, all that it has."""
        self.identity: Mapping[str, str] = {}
        """What the device said of itself, last; empty: nothing yet."""
        self.fingerprint = ""
        """Of profile and identity; empty: the device has not been asked who it is yet."""
        self.meter: Port | None = None
        """The device that measures independently of this one, where a self-test needs it."""
        self._driver = driver
        pace = driver.pace
        self.dispatch: Dispatch | None = None
        """None: the device takes no power."""
        if isinstance(driver, PowerSetter):
            self.dispatch = Dispatch(device, driver, pace.fast_s)
        self._clock = clock
        self._timing = timing
        self._make = make
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
        self._idle = False
        self._hurry_s: float | None = None
        self._moved_s = math.inf
        self._asked, self._fresh, self._decided = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def line(self, now_s: float) -> Line:
        """Return what is known of an inverter beside its readings."""
        if self.dispatch is None:
            return Line(lost=self.lost)
        return self.dispatch.line(now_s, lost=self.lost, fingerprint=self._proof())

    def _proof(self) -> str:
        """Return what a self-test is passed with: this device's and the meter's fingerprint."""
        if self.meter is None:
            return self.fingerprint
        both = self.fingerprint and self.meter.fingerprint
        return f"{self.fingerprint}-{self.meter.fingerprint}" if both else ""

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

    def hurry(self, since_s: float) -> None:
        """Have the next setpoint written without a reading before it, if the device is awake."""
        if self._idle:
            self._idle, self._hurry_s = False, since_s
            self._decided.clear()
            self._asked.set()

    def busy_s(self, now_s: float) -> float:
        """Return for how long the port has been at one thing; 0 or less while it is at none."""
        return 0.0 if self._idle else now_s - self._moved_s

    async def fresh(self) -> None:
        """Wait until the reading that was asked for is over, well or badly."""
        await self._fresh.wait()

    def decided(
        self, power_kw: float | None, *, again: bool = False, recheck: bool = False
    ) -> None:
        """Hand over this beat's setpoint; None: nothing is to be written.

        Args:
            power_kw: sign as in `wire`.
            again: it is written whole though it may not have changed.
            recheck: the device's own time-out and fall-back are looked after, too.
        """
        if self.dispatch is not None:
            self.dispatch.decided(power_kw, again=again, recheck=recheck)
        self.release()

    def curtailed(self, pv_limit_kw: float | None) -> None:
        """Hand over what the PV of a device that takes no setpoint may produce; None: all."""
        if isinstance(self._driver, PvLimiter):
            self._driver.limit_pv(pv_limit_kw)
        self.release()

    def release(self) -> None:
        """Let the port go on: nothing more is to come in this turn."""
        self._decided.set()

    def look(self, now_s: float) -> None:
        """Judge whether the device is lost."""
        if self._heard_s is None:
            self._heard_s = now_s  # never yet: silence counts from the first look
        self.lost = now_s - self._heard_s > self._lost_after_s
        if self.lost and self.dispatch is not None:
            self.dispatch.lost()

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
            limit_s = self._stale_after_s[self._rates[point]]
            yield seen.shown(fresh=not self.lost and now_s - seen.seen_s <= limit_s)

    async def run(self) -> None:
        """Serve the beats until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._idle = True
            await self._asked.wait()
            self._asked.clear()
            began_s = loop.time()
            if self._hurry_s is None:
                fast = self._fast.take(began_s)
                answered = await self._read(Rate.FAST) if fast else True
            else:
                began_s, self._hurry_s, fast, answered = self._hurry_s, None, True, True
            self._fresh.set()
            await self._decided.wait()
            if fast and answered and self.dispatch is not None:
                await self._command(self.dispatch, began_s)
            if answered and self._slow.take(loop.time()):
                answered = await self._read(Rate.SLOW)
                told = answered and not self.refused and bool(self.seen)
                self.complete = self.complete or told
            if answered and self._answered_us is not None and self._once.take(loop.time()):
                await self._read(Rate.ONCE)
                self._identify()

    async def _read(self, rate: Rate) -> bool:
        """Take one reading in; say whether the device answered."""
        self._moved_s = asyncio.get_running_loop().time()
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
        self.refused = self.refused if self.dispatch is not None else ""
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
            if reading.point == UPTIME and self.dispatch is not None:
                self.dispatch.counted(before.good_value, reading.value)
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
        self.fingerprint = fingerprint(self._make, self.identity)

    async def leave(self) -> None:
        """Give the device back to its own mode, where it is ours; to be called after `run`."""
        if self.dispatch is not None:
            await self.dispatch.leave()

    async def _command(self, dispatch: Dispatch, began_s: float) -> None:
        self._moved_s = asyncio.get_running_loop().time()
        try:
            written = await dispatch.command()
        except (DeviceUnreachable, TimeoutError) as error:
            self._silent(error)
        except DeviceRefused as error:
            self._refuses(error)
        else:
            self.refused = "" if written else self.refused
            if written and self._timing is not None:
                self._timing.wrote(dispatch.written_s - began_s)

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
        if self.dispatch is not None:
            self.dispatch.silent()

    def _refuses(self, error: DeviceRefused) -> None:
        self.refused = str(error) or "refused"
        if self.dispatch is not None:
            self.dispatch.written_kw = None
