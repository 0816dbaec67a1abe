"""Finds out what the time is, and has everybody count by it: the gateway, control, the buffer.

`Timekeeper.watch` looks at the system's clock a few times a second, `inquire` asks the hub while
no time service keeps it. Until something is known, what is stored is stored in doubt (see
`agent.gateway.restamp`) and `ready` keeps the history from being sent. Then `mend` puts right what
was stored, and the inlet what still comes with an old stamp.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.gateway import restamp, shift, truth
from agent.gateway.buffer import Buffer
from agent.gateway.errors import BufferBlocked, GatewayError, HubUnreachable
from agent.gateway.hub import Hub
from agent.gateway.latest import Latest
from agent.gateway.machine import Machine
from agent.gateway.rows import Doubt
from agent.gateway.truth import NOTHING, Belief, Heard, judged
from agent.gateway.validity import Validity
from agent.link import ClockVerdict, Item
from agent.timekeeping import FOLLOWED_US_MIN, STEP_US_MIN, SteadyClock
from wire.report import ClockState
from wire.sync import Event, Severity

LOOK_S = 0.25
"""How often the system's clock is looked at."""
CHECK_S = 300.0
"""How often the hub is asked again, as long as no time service keeps the clock."""
ASK_AGAIN_S_MIN = 1.0
ASK_AGAIN_S_MAX = 15.0
"""Pauses while the hub does not answer, or not with a proof, grow from the first to the last."""
ASKS = 2
"""The first question may pay for the connection; the one answered soonest counts."""
SOON_S = 0.05
"""An answer within this time is near enough."""
ERROR_US_MIN = 1_000
"""Control is told of an error that has changed by so much."""
UNSURE_AFTER_S = 60.0
"""So long without any word about the time is worth an event."""
RETRY_S = 1.0
_GOOD = (ClockState.SYNCHRONISED, ClockState.CONFIRMED)

_logger = logging.getLogger(__name__)


