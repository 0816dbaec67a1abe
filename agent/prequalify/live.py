"""A test at the real plant: the running box is told the test's frequency and asked what it does.

Everything goes over the technician's page of the box, so no process but control touches a device.
The frequency is said some seconds ahead and again every second; whoever stops saying it, because
he was told to, died or lost the line, ends the test by that.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from agent.injection import Injection, to_document
from agent.prequalify.box import Box, Document
from agent.prequalify.errors import Halted, Silent
from agent.prequalify.rehearsal import met
from agent.prequalify.rulesets import Ruleset, Trial
from agent.prequalify.series import Series
from agent.prequalify.stages import Place, advance, ahead, at_most_s
from agent.prequalify.target import Target

PERIOD_S = 0.2
"""How often the box is asked."""
SAY_S = 1.0
HORIZON_S = 3.0
POINT_S = 0.05
QUIET_S_MAX = 3.0
"""Without an answer for so long the test is given up."""
PICTURE, INJECTION = "/api/picture", "/api/injection"
_POWER, _SOC, _FREQUENCY = "ac.power_kw", "battery.soc_pct", "grid.frequency_hz"
_WORKING = "automatic"
_NOT_ARMED = ("ARM_", "I24")
_SAME_KW = 1e-6

Progress = Callable[[float], None]


@dataclass(slots=True)
class _Run:
    """A test while it runs; times of the record are seconds since `began_us` of the box."""

    test: Trial
    target: Target
    began_us: int
    series: Series = field(default_factory=Series)
    place: Place | None = field(default_factory=Place)
    said: list[tuple[float, Injection]] = field(default_factory=list)
    """(from when, piece), the newest last."""
    marked: int = -1
    power_us: int = 0

    def hz_at(self, at_s: float) -> float | None:
        """Return what was said of a moment."""
        at_us = self.began_us + round(at_s * 1e6)
        for from_s, piece in reversed(self.said):
            if from_s <= at_s + 1e-6:
                return piece.hz_at(at_us)
        return None


async def awarded(box: Box, ruleset: Ruleset) -> float:
    """Return the capacity in kW that the box holds for the product now.

    Raises:
        Halted: the box does not answer, does not work by itself, is not awarded the product or has
            not armed it.
    """
    picture = await box.ask("GET", PICTURE)
    _check_mode(picture)
    running = await box.ask("GET", INJECTION)
    if running["id"]:
        raise Halted(f"the test {running['id']!r} runs at this box; it has to end first")
    refused = [
        reason["text"]
        for reason in picture["control"]["reasons"]
        if reason["code"].startswith(_NOT_ARMED) and ruleset.product in reason["text"]
    ]
    if refused:
        raise Halted("; ".join(refused))
    services = (picture.get("schedule") or {}).get("services", [])
    held_kw = {service["product"]: float(service["capacity_kw"]) for service in services}
    wanted = [(ruleset.product, 1.0), *((one.product, one.share) for one in ruleset.beside)]
    for product, share in wanted:
        if product not in held_kw:
            raise Halted(f"{product} is not awarded now; award it for the time of the test")
        expected_kw = share * held_kw[ruleset.product]
        if abs(held_kw[product] - expected_kw) > _SAME_KW:
            raise Halted(f"{product}: {held_kw[product]:g} kW; {expected_kw:g} kW are expected")
    return held_kw[ruleset.product]


async def run(box: Box, test: Trial, target: Target, progress: Progress) -> Series:
    """Return the record of `test` at the running box.

    Raises:
        Halted: the box was stopped by an operator, or does not answer any more.
    """
    loop = asyncio.get_running_loop()
    first = await box.ask("GET", INJECTION)
    ahead_us = int(first["now_us"]) - round(loop.time() * 1e6)
    running = _Run(test, target, int(first["now_us"]))
    longest_s = at_most_s(test.stages) or test.follow_s
    say_s = answered_s = loop.time()
    try:
        while True:
            at_s = (round(loop.time() * 1e6) + ahead_us - running.began_us) / 1e6
            if not _goes_on(running, at_s):
                return running.series
            try:
                if test.stages and loop.time() >= say_s:
                    await _say(box, running, at_s)
                    say_s = loop.time() + SAY_S
                _take(running, await box.ask("GET", PICTURE))
                answered_s = loop.time()
            except Silent as error:
                if loop.time() - answered_s > QUIET_S_MAX:
                    raise Halted(str(error)) from error
            progress(min(1.0, at_s / longest_s))
            await asyncio.sleep(PERIOD_S)
    finally:
        with suppress(Silent, Halted):  # Then it ends by itself.
            await box.ask("DELETE", INJECTION)


def _goes_on(running: _Run, at_s: float) -> bool:
    """Move the test to `at_s`; False: it is over."""
    if not running.test.stages:
        return at_s < running.test.follow_s
    assert running.place is not None, "a test that is over is not moved"
    running.place = advance(
        running.test.stages,
        running.place,
        at_s,
        lambda until: met(until, running.series, running.target),
    )
    if running.place is None:
        return False
    if running.place.stage != running.marked:
        running.marked = running.place.stage
        name = running.test.stages[running.marked].name
        running.series.marks.append((running.place.began_s, name))
    return True


async def _say(box: Box, running: _Run, at_s: float) -> None:
    assert running.place is not None, "a test that is over says nothing"
    points = ahead(running.test.stages, running.place, at_s, HORIZON_S, POINT_S)
    stamped: dict[int, float] = {}
    for point_s, hz in points:
        stamped[running.began_us + round(point_s * 1e6)] = round(hz, 6)
    piece = Injection(f"prequalify-{running.test.id}", tuple(sorted(stamped.items())))
    running.said.append((at_s, piece))
    await box.ask("POST", INJECTION, to_document(piece))


def _take(running: _Run, picture: Document) -> None:
    """Add what the box tells to the record, unless it is known already."""
    _check_mode(picture)
    control, values = picture["control"], picture["values"]
    power = next((one for one in values if one["point"] == _POWER and one["q"] == "good"), None)
    if power is None or power["at_us"] <= running.power_us:
        return
    running.power_us = power["at_us"]
    at_s = (running.power_us - running.began_us) / 1e6
    last_s = running.series.at_s[-1] if len(running.series) else 0.0
    told = {one["point"]: one["v"] for one in values if one["v"] is not None}
    hz = running.hz_at(at_s) if running.test.stages else told.get(_FREQUENCY)
    if hz is None or at_s <= last_s:
        return
    columns = {
        "at_s": at_s,
        "hz": hz,
        "power_kw": power["v"],
        "baseline_kw": control["setpoint_kw"] - control["response_kw"],
        "response_kw": control["response_kw"],
    }
    if _SOC in told:
        columns["soc_pct"] = told[_SOC]
    running.series.add(**columns, **_managed(control))


def _managed(control: Document) -> dict[str, float]:
    """Return what the box tells of its energy management, if it does."""
    for product in control.get("products", ()):
        return {
            "management_kw": product.get("management_kw", 0.0),
            "nem": float(product.get("nem", 0)),
            "aem": float(product.get("aem", False)),
        }
    return {"nem": 0.0, "aem": 0.0}


def _check_mode(picture: Document) -> None:
    """Give up where the box does not work by itself: whoever operates it comes first."""
    control = picture.get("control")
    if control is None or not picture.get("linked"):
        raise Halted("control does not run; nothing can be tested")
    if control["mode"] != _WORKING:
        raise Halted(f"the box is in mode {control['mode']!r}; {_WORKING!r} is expected")
