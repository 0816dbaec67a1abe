"""The cycle: gather → decide → write, on a fixed beat, whatever the devices do.

The gather phase waits a share of the beat for the devices that are awake and then decides on what
is known; how old that is, is part of the decision. What happens on the way (a device lost, a
mode changed, a schedule taken) becomes an event, told once.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.control import evidence
from agent.control.assemble import plant_state
from agent.control.between import Between
from agent.control.decide import STARTING, Memory, Rules, decide
from agent.control.desk import Desk
from agent.control.evidence import Record
from agent.control.interlocks import plant as guards
from agent.control.interlocks.clock import Hold, held
from agent.control.metronome import Metronome
from agent.control.outbox import Outbox
from agent.control.picture import picture
from agent.control.plant import CLOCK_ERROR_S
from agent.control.port import Port
from agent.control.pulse import stalled
from agent.control.recall import taken
from agent.control.samples import Samples
from agent.control.sources import FREQUENCY, Sources
from agent.control.timing import Timing
from agent.control.watch import Watch
from agent.control.witness import Witness
from agent.link import ClockVerdict, Kept, Recall, Reset
from agent.status import Status
from agent.timekeeping import SteadyClock
from wire.report import ClockState
from wire.sync import EVENT_TEXT_MAX, Event, Severity

GATHER_SHARE = 0.4
"""Of a beat: how long the decision waits for readings."""
WRITE_SHARE = 0.2
"""Of a beat: how long everything else waits, after the decision, for its setpoint to be written."""
HOUSEKEEPING_S = 1.0
"""How often, between two beats, the process tidies up and says that it lives."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plain values that the cycle runs by."""

    site: str
    boot: str
    rules: Rules
    sources: tuple[Sources, ...]
    """One for each unit, in the order of `rules.limits.units`."""
    period_s: float
    record_period_s: float
    jitter_s: float = 0.0
    """A schedule that ends a time without one begins up to so much later."""
    frequency_period_s: float | None = None
    """How often the frequency is looked at between two beats; None: never."""

    def tells_frequency(self, device: str) -> bool:
        """Say whether the device is a meter of the grid's frequency."""
        return device in self.sources[0].of(FREQUENCY)