class Timekeeper:
    """See the module; `clock` is the one by which the whole gateway counts."""

    def __init__(
        self,
        clock: SteadyClock,
        buffer: Buffer,
        latest: Latest,
        machine: Machine,
    ) -> None:
        self.placing = asyncio.Lock()
        """Held by whoever stores what was placed, so that no truth comes in between."""
        self._clock = clock
        self._buffer = buffer
        self._latest = latest
        self._machine = machine
        self._tell_control: Callable[[ClockVerdict], None] = lambda verdict: None
        self._belief = NOTHING
        self._system_us = clock.offset_us
        """The offset of the system's clock when it was last looked at."""
        self._told = ""
        self._validity: Validity | None = None
        self._kept_us: int | None = None
        """The truth that the file knows."""
        self._news, self._mended, self._curious = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def begin(self, tell_control: Callable[[ClockVerdict], None]) -> None:
        """Find out what can be known without asking anybody, before anything is stored."""
        self._tell_control = tell_control
        memory = await restamp.remembered(self._buffer)
        self._told, offset_us = memory.told, memory.boots.get(self._machine.boot_id)
        if offset_us is not None:
            self._belief = Belief(ClockState.CONFIRMED, offset_us)
        await self._look()

    async def ready(self, after: int = -1) -> None:
        """Wait until the frames after a number may be sent: the stamps of all are right."""
        await self._mended.wait()

    def placed(self, items: Sequence[Item]) -> list[tuple[Doubt | None, list[Item]]]:
        """Return what control has stamped, put right as far as the truth is known, in order.

        What shares a doubt is together; None: there is none.
        """
        groups: list[tuple[Doubt | None, list[Item]]] = []
        for item in items:
            doubt, by_us = self._place(item.offset_us)
            if not groups or groups[-1][0] != doubt:
                groups.append((doubt, []))
            groups[-1][1].append(_moved(item, by_us) if by_us else item)
        return groups

    def _place(self, offset_us: int | None) -> tuple[Doubt | None, int]:
        """Say how good a stamp is, and how far to move it.

        None: whoever stamped did not say by which clock; it is taken for ours.
        """
        own_us = self._clock.offset_us
        if self._belief.offset_us is not None:
            return None, 0 if offset_us is None else truth.shift_us(own_us, offset_us)
        return Doubt(self._machine.boot_id, own_us if offset_us is None else offset_us), 0

    async def watch(self) -> None:
        """Look at the system's clock for ever."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look()
            unsure = self._belief.state is ClockState.UNKNOWN
            if unsure and loop.time() - began_s > UNSURE_AFTER_S and not self._told:
                text = "no time service keeps the clock and no hub confirms it: nothing is sent"
                await self._tell("CLOCK_UNSURE", Severity.WARNING, text)

    async def mend(self) -> None:
        """Once the truth is known, put right what was stored before; then let it be sent."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._mend()
            except BufferBlocked as error:
                _logger.warning("stamps cannot be put right yet: %s", error)
                self._news.set()
                await asyncio.sleep(RETRY_S)
            else:
                self._mended.set()

    async def inquire(self, hub: Hub) -> None:
        """Ask the hub for the time for ever, as often as that is needed."""
        self._validity = hub.line.validity
        self._validity.by_system(self._belief.state in _GOOD)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear_doubts(hub), name="clock doubts")
            pause_s, again_s = 0.0, ASK_AGAIN_S_MIN
            while True:
                doubted = await self._pause(pause_s)
                pause_s = CHECK_S
                if self._belief.state is ClockState.SYNCHRONISED and not doubted:
                    continue
                try:
                    heard = await self._ask(hub)
                except GatewayError as error:
                    pause_s, again_s = again_s, min(2 * again_s, ASK_AGAIN_S_MAX)
                    _logger.debug("the hub does not tell the time: %s", error)
                    continue
                again_s = ASK_AGAIN_S_MIN
                await self._look(heard)
                # A time service that the hub does not agree with keeps the stamps; the signatures
                # need the hub's time all the same.
                off_us = heard.offset_us - self._clock.offset_us
                kept = self._belief.state is ClockState.SYNCHRONISED
                hub.line.correction_us = off_us if kept and doubted else 0

    async def _pause(self, pause_s: float) -> bool:
        """Wait, at most until somebody wants to know; say whether somebody does."""
        try:
            async with asyncio.timeout(pause_s):
                await self._curious.wait()
        except TimeoutError:
            return False
        self._curious.clear()
        return True

    async def _hear_doubts(self, hub: Hub) -> None:
        """Ask as soon as the hub refuses a signature for its time."""
        while True:
            await hub.line.clock_doubted.wait()
            hub.line.clock_doubted.clear()
            self._curious.set()
            await asyncio.sleep(ASK_AGAIN_S_MIN)

    async def _ask(self, hub: Hub) -> Heard:
        loop = asyncio.get_running_loop()
        best: Heard | None = None
        for _ in range(ASKS):
            answer = await hub.time()
            if not answer.proven:
                raise HubUnreachable("the answer is not signed with our key")
            middle_s = loop.time() - answer.took_s / 2
            unsure_us = round(answer.took_s / 2 * 1e6)
            if best is None or unsure_us < best.unsure_us:
                best = Heard(answer.server_us - round(middle_s * 1e6), unsure_us, middle_s)
            if answer.took_s <= SOON_S:
                break
        assert best is not None, "there is at least one question"
        return best

    async def _look(self, heard: Heard | None = None) -> None:
        """Judge, and take over what has changed."""
        before, system_us = self._belief, self._clock.measure()
        synchronised = self._machine.synchronised()
        after = judged(before, system_us, synchronised=synchronised, heard=heard)
        if before.offset_us is None and after.offset_us is not None:
            async with self.placing:
                self._take_over(after, system_us)
        else:
            self._take_over(after, system_us)
        if abs(system_us - self._system_us) > STEP_US_MIN:
            self._curious.set()
            self._tell_control(self._latest.clock)  # the step has been looked at
        self._system_us = system_us
        if after.state is not before.state:
            await self._tell_state(after, system_us)

    def _take_over(self, belief: Belief, system_us: int) -> None:
        self._belief = belief
        correction_us = belief.correction_us(system_us)
        self._clock.correct(correction_us)
        if self._validity is not None:
            self._validity.by_system(belief.state in _GOOD)
        verdict = ClockVerdict(belief.state, correction_us, self._error_us(belief))
        before = self._latest.clock
        by_us = abs(correction_us - before.correction_us)
        moved = by_us >= FOLLOWED_US_MIN or _differs(verdict.error_us, before.error_us)
        if verdict.state is not before.state or moved:
            self._latest.clock = verdict
            self._tell_control(verdict)
        if belief.offset_us is None:
            self._buffer.doubt = Doubt(self._machine.boot_id, self._clock.offset_us)
        else:
            self._buffer.doubt = None
            if self._kept_us is None or abs(self._kept_us - belief.offset_us) > STEP_US_MIN:
                self._news.set()

    def _error_us(self, belief: Belief) -> int | None:
        if belief.state is ClockState.SYNCHRONISED:
            return self._machine.error_us()
        return belief.error_us(asyncio.get_running_loop().time())

    async def _mend(self) -> None:
        own, right_us = self._machine.boot_id, self._clock.offset_us
        await restamp.remember(self._buffer, own, right_us)
        self._kept_us = right_us
        boots = {**(await restamp.remembered(self._buffer)).boots, own: right_us}
        for boot_id in await restamp.doubted_boots(self._buffer):
            truth_us = boots.get(boot_id)
            if truth_us is None:
                await restamp.give_up(self._buffer, boot_id, self._clock.now_us())
            else:
                moved = await restamp.put_right(self._buffer, boot_id, truth_us)
                if moved:
                    _logger.info("%d frames of a doubtful clock were put right", moved)

    async def _tell_state(self, belief: Belief, system_us: int) -> None:
        if belief.state is ClockState.CORRECTED and self._told != "CLOCK_WRONG":
            off_s = -belief.correction_us(system_us) / 1e6
            text = f"the system's clock is {off_s:+.1f} s off; ours goes by the hub's"
            await self._tell("CLOCK_WRONG", Severity.ALARM, text)
        elif belief.state in _GOOD and self._told:
            await self._tell("CLOCK_GOOD", Severity.INFO, f"the clock is {belief.state.value}")

    async def _tell(self, code: str, severity: Severity, text: str) -> None:
        self._told = "" if severity is Severity.INFO else code
        at_us = self._clock.now_us()
        event = Event(at_us=at_us, code=code, severity=severity, source=restamp.SOURCE, text=text)
        self._latest.add_event(event)
        _logger.warning("%s: %s", code, text)
        try:
            await self._buffer.report(code, severity, text, restamp.SOURCE)
            await restamp.remember_told(self._buffer, self._told)
        except BufferBlocked as error:
            _logger.error("the event was not stored: %s", error)


def _differs(error_us: int | None, before_us: int | None) -> bool:
    if error_us is None or before_us is None:
        return error_us is not before_us
    return abs(error_us - before_us) >= ERROR_US_MIN


def _moved(item: Item, by_us: int) -> Item:
    return replace(item, content=shift.content(item.content, by_us))
