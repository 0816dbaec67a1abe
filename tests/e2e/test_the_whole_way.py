"""The two walks of the architecture with real processes: order → register, and register → hub."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from drivers import profile as profiles
from drivers.modbus import codec
from drivers.point import Kind
from tests.support.charging import wait_until_charged
from tests.support.proxy import line_to
from tests.support.system import Box, System, read_registers, running_system, wait_until
from wire.clock import QUARTER_HOUR_US, SystemClock, micros, quarter_hour_us, utc

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MARKET = "PHO_AT_INTRADAY_15MIN"
_READ = {Kind.HOLDING: 3, Kind.INPUT: 4}
"""Modbus functions that read."""
LEADS_S = (20.0, 60.0, 150.0)
"""From the start of the hub to the next quarter-hour: time to start everything and to trade.

A machine that is busy gets more of it, in a world made anew.
"""
SPARE_S = 8.0
"""What must be left of it for trading."""


def register_value(port: int, point_name: str) -> float | None:
    """Read one point of the simulated inverter with our own bare socket."""
    point = profiles.load("reference-inverter").point(point_name)
    return codec.decode(point, read_registers(port, *_where(point_name)))


def order(start: datetime, side: str, quantity_mwh: float) -> dict[str, object]:
    return {
        "market": MARKET,
        "delivery_start": start.isoformat(),
        "delivery_end": (start + timedelta(minutes=15)).isoformat(),
        "side": side,
        "quantity_mwh": quantity_mwh,
        "limit_price_eur_mwh": 85.5,
        "order_type": "LIMIT",
        "time_in_force": "GFD",
    }


@dataclass(frozen=True, slots=True)
class SiteWithHub:
    """A site that trades, a little before a quarter-hour."""

    system: System
    box: Box
    start: datetime


@pytest.fixture
def before_quarter(tmp_path: Path) -> Iterator[SiteWithHub]:
    """A hub, an inverter and an agent, all running `SPARE_S` or more before a quarter-hour."""
    for lead_s in LEADS_S:
        folder = tmp_path / f"{lead_s:.0f}"
        folder.mkdir()
        now_us = SystemClock().now_us()
        shift_s = (quarter_hour_us(now_us) + QUARTER_HOUR_US - now_us) / 1e6 - lead_s
        with running_system(folder, shift_s) as system:
            start = quarter_after(system)
            box = site_of(system)
            if (start - shifted_now(system)).total_seconds() > SPARE_S:
                yield SiteWithHub(system, box, start)
                return
    pytest.fail(f"not even {LEADS_S[-1]} s are enough to start everything")


def site_of(system: System) -> Box:
    """Make a site with a battery that has told its state of charge, and somebody to trade with."""
    system.post("/api/v1/accounts", id="stadtwerk", name="Stadtwerk")
    system.post("/api/v1/accounts", id="handel", name="Handel")
    system.add_site("werk-sued", "stadtwerk")
    box = system.add_box("werk-sued")
    system.start_device("inverter", box.device_port)
    system.start_agent(box)
    wait_until_charged(system, "werk-sued")
    return box


def test_thirty_kilowatts_sold_for_the_next_quarter_hour_stand_in_the_inverters_register(
    before_quarter: SiteWithHub,
) -> None:
    system, box, start = before_quarter.system, before_quarter.box, before_quarter.start

    with (
        system.client(system.trader_key("stadtwerk")) as seller,
        system.client(system.trader_key("handel")) as buyer,
    ):
        sold = seller.post("/api/orders", json=order(start, "SELL", 0.0075))
        assert sold.status_code == 200, sold.text
        assert sold.json()["status"] == "ACCEPTED"
        bought = buyer.post("/api/orders", json=order(start, "BUY", 0.0075))
        assert bought.json()["filled_mwh"] == pytest.approx(0.0075)
        trades = seller.get("/api/trades").json()["trades"]
        assert [(t["side"], t["quantity_mwh"], t["price"]) for t in trades] == [
            ("SELL", 0.0075, 85.5)
        ]

    wait_until(
        lambda: register_value(box.device_port, "pcs.set_power_kw") == 30.0,
        LEADS_S[-1] + 30,
        f"+30 kW in the inverter; agent says:\n{system.log('agent-werk-sued')}",
    )
    assert shifted_now(system) >= start, "the power may not come before its quarter-hour"
    raw = read_registers(box.device_port, *_where("pcs.set_power_kw"))
    assert raw == [0xFFFF, 0x8AD0], "the device counts charging positive: -30,000 W"
    wait_until(
        lambda: abs((system.newest("werk-sued").get("ac.power_kw") or 0) - 30.0) < 1.0,
        20,
        "the measured power follows and reaches the hub",
    )


async def test_every_sample_reaches_the_hub_once_though_line_and_gateway_break(
    tmp_path: Path,
) -> None:
    period_s = 0.2
    with running_system(tmp_path) as system:
        system.post("/api/v1/accounts", id="stadtwerk", name="Stadtwerk")
        system.add_site("werk-sued", "stadtwerk")
        async with line_to(system.hub_port) as line:
            box = system.add_box("werk-sued", hub_port=line.port, record_period_s=period_s)
            system.start_device("inverter", box.device_port)
            system.start_agent(box)
            await until(lambda: len(counters(system)) > 10, "samples at the hub")

            line.cut()
            await asyncio.sleep(2)
            system.kill_child("agent-werk-sued", "gateway")
            await asyncio.sleep(3)
            known = len(await asyncio.to_thread(counters, system))
            line.heal()
            await until(lambda: len(counters(system)) > known + 6 / period_s, "the backlog")

            samples = await asyncio.to_thread(counters, system)
            times = [at for at, _ in samples]
            steps = [later - earlier for earlier, later in pairwise(times)]
            assert min(steps) > 0.5 * period_s * 1e6, "a sample came twice"
            assert max(steps) < 1.5 * period_s * 1e6, "a sample is missing"
            values = [value for _, value in samples]
            assert set(values) == set(range(int(values[0]), int(values[-1]) + 1)), (
                "the device counted every second, and the hub has every count"
            )


def _where(point_name: str) -> tuple[int, int, int]:
    point = profiles.load("reference-inverter").point(point_name)
    return _READ[point.kind], point.address, point.count


def shifted_now(system: System) -> datetime:
    return utc(SystemClock(round(system.shift_s * 1e6)).now_us())


def quarter_after(system: System) -> datetime:
    return utc(quarter_hour_us(micros(shifted_now(system))) + QUARTER_HOUR_US)


def counters(system: System) -> list[tuple[int, float]]:
    """Return (time, life counter) of every sample of the site that the hub has, oldest first."""
    with system.admin() as client:
        answer = client.get(
            "/api/v1/sites/werk-sued/telemetry", params={"points": "pcs.counter", "limit": 10_000}
        )
    assert answer.status_code == 200, answer.text
    series: list[dict[str, Any]] = answer.json()["points"]
    return [(at, value) for point in series for at, value, _ in point["samples"]]


async def until(happened: Callable[[], bool], what: str) -> None:
    """Wait for real processes in a thread: the line of this test goes on forwarding meanwhile."""
    await asyncio.to_thread(wait_until, happened, 40.0, what)
