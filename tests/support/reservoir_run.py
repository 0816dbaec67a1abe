"""A battery that delivers FCR for months: the real rooms decide, a lossy reservoir obeys."""

import csv
import gzip
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path

from agent.control.energy.config import ProductEnergy
from agent.control.energy.contract import Contract, Reservoir, Situation
from agent.control.energy.manage import EnergyMemory, manage
from agent.control.response import alert as alerts
from agent.control.response.alert import Alert
from agent.control.response.curve import FCR_CE, share
from tests.support.reservoirs import START_US

STEP_S = 10.0
SHARED = Path(__file__).resolve().parents[3] / "shared"
RECORDED = SHARED / "data" / "frequency" / "rte_ce_201905_10s.csv.gz"


@dataclass
class Battery:
    """1.25 MW and 1 MWh that 1 MW of FCR was sold from; losses in both directions."""

    power_kw_max: float = 1_250.0
    span_kwh: float = 1_000.0
    capacity_kw: float = 1_000.0
    efficiency: float = 0.95
    energy_kwh: float = 500.0

    def moved(self, power_kw: float, seconds: float) -> float:
        """Deliver what is possible of `power_kw`; return what is missing of it, in kW."""
        possible_kw = min(max(power_kw, -self.power_kw_max), self.power_kw_max)
        factor = 1.0 / self.efficiency if possible_kw > 0.0 else self.efficiency
        wanted_kwh = self.energy_kwh - possible_kw * factor * seconds / 3_600
        self.energy_kwh = min(max(wanted_kwh, 0.0), self.span_kwh)
        return abs(wanted_kwh - self.energy_kwh) * 3_600 / seconds + abs(power_kw - possible_kw)


@dataclass
class Account:
    """What a run came to."""

    steps: int = 0
    undelivered_s: float = 0.0
    least_kwh: float = 1e9
    """Least energy in normal state, in whichever direction has less."""
    soc_min: float = 1.0
    soc_max: float = 0.0
    alerts: int = 0
    alert_s: float = 0.0
    announced: int = 0
    bought_kwh: float = 0.0
    sold_kwh: float = 0.0


def run(
    deviations_hz: Iterable[float],
    settings: ProductEnergy,
    battery: Battery,
    restored_after_s: float = 0.0,
    *,
    ends_short: bool = False,
) -> Account:
    """Live through the deviations, each lasting `STEP_S`.

    An alert may use the energy up; so long after it the energy has to be there again. With
    `ends_short` the account ends with the first step that was not delivered.
    """
    excused_s = 0.0
    contract = Contract(product="fcr_ce", capacity_kw=battery.capacity_kw, settings=settings)
    account, memory, alert, known = Account(), EnergyMemory(), Alert(), 0
    for step, deviation_hz in enumerate(deviations_hz):
        at_s = step * STEP_S
        before = alert.alert
        alert = alerts.step(alert, deviation_hz, STEP_S)
        situation = Situation(
            at_s=at_s,
            now_us=START_US + int(at_s * 1e6),
            hz=50.0 + deviation_hz,
            believed=True,
            alert=alert.alert,
            reservoir=Reservoir(battery.energy_kwh, battery.span_kwh),
        )
        managed, memory = manage(contract, situation, memory)
        assert managed.deviation_hz is not None
        curve_kw = battery.capacity_kw * share(FCR_CE, managed.deviation_hz)
        power_kw = managed.answered(curve_kw) + managed.management_kw
        if battery.moved(power_kw, STEP_S) > 1e-6:
            account.undelivered_s += STEP_S
            if ends_short:
                break
        account.steps += 1
        soc = battery.energy_kwh / battery.span_kwh
        account.soc_min, account.soc_max = min(account.soc_min, soc), max(account.soc_max, soc)
        if alert.alert:
            account.alerts += not before
            account.alert_s += STEP_S
            excused_s = restored_after_s
        elif excused_s > 0.0:
            excused_s -= STEP_S
        else:
            left_kwh = min(battery.energy_kwh, battery.span_kwh - battery.energy_kwh)
            account.least_kwh = min(account.least_kwh, left_kwh)
        if managed.transactions and managed.transactions[-1].end_us != known:
            known = managed.transactions[-1].end_us
            account.announced += 1
        traded_kwh = managed.management_kw * STEP_S / 3_600
        account.sold_kwh += max(0.0, traded_kwh)
        account.bought_kwh -= min(0.0, traded_kwh)
    return account


@cache
def recorded_hz() -> tuple[float, ...]:
    """Return the deviations of the recorded month of Continental Europe, in Hz; read once."""
    with gzip.open(RECORDED, "rt", encoding="ascii", newline="") as lines:
        return tuple([float(row["deviation_mHz"]) / 1_000 for row in csv.DictReader(lines)])


def synthetic_hz(days: int, seed: int) -> Iterator[float]:
    """Yield deviations like those of a large area: noise that lasts, hours that drift, schedule
    changes that kick, and now and then an event that brings the alert state."""
    chance = random.Random(seed)
    fast_hz = slow_hz = 0.0
    for step in range(days * 8_640):  # of 10 s
        fast_hz += -fast_hz / 18 + chance.gauss(0.0, 0.0060)
        slow_hz += -slow_hz / 400 + chance.gauss(0.0, 0.0006)
        into_hour = step % 360
        kick_hz = 0.0
        if into_hour < 60 and into_hour % 2 == 0:
            kick_hz = 0.012 * (1 - into_hour / 60) * (-1.0 if (step // 360) % 2 else 1.0)
        yield min(max(fast_hz + slow_hz + kick_hz, -0.19), 0.19)
        if chance.random() < 1 / (8_640 * 20):
            yield from repeat(chance.choice((-0.21, 0.21)), chance.randint(1, 30))
