"""An inverter under supervision, beat by beat, without a loop."""

from dataclasses import dataclass, field, replace
from typing import Any

from agent.control.cuts import Cut
from agent.control.interlocks import inverter
from agent.control.interlocks.inverter import InverterMemory
from agent.control.interlocks.supervision.config import SupervisionSettings
from agent.control.plant import Run, UnitState
from agent.control.quantity import Quantity
from tests.support.plants import HEALTHY, UNIT

BEAT_S = 0.1


@dataclass(slots=True)
class Watched:
    """An inverter under supervision, beat by beat; it does what it is told unless a test says."""

    settings: SupervisionSettings = field(default_factory=SupervisionSettings)
    memory: InverterMemory = field(default_factory=InverterMemory)
    at_s: float = 100.0
    written_s: float = 100.0
    written_kw: float = 0.0
    again: int = 0
    alarms: list[str] = field(default_factory=list)
    cuts: tuple[Cut, ...] = ()

    def write(self, power_kw: float) -> None:
        self.written_kw, self.written_s = power_kw, self.at_s

    def beat(
        self,
        *,
        told_kw: float | None = None,
        power_kw: float | None = None,
        run: Run | None = None,
        fingerprint: str = "",
        told_age_s: float = 0.01,
    ) -> list[str]:
        """Let one beat pass and return the codes of what is cut."""
        self.at_s += BEAT_S
        told = self.written_kw if told_kw is None else told_kw
        unit = replace(
            HEALTHY.units[0],
            power_kw=Quantity(self.written_kw if power_kw is None else power_kw, 0.01),
            told_kw=Quantity(told, told_age_s),
            written_kw=self.written_kw,
            written_age_s=self.at_s - self.written_s,
            run=run,
            fingerprint=fingerprint,
        )
        return self.see(unit)

    def see(self, unit: UnitState) -> list[str]:
        limits = replace(UNIT, supervision=self.settings)
        self.cuts, self.memory = inverter.cuts(unit, limits, self.memory, self.at_s)
        if self.memory.again:
            self.again += 1
            self.written_s = self.at_s
        if self.memory.alarm is not None:
            self.alarms.append(self.memory.alarm[0])
        return [cut.code for cut in self.cuts]

    def beats(self, count: int, **seen: Any) -> list[str]:
        codes: list[str] = []
        for _ in range(count):
            codes = self.beat(**seen)
        return codes
