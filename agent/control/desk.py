"""What is wanted of the plant: the newest schedule, operators' wishes, a test, the end."""

import asyncio
import logging
import zlib
from collections.abc import Callable

from agent.control import evidence, steer
from agent.control.decide import Orders
from agent.control.observe import OBSERVE_S
from agent.injection import Injection
from agent.steering import FREE, Steering
from wire.clock import Clock, utc
from wire.order import Mode
from wire.schedule import Schedule
from wire.sync import Severity

LEAVING = Steering(Mode.STANDBY, None)
"""What is wanted of a plant that is being left."""

_logger = logging.getLogger(__name__)


class Desk:
    """Takes orders as they come in, and hands each cycle those that hold."""

    def __init__(
        self,
        site: str,
        clock: Clock,
        tell: Callable[[str, Severity, str, str], None],
        jitter_s: float = 0.0,
    ) -> None:
        """`jitter_s`: a schedule that ends a time without one begins up to so much later."""
        self.schedule: Schedule | None = None
        self.kept = False
        """What was latched before the start has been told."""
        self.at_rest = asyncio.Event()
        """The plant is being left, and nothing is asked of it any more."""
        self._site = site
        self._clock = clock
        self._tell = tell
        self._jitter_s = jitter_s
        self._steering = FREE
        self._injection: Injection | None = None
        self._leaving = False
        self._ready_s: float | None = None  # since when there has been a plant to command
        self._idle_until_s = 0.0

    def leave(self) -> None:
        """Bring the power to 0 by its ramp from the next beat on, whoever asks for what."""
        self._leaving = True

    def take_schedule(self, schedule: Schedule) -> None:
        """Follow `schedule` from the next beat on, unless it is not ours or not newer."""
        now = self.schedule
        if schedule.site != self._site:
            _logger.warning("a schedule for site %s is not followed", schedule.site)
            return
        if now is not None and not schedule.replaces(now):
            if schedule.version < now.version:
                text = "schedule %d is older than %d and is not followed"
                _logger.warning(text, schedule.version, now.version)
            return
        self._spread_start(schedule)
        self.schedule = schedule
        end = f"{utc(schedule.ends_us):%Y-%m-%d %H:%M} UTC"
        text = f"version {schedule.version}: {len(schedule.slots)} slots until {end}"
        self._tell("SCHEDULE_TAKEN", Severity.INFO, evidence.DEVICE, text)

    def take_steering(self, steering: Steering) -> None:
        """Do as operators want from the next beat on."""
        if steering != self._steering:
            self._steering = steering
            self._tell("STEERING_TAKEN", Severity.INFO, evidence.DEVICE, steer.text(steering))

    def take_injection(self, injection: Injection) -> None:
        """Answer a test's frequency for as long as the piece lasts."""
        self._injection = None if injection.too_far(self._clock.now_us()) else injection

    def orders(self, now_us: int, *, ready: bool) -> Orders:
        """Return what is wanted in this cycle.

        Args:
            now_us: the time that orders run by.
            ready: there is a plant to command.
        """
        if self._ready_s is None and ready:
            self._ready_s = asyncio.get_running_loop().time()
        return Orders(
            now_us=now_us,
            schedule=None if self._leaving else self.schedule,
            steering=LEAVING if self._leaving else self._steering,
            heard=self._leaving or self._heard(),
            kept=self._leaving or self.kept or self._late(),
            idle_until_s=self._idle_until_s,
            injection=self._injection,
        )

    def decided(self, setpoint_kw: float) -> None:
        """Note what was decided: a plant that is being left may have come to rest."""
        if self._leaving and setpoint_kw == 0.0:
            self.at_rest.set()

    def _heard(self) -> bool:
        """Say whether somebody has said what is wanted, or has had the time to."""
        return self.schedule is not None or self._steering != FREE or self._late()

    def _late(self) -> bool:
        """Say whether whoever had something to say has had the time to."""
        now_s = asyncio.get_running_loop().time()
        return self._ready_s is not None and now_s - self._ready_s > OBSERVE_S

    def _spread_start(self, schedule: Schedule) -> None:
        """Begin later after an outage, so that a fleet does not step together.

        By how much follows from site and version. A restart in the middle of a run is no outage.
        """
        now_us, before = self._clock.now_us(), self.schedule
        outage = self._heard() if before is None else before.slot_at(now_us) is None
        if self._jitter_s and outage:
            share = zlib.crc32(f"{self._site} {schedule.version}".encode()) / (1 << 32)
            self._idle_until_s = asyncio.get_running_loop().time() + share * self._jitter_s
