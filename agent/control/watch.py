"""What happens to devices, told once: lost and back, changed for another, refusing and agreeing."""

from collections.abc import Callable, Mapping

from agent.control import evidence
from agent.control.cuts import Cut
from agent.control.decide import Decision
from agent.control.interlocks.plant import GuardMemory
from agent.control.port import Port
from agent.control.response.news import NewsMemory, news
from wire.sync import Severity

Tell = Callable[[str, Severity, str, str], None]
"""Takes code, severity, source and text of an event."""


class Watch:
    """How each device was at the last look."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._lost: dict[str, bool] = {}
        self._identity: dict[str, Mapping[str, str]] = {}
        self._refused: dict[str, bool] = {}
        self._news = NewsMemory()
        self._in_charge: dict[str, bool] = {}
        self._blocked: dict[str, Cut | None] = {}

    def look(self, port: Port) -> None:
        """Tell what has changed about a device since the last look."""
        self._line(port)
        self._identify(port)
        self._refusal(port)
        self._correction(port)

    def supervise(self, guard: GuardMemory) -> None:
        """Tell what supervision has found in this cycle, and which units it has blocked."""
        for unit, memory in guard.units.items():
            if memory.inverter.alarm is not None:
                code, text = memory.inverter.alarm
                self._tell(code, Severity.WARNING, unit, text)
            blocked, before = memory.inverter.blocked, self._blocked.get(unit)
            if blocked is not None and before is None:
                text = f"{blocked.code}: {blocked.text}"
                self._tell("UNIT_BLOCKED", Severity.ALARM, unit, text)
            elif blocked is None and before is not None:
                self._tell(
                    "UNIT_FREE", Severity.INFO, unit, f"{before.code} does not hold any more"
                )
            self._blocked[unit] = blocked

    def answer(self, decision: Decision, at_s: float) -> None:
        """Tell what has happened to frequency products in this cycle."""
        told, self._news = news(decision.frequency, decision.products, at_s, self._news)
        for one in told:
            self._tell(*one)

    def _correction(self, port: Port) -> None:
        if port.dispatch is None:
            return
        if port.dispatch.corrected:
            text = "; ".join(port.dispatch.corrected)
            port.dispatch.corrected.clear()
            self._tell("DEVICE_CORRECTED", Severity.WARNING, port.device, text)
        if _in_charge(port) and not self._in_charge.get(port.device) and port.dispatch.unwatched:
            text = "it keeps its last setpoint for ever when nobody writes to it any more"
            self._tell("NO_TIME_OUT", Severity.WARNING, port.device, text)
        self._in_charge[port.device] = _in_charge(port)

    def _line(self, port: Port) -> None:
        before = self._lost.get(port.device, False)
        if port.lost and not before:
            why = port.state().trouble or "no answer"
            self._tell("DEVICE_LOST", Severity.ALARM, port.device, f"does not answer: {why}")
        elif before and not port.lost:
            self._tell("DEVICE_BACK", Severity.INFO, port.device, "answers again")
        self._lost[port.device] = port.lost

    def _refusal(self, port: Port) -> None:
        before = self._refused.get(port.device, False)
        if port.refused and not before:
            self._tell("DEVICE_REFUSED", Severity.ALARM, port.device, port.refused)
        elif before and not port.refused:
            self._tell("DEVICE_AGREES", Severity.INFO, port.device, "agrees again")
        self._refused[port.device] = bool(port.refused)

    def _identify(self, port: Port) -> None:
        before = self._identity.get(port.device, {})
        if port.identity == before:
            return
        self._identity[port.device] = port.identity
        text = evidence.identity_text(port.identity)
        if before:
            was = evidence.identity_text(before)
            self._tell("DEVICE_CHANGED", Severity.WARNING, port.device, f"{text}; before: {was}")
        else:
            self._tell("DEVICE_IDENTIFIED", Severity.INFO, port.device, text)


def _in_charge(port: Port) -> bool:
    return port.dispatch is not None and port.dispatch.in_charge
