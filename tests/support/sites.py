"""A site for tests of local strategies: its load, its PV, its battery, a meter that lags."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from agent.control.decide import Decision, Memory, Orders, Rules, decide
from agent.control.local.config import ConnectionSettings, LocalSettings
from agent.control.local.scene import Scene
from agent.control.local.strategies import SiteRules
from agent.control.plant import PlantState
from agent.control.quantity import Quantity
from tests.support.plants import HEALTHY, LIMITS, RULES, changed
from tests.support.virtual import EPOCH_US
from wire.schedule import Schedule, Slot

STEP_S = 0.1
HOUR_US = 3_600_000_000


def rules(connection: dict[str, Any] | None = None, local: dict[str, Any] | None = None) -> Rules:
    """Return the rules that settings of these values make."""
    connection_settings = ConnectionSettings.model_validate(connection or {})
    local_settings = LocalSettings.model_validate(local or {})
    return replace(RULES, site=SiteRules(connection=connection_settings, local=local_settings))


def slots(*powers_kw: float, start_us: int = EPOCH_US, slot_s: int = 900) -> Schedule:
    """Return a schedule of slots that follow each other."""
    length_us = slot_s * 1_000_000
    return Schedule(
        site="s",
        version=1,
        issued_us=start_us,
        slots=tuple(
            Slot(start_us + place * length_us, start_us + (place + 1) * length_us, power_kw)
            for place, power_kw in enumerate(powers_kw)
        ),
    )


def scene(plant: PlantState = HEALTHY, **values: Any) -> Scene:
    """Return a scene of a healthy plant whose connection is not measured unless said."""
    usual: dict[str, Any] = {
        "now_us": EPOCH_US,
        "schedule": None,
        "slot": None,
        "base_kw": 0.0,
        "elapsed_s": STEP_S,
        "armed": False,
        "lower_kw": -80.0,
        "upper_kw": 100.0,
        "rated_kw": LIMITS.rated_kw,
        "site_kw": None,
        "residual_kw": None,
        "soc_pct": 55.0,
    }
    return Scene(plant=plant, **{**usual, **values})


def _nothing(_: float) -> float:
    return 0.0


@dataclass(slots=True)
class SiteModel:
    """Steps of 0.1 s: measure, decide, let the inverter and the meter follow."""

    rules: Rules
    load_kw: Callable[[float], float] = _nothing
    """Over the time in seconds."""
    pv_kw: Callable[[float], float] = _nothing
    inverter_lag_s: float = 0.2
    inverter_delay_s: float = 0.0
    meter_delay_s: float = 0.0
    """Between what is and what the meter tells, which it tells as if it were new."""
    meter_period_s: float = STEP_S
    schedule: Schedule | None = None
    soc_pct: float = 55.0
    frequency_hz: Callable[[float], float] | None = None
    told: dict[str, Any] = field(default_factory=dict)
    """More of the plant: values of `PlantState` or of its unit."""
    at_s: float = 0.0
    power_kw: float = 0.0
    import_kwh: float = 0.0
    memory: Memory = field(default_factory=Memory)
    sites_kw: list[float] = field(default_factory=list)
    powers_kw: list[float] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    _commands: deque[float] = field(default_factory=deque)
    _meter: tuple[float, float] = (-1e9, 0.0)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.step()

    def step(self) -> None:
        site_kw = self.power_kw + self.pv_kw(self.at_s) - self.load_kw(self.at_s)
        self.sites_kw.append(site_kw)
        self.powers_kw.append(self.power_kw)
        self.import_kwh += max(0.0, -site_kw) * STEP_S / 3_600
        decision = self._decide()
        self.decisions.append(decision)
        self._follow(decision.setpoint_kw)
        self.at_s += STEP_S

    def _decide(self) -> Decision:
        orders = Orders(now_us=EPOCH_US + round(self.at_s * 1e6), schedule=self.schedule)
        decision, self.memory = decide(self._plant(), orders, self.rules, self.memory)
        return decision

    def _plant(self) -> PlantState:
        told_s, _ = self._meter
        if self.at_s - told_s >= self.meter_period_s - 1e-9:
            back = 1 + round(self.meter_delay_s / STEP_S)
            self._meter = (self.at_s, self.sites_kw[-min(back, len(self.sites_kw))])
        told_s, told_kw = self._meter
        values: dict[str, Any] = {
            "at_s": HEALTHY.at_s + self.at_s,
            "power_kw": Quantity(self.power_kw, 0.0),
            "soc_pct": Quantity(self.soc_pct, 0.0),
            "site_kw": Quantity(told_kw, self.at_s - told_s, samples=len(self.sites_kw)),
        }
        if self.frequency_hz is not None:
            values["frequency_hz"] = Quantity(self.frequency_hz(self.at_s), 0.0)
        return changed(HEALTHY, **{**values, **self.told})

    def _follow(self, setpoint_kw: float) -> None:
        self._commands.append(setpoint_kw)
        if len(self._commands) > 1 + round(self.inverter_delay_s / STEP_S):
            self._commands.popleft()
        share = 1.0 if self.inverter_lag_s <= STEP_S else STEP_S / self.inverter_lag_s
        self.power_kw += share * (self._commands[0] - self.power_kw)
