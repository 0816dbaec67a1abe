"""A site that asks its frequency products for an answer, cycle after cycle."""

from dataclasses import replace

from agent.control.energy.contract import Reservoir
from agent.control.interlocks.voltage import NEUTRAL, Voltage
from agent.control.plant import FrequencyMeter, PlantState
from agent.control.quantity import Quantity
from agent.control.response.answer import Answer, Asked, ResponseMemory, ResponseRules, answer
from tests.support.plants import HEALTHY
from wire.schedule import FrequencyService

SECOND_US = 1_000_000
NOW_US = 1_000 * SECOND_US
PERIOD_S = 0.1


class Site:
    """Asks for an answer cycle after cycle."""

    def __init__(self, *services: FrequencyService, power_kw: float = 1_000.0) -> None:
        self.services: tuple[FrequencyService, ...] = services
        self.rules = ResponseRules()
        self.memory = ResponseMemory()
        self.power_kw = power_kw
        self.at_s = 100.0
        self.now_us = NOW_US
        self.plant: PlantState = HEALTHY

    def ask(
        self,
        hz: float | None = 50.0,
        *,
        injected_hz: float | None = None,
        voltage: Voltage = NEUTRAL,
        reservoir: Reservoir | None = None,
        unproved: str = "",
    ) -> Answer:
        self.at_s = round(self.at_s + PERIOD_S, 6)
        self.now_us += round(PERIOD_S * SECOND_US)
        meters = (FrequencyMeter(device="meter", hz=Quantity(hz, 0.02)),)
        asked = Asked(
            now_us=self.now_us,
            services=self.services,
            lower_kw=-self.power_kw,
            upper_kw=self.power_kw,
            injected_hz=injected_hz,
            voltage=voltage,
            reservoir=reservoir,
            unproved=unproved,
        )
        plant = replace(self.plant, at_s=self.at_s, frequencies=meters)
        found, self.memory = answer(plant, asked, self.rules, self.memory)
        return found

    def ask_for(
        self, lasts_s: float, hz: float | None = 50.0, injected_hz: float | None = None
    ) -> list[Answer]:
        return [self.ask(hz, injected_hz=injected_hz) for _ in range(round(lasts_s / PERIOD_S))]

    def codes(self) -> list[tuple[str, ...]]:
        """Return the refusals of each product in one more cycle."""
        found = self.ask()
        return [tuple(refusal.code for refusal in state.refusals) for state in found.products]