class Cycle:
    """Owns the decision; the ports own the devices, the outbox what is to be kept."""

    def __init__(
        self,
        plan: Plan,
        ports: Sequence[Port],
        outbox: Outbox,
        clock: SteadyClock,
        housekeeping: Callable[[], None],
        timing: Timing | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.metronome = Metronome(plan.period_s)
        self._plan = plan
        self._ports = tuple(ports)
        self._setters = tuple(
            next(port for port in ports if port.device == unit.setter) for unit in plan.sources
        )
        self._outbox = outbox
        self._witness = witness or Witness(outbox, plan.boot)
        self._clock = clock
        self._correction_us = 0
        self._clock_error_s: float | None = None
        self._clock_fix_s: float | None = None
        self._hold = Hold()
        self._housekeeping = housekeeping
        self._timing = timing
        self._memory = Memory()
        self._record: Record | None = None
        self._mode = STARTING
        self._watcher = Watch(self._tell)
        self._between = Between(
            [port for port in ports if port.dispatch is None and plan.tells_frequency(port.device)],
            self._setters,
            plan.frequency_period_s,
        )
        self._samples = Samples(self._ports, self._witness)
        self._desk = desk = Desk(plan.site, clock, self._tell, plan.jitter_s)
        self.take_schedule, self.take_steering = desk.take_schedule, desk.take_steering
        self.take_injection, self.leave, self.at_rest = (
            desk.take_injection,
            desk.leave,
            desk.at_rest,
        )
        self.quiet = True
        """This beat's setpoint has had its time to be written."""

    async def run(self) -> None:
        """Beat until cancelled."""
        per_record = max(1, round(self._plan.record_period_s / self._plan.period_s))
        per_housekeeping = max(1, round(HOUSEKEEPING_S / self._plan.period_s))
        async for late_s in self.metronome.beats():
            self.quiet = False
            if self._timing is not None:
                self._timing.woke(late_s)
            self._set_clock()
            await self._gather()
            self._decide()
            await asyncio.sleep(self._plan.period_s * WRITE_SHARE)  # then comes what can wait
            self.quiet = True
            self._watch()
            self._witness.beat(self._record, self.metronome.missed)
            await self._keep(due=self.metronome.count % per_record == 0)
            if self.metronome.count % per_housekeeping == 1 % per_housekeeping:
                self._tidy()
            await self._between.run(self.metronome.next_s, self._answered_hz, self._decide)

    def take_clock(self, verdict: ClockVerdict) -> None:
        """Count by what the gateway found out about the time, from the next beat on."""
        if verdict.state is not ClockState.UNKNOWN:
            self._correction_us = verdict.correction_us
            self._clock_fix_s = asyncio.get_running_loop().time()
        measured_us = verdict.error_us
        self._clock_error_s = (
            CLOCK_ERROR_S[verdict.state] if measured_us is None else measured_us / 1e6
        )

    def take_kept(self, kept: Kept) -> None:
        """Hold what was latched before the start, and believe what was proved."""
        self._desk.kept = True
        units = [unit.setter for unit in self._plan.sources]
        self._memory = replace(
            self._memory, guard=guards.told(self._memory.guard, kept.latches, kept.proved, units)
        )

    def take_recall(self, recall: Recall) -> None:
        """Go on with what the run before knew of its products, if that is not long ago."""
        self._memory = taken(self._memory, recall, asyncio.get_running_loop().time())

    def take_reset(self, reset: Reset) -> None:
        """Judge everything of this code anew from the next beat on."""
        self._memory = replace(self._memory, guard=guards.reset(self._memory.guard, (reset.code,)))
        self._tell("LATCH_RESET", Severity.INFO, evidence.DEVICE, f"{reset.code} was reset")

    def report_dropped(self, count: int) -> None:
        """Say that the outbox was too small for the time the gateway was away."""
        text = f"{count} samples and events were dropped while the gateway was away"
        self._tell("OUTBOX_DROPPED", Severity.WARNING, evidence.DEVICE, text)

    def report_no_priority(self) -> None:
        """Say that the beat may come late under load."""
        text = "no real-time scheduling: the beat may come late under load"
        self._tell("NO_REAL_TIME", Severity.WARNING, evidence.DEVICE, text)

    def status(self) -> Status | None:
        """Return the newest picture; None before the first decision."""
        if self._record is None:
            return None
        return picture(
            self._record,
            self._ports,
            self._desk.schedule,
            self._memory,
            self.metronome,
            self._outbox,
            asyncio.get_running_loop().time(),
        )

    def _set_clock(self) -> None:
        """Follow the system's clock between two samples, never within one."""
        if (step := self._clock.correct(self._correction_us)) is not None:
            text = f"the clock was set {step}"
            if self._correction_us:
                text += f", {self._correction_us / 1e6:+.1f} s from the system's"
            self._tell("CLOCK_STEPPED", Severity.WARNING, evidence.DEVICE, text)

    def _orders_us(self, now_us: int, now_s: float) -> int:
        """Return the time that orders run by: a leap that nobody has judged yet is not followed."""
        before = self._hold
        orders_us, self._hold = held(now_us, now_s, self._clock_fix_s, before)
        if self._hold.since_s is not None and before.since_s is None:
            text = "the clock has leapt: orders go on by the time before, until it is judged"
            self._tell("CLOCK_HELD", Severity.WARNING, evidence.DEVICE, text)
        return orders_us

    async def _gather(self) -> None:
        """Ask all devices, and wait a little for those that were awake."""
        now_s = asyncio.get_running_loop().time()
        asked = [port for port in self._ports if port.ask(now_s)]
        try:
            async with asyncio.timeout(self._plan.period_s * GATHER_SHARE):
                for port in asked:
                    await port.fresh()
        except TimeoutError:
            return

    def _decide(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for port in self._ports:
            port.look(now_s)
        plant = plant_state(
            {port.device: port.seen for port in self._ports},
            self._plan.sources,
            {port.device: port.line(now_s) for port in self._setters},
            now_s=now_s,
            complete={port.device for port in self._ports if port.complete},
            clock_error_s=self._clock_error_s,
        )
        now_us = self._clock.now_us()
        orders = self._desk.orders(self._orders_us(now_us, now_s), ready=plant.ready)
        decision, self._memory = decide(plant, orders, self._plan.rules, self._memory)
        told = {unit.unit: unit.power_kw for unit in decision.units}
        memories = self._memory.guard.units
        for port in self._ports:
            if (memory := memories.get(port.device)) is None:
                port.curtailed(decision.pv_limit_kw)
                continue
            anew = memory.inverter
            port.decided(told.get(port.device), again=anew.again, recheck=anew.recheck)
        self._record = Record(at_us=now_us, plant=plant, decision=decision)
        self._desk.decided(decision.setpoint_kw)

    def _answered_hz(self) -> float | None:
        """Return the frequency that was decided on last; None: no product answers it."""
        decision = None if self._record is None else self._record.decision
        if decision is None or not any(product.armed for product in decision.products):
            return None
        return None if decision.frequency is None else decision.frequency.hz

    def _tidy(self) -> None:
        """Say that control lives, which it does only while every device's task moves on."""
        if hung := stalled(self._ports, asyncio.get_running_loop().time()):
            _logger.error("%s: its task hangs; the watchdog is not fed", hung)
            return
        self._housekeeping()

    def _watch(self) -> None:
        """Turn what has changed since the last beat into events."""
        for port in self._ports:
            self._watcher.look(port)
        self._watcher.supervise(self._memory.guard)
        if (record := self._record) is None:
            return
        self._watcher.answer(record.decision, record.plant.at_s)
        if record.decision.mode != self._mode:
            self._outbox.put(evidence.mode_changed(self._mode, record))
            _logger.info("mode %s → %s", self._mode, record.decision.mode)
            self._mode = record.decision.mode

    async def _keep(self, *, due: bool) -> None:
        now_us = self._clock.now_us()
        await self._samples.keep(now_us, due=due)
        if due and self._record is not None:
            self._witness.keep(evidence.DEVICE, now_us, evidence.readings(self._record))

    def _tell(self, code: str, severity: Severity, source: str, text: str) -> None:
        at_us, cut = self._clock.now_us(), text[:EVENT_TEXT_MAX]
        self._outbox.put(Event(at_us=at_us, code=code, severity=severity, source=source, text=cut))
        level = logging.INFO if severity is Severity.INFO else logging.WARNING
        _logger.log(level, "%s %s: %s", source, code, text)
