"""The sign self-test: small pulses both ways, seen by the inverter and by an independent meter.

It steers control as an operator would, so that every interlock holds meanwhile; a gateway that
dies leaves a setpoint that ends by itself within seconds.
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean

from agent.gateway.helmsman import Helmsman
from agent.gateway.latchbook import Latchbook
from agent.gateway.latest import Latest
from agent.gateway.signs import Part, Pulse, Verdict, judge
from agent.status import Status
from agent.steering import Override
from agent.web.app import NotNow
from wire.block import Quality
from wire.clock import Clock
from wire.sync import Severity

SHARE = 0.08
"""Of the smaller rated power: what a pulse is; below what is allowed without the test."""
REACH_S_MAX = 30.0
"""So long a setpoint may take to be reached, ramp and all."""
SETTLE_S = 1.5
MEASURE_S = 2.0
LOOK_S = 0.2
_ID = "self-test"
_REACHED_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a self-test came to."""

    verdict: Verdict
    fingerprints: tuple[str, ...]
    pulses: tuple[Pulse, ...]


class SelfTest:
    """See the module; one at a time."""

    def __init__(
        self, helmsman: Helmsman, book: Latchbook, latest: Latest, clock: Clock, rated_kw: float
    ) -> None:
        """`rated_kw`: of the direction in which the plant can do less."""
        self._helmsman = helmsman
        self._book = book
        self._latest = latest
        self._clock = clock
        self._pulse_kw = SHARE * rated_kw
        self._busy = False

    async def run(self, who: str) -> Outcome:
        """Try both directions and keep the result where it is good.

        Raises:
            NotNow: it cannot be begun, or was broken off; the text says why.
        """
        if self._busy:
            raise NotNow("a self-test is running")
        status = self._status()
        if status.steering:
            raise NotNow("an operator holds the power")
        proofs = dict(status.proofs)
        if not proofs or not all(proofs.values()):
            raise NotNow("an inverter has not said yet who it is")
        _mean(status, _meter(set(proofs)))
        self._busy = True
        try:
            pulses = await self._pulses(set(proofs))
        finally:
            self._busy = False
            self._helmsman.borrow(None)
        verdict = judge(pulses)
        if dict(self._status().proofs) != proofs:
            verdict = Verdict(False, "inverter or meter has become another one meanwhile")
        found = tuple(sorted(set(proofs.values())))
        if verdict.passed:
            await self._book.prove(found)
        severity = Severity.INFO if verdict.passed else Severity.ALARM
        passed = "passed" if verdict.passed else "not passed"
        await self._book.report("SELF_TEST", severity, f"{passed}, {who}: {verdict.text}")
        return Outcome(verdict, found, tuple(pulses))

    async def _pulses(self, units: set[str]) -> list[Pulse]:
        """Try both directions, with a rest before, between and after."""
        pulses: list[Pulse] = []
        before = await self._held(0.0, units)
        for power_kw in (self._pulse_kw, -self._pulse_kw):
            during = await self._held(power_kw, units)
            after = await self._held(0.0, units)
            pulses.append(_pulse(power_kw, before, during, after))
            before = after
        return pulses

    async def _held(self, power_kw: float, units: set[str]) -> "_Seen":
        """Hold a power and return what was seen of it in the mean."""
        until_us = self._clock.now_us() + round((REACH_S_MAX + SETTLE_S + MEASURE_S) * 1e6)
        self._helmsman.borrow(Override(_ID, power_kw, until_us))
        if not await self._reached(power_kw):
            codes = ", ".join(reason.code for reason in self._status().reasons)
            raise NotNow(f"{power_kw:+g} kW was not reached: {codes}")
        await asyncio.sleep(SETTLE_S)
        seen: list[Status] = []
        for _ in range(round(MEASURE_S / LOOK_S)):
            seen.append(self._status())
            await asyncio.sleep(LOOK_S)
        several = sorted(units) if len(units) > 1 else []
        return _Seen(
            fmean(_mean(status, _own(units)) for status in seen),
            fmean(_mean(status, _meter(units)) for status in seen),
            {unit: fmean(_mean(status, _own({unit})) for status in seen) for unit in several},
            {unit: fmean(_told_kw(status, unit) for status in seen) for unit in several},
        )

    async def _reached(self, power_kw: float) -> bool:
        for _ in range(round(REACH_S_MAX / LOOK_S)):
            off_kw = abs(self._status().setpoint_kw - power_kw)
            if off_kw <= _REACHED_SHARE * self._pulse_kw:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    def _status(self) -> Status:
        status = self._latest.status
        if status is None or not self._latest.linked:
            raise NotNow("control does not answer")
        return status


@dataclass(frozen=True, slots=True)
class _Seen:
    """Means over the time that a power was held; by unit only where there are several."""

    inverter_kw: float
    meter_kw: float
    by_unit_kw: Mapping[str, float]
    told_kw: Mapping[str, float]


def _pulse(power_kw: float, before: _Seen, during: _Seen, after: _Seen) -> Pulse:
    all_three = (before, during, after)
    first, second, third = (seen.by_unit_kw for seen in all_three)
    return Pulse(
        told_kw=power_kw,
        inverter_kw=(before.inverter_kw, during.inverter_kw, after.inverter_kw),
        meter_kw=(before.meter_kw, during.meter_kw, after.meter_kw),
        parts=tuple(
            Part(unit=unit, told_kw=told_kw, inverter_kw=(first[unit], second[unit], third[unit]))
            for unit, told_kw in during.told_kw.items()
        ),
    )


def _told_kw(status: Status, unit: str) -> float:
    """Return what a unit is told; nothing counts as 0."""
    shown = () if status.insight is None else status.insight.units
    return next((one.power_kw or 0.0 for one in shown if one.unit == unit), 0.0)


_Which = Callable[[str, str], bool]


def _own(units: set[str]) -> _Which:
    return lambda device, point: device in units and point == "ac.power_kw"


def _meter(units: set[str]) -> _Which:
    return lambda device, point: device not in units and point == "site.power_kw"


def _mean(status: Status, which: _Which) -> float:
    """Return the sum of the fresh values of these points.

    Raises:
        NotNow: there are none.
    """
    values = [
        reading.value
        for device, reading in status.readings
        if which(device, reading.point) and reading.quality is Quality.GOOD
    ]
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        raise NotNow("no independent meter tells site.power_kw now, or no inverter ac.power_kw")
    return sum(known)
