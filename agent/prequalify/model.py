"""A plant of our own to rehearse with: dead time, lag, noise, and a battery that fills. Pure.

What an inverter is told acts after the dead time and comes with a first-order lag; a meter adds
noise, even over ± its share of the rated power. Losses are those of one efficiency each way.
"""

import math
from collections import deque
from dataclasses import dataclass, field

_TURN = 6_364_136_223_846_793_005
_STEP = 1_442_695_040_888_963_407
_WIDTH = 2**64


@dataclass(slots=True)
class Noise:
    """Repeatable noise; nothing secret."""

    state: int = 1

    def next(self) -> float:
        """Return a number of -1 to 1."""
        self.state = (self.state * _TURN + _STEP) % _WIDTH
        return 2.0 * (self.state >> 11) / 2**53 - 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How the plant of a rehearsal behaves."""

    dead_s: float = 0.3
    lag_s: float = 0.5
    noise_share: float = 0.01
    """Of the rated power."""
    efficiency: float = 0.97
    """Each way."""


@dataclass(slots=True)
class UnitModel:
    """One inverter with its battery."""

    behaviour: Behaviour
    rated_kw: float
    capacity_kwh: float
    soc_pct: float
    noise: Noise
    power_kw: float = 0.0
    told_kw: float = 0.0
    _acts_kw: float = 0.0
    _waiting: deque[tuple[float, float]] = field(default_factory=deque)

    def tell(self, power_kw: float, at_s: float) -> None:
        """Take a setpoint; it acts after the dead time."""
        if power_kw != self.told_kw:
            self.told_kw = power_kw
            self._waiting.append((at_s + self.behaviour.dead_s, power_kw))

    def pass_time(self, from_s: float, to_s: float) -> None:
        """Move to `to_s`."""
        while from_s < to_s:
            while self._waiting and self._waiting[0][0] <= from_s + 1e-9:
                self._acts_kw = self._waiting.popleft()[1]
            next_s = min(to_s, self._waiting[0][0]) if self._waiting else to_s
            self._move(max(next_s - from_s, 1e-9))
            from_s = max(next_s, from_s + 1e-9)

    def measured_kw(self) -> float:
        """Return the power as a meter tells it."""
        return self.power_kw + self.behaviour.noise_share * self.rated_kw * self.noise.next()

    def _move(self, span_s: float) -> None:
        lag_s = self.behaviour.lag_s
        share = 1.0 - math.exp(-span_s / lag_s) if lag_s > 0.0 else 1.0
        self.power_kw += (self._acts_kw - self.power_kw) * share
        loss = self.behaviour.efficiency
        inside_kw = self.power_kw / loss if self.power_kw > 0.0 else self.power_kw * loss
        soc_pct = self.soc_pct - 100.0 * inside_kw * span_s / 3600.0 / self.capacity_kwh
        self.soc_pct = min(100.0, max(0.0, soc_pct))


@dataclass(slots=True)
class GridModel:
    """A grid's frequency that wanders around 50 Hz as a real one does, for tests that follow it.

    A mean-reverting walk with 20 mHz of spread and a memory of five minutes, in steps of 1 mHz.
    """

    noise: Noise = field(default_factory=lambda: Noise(7))
    deviation_hz: float = 0.0
    spread_hz: float = 0.02
    memory_s: float = 300.0

    def next(self, span_s: float) -> float:
        kept = math.exp(-span_s / self.memory_s)
        # The sum of three even numbers is nearly a normal one of variance 1.
        kick = self.noise.next() + self.noise.next() + self.noise.next()
        self.deviation_hz = kept * self.deviation_hz
        self.deviation_hz += self.spread_hz * math.sqrt(1.0 - kept * kept) * kick
        return round(50.0 + self.deviation_hz, 3)
