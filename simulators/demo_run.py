"""One run of the demonstration: what is started in which order, and when it counts as up."""

import asyncio
import math
import os
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from datetime import datetime

from simulators import demo_folder, demo_world, processes
from simulators.commands.plants import READY_LINE
from simulators.demo_folder import Folder
from simulators.demo_report import Report
from simulators.demo_world import SITES, DemoSite, Ports
from simulators.errors import BadInput
from simulators.hub_client import HubClient, HubUnreachable
from simulators.processes import Child, Processes
from wire.clock import SHIFT_VARIABLE, SystemClock, quarter_hour_us, utc

START_S = 60.0
"""A slow computer may take this long for each step."""
FREQUENCY_SEED = 50
"""One grid: both inverters see the same frequency."""
WATCH_S = 10.0
SETTLE_S = 4.0
"""After the start of a quarter-hour: the ramp is over and the hub has seen it."""
LOOK_S = 0.25
NEWEST_PATH = "/api/v1/sites/{site}/telemetry/newest"
_OURS = "PHOENYRA_"


class Demo:
    """Starts everything, shows it, and stops it."""

    def __init__(
        self, folder: Folder, ports: Ports, report: Report, minutes: float | None, *, browser: bool
    ) -> None:
        self._folder = folder
        self._ports = ports
        self._report = report
        self._minutes = minutes
        self._browser = browser
        self._url = f"http://127.0.0.1:{ports.hub}"
        self._state = folder.load()
        now_us = SystemClock().now_us()
        self._state.shift_s = demo_folder.next_shift_s(now_us, self._state.shift_s)
        self._began = utc(now_us + round(self._state.shift_s * 1e6))

    async def run(self) -> None:
        """Go on until cancelled, or until the time is over.

        Raises:
            ChildFailed: a program did not start, or ended by itself.
            HubUnreachable, HubRefused: the hub does not do what it must.
        """
        self._folder.save(self._state)
        self._report.begins(self._folder, self._state.shift_s)
        async with processes.running(self._folder.logs) as programs:
            try:
                await self._start(programs)
                await self._show()
                await self._watch(programs)
            finally:
                self._report.says("stopping")
                await programs.stop("market")
                await programs.stop(*(f"agent-{site.id}" for site in SITES))

    async def _start(self, programs: Processes) -> None:
        self._report.says("starting the hub and two simulated inverters")
        hub = await self._start_hub(programs)
        devices = [
            await self._start_device(programs, site, self._ports.device(index))
            for index, site in enumerate(SITES)
        ]
        await programs.until(self._hub_answers, START_S, hub)
        for device in devices:
            await programs.until(_said(device, READY_LINE), START_S, device)
        self._report.says("the hub answers; enrolling sites, boxes and keys")
        async with HubClient(self._url, self._admin_key()) as client:
            await demo_world.enrol(client, self._folder, self._state)
        demo_world.write_settings(self._folder, self._state, self._ports)
        self._report.says("starting two agents and the market")
        agents = [await self._start_agent(programs, site) for site in SITES]
        await self._start_market(programs)
        async with HubClient(self._url, self._state.keys["trader"]) as client:
            for index, (site, agent) in enumerate(zip(SITES, agents, strict=True)):
                await programs.until(self._is_live(client, site), START_S, agent)
                self._report.says(f"{site.name}: live values have reached the hub")
                await programs.until(_is_open(self._ports.page(index)), START_S, agent)

    async def _start_hub(self, programs: Processes) -> Child:
        demo_folder.write_private(self._folder.market_feeds, demo_world.MARKET_FEEDS)
        return await self._program(
            programs,
            "hub",
            "cloud.main",
            "serve",
            PHOENYRA_HUB_DATA_DIR=str(self._folder.hub),
            PHOENYRA_HUB_PORT=str(self._ports.hub),
            PHOENYRA_HUB_MARKET_FEEDS_FILE=str(self._folder.market_feeds),
        )

    async def _start_device(self, programs: Processes, site: DemoSite, port: int) -> Child:
        options = {
            "port": port,
            "capacity-kwh": site.capacity_kwh,
            "power-kw": site.power_kw,
            "soc": site.soc_pct,
            "seed": FREQUENCY_SEED,
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        return await self._program(
            programs,
            f"inverter-{site.id}",
            *("simulators.main", "device", "reference-inverter"),
            *arguments,
        )

    async def _start_agent(self, programs: Processes, site: DemoSite) -> Child:
        settings = str(demo_world.settings_path(self._folder, site))
        name = f"agent-{site.id}"
        return await self._program(programs, name, "agent.main", "run", "--config", settings)

    async def _start_market(self, programs: Processes) -> Child:
        keys = str(self._folder.market_keys)
        return await self._program(
            programs,
            "market",
            *("simulators.main", "market", "--hub", self._url, "--keys", keys),
        )

    async def _program(
        self, programs: Processes, name: str, module: str, *arguments: str, **settings: str
    ) -> Child:
        """Start one of our programs; settings that the person has for real ones do not reach it."""
        theirs = {key: text for key, text in os.environ.items() if not key.startswith(_OURS)}
        clock = {SHIFT_VARIABLE: str(self._state.shift_s)}
        command = (sys.executable, "-m", module, *arguments)
        return await programs.start(name, *command, environment={**theirs, **clock, **settings})

    async def _hub_answers(self) -> bool:
        if not self._folder.admin_key.exists():
            return False
        try:
            async with HubClient(self._url, self._admin_key()) as client:
                await client.get("/api/v1/sites")
        except HubUnreachable:
            return False
        return True

    def _admin_key(self) -> str:
        try:
            return self._folder.admin_key.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise BadInput(f"{self._folder.admin_key}: {error}; --fresh begins anew") from error

    def _is_live(self, client: HubClient, site: DemoSite) -> Callable[[], Awaitable[bool]]:
        async def is_live() -> bool:
            """Values of an earlier start do not count."""
            try:
                values = (await client.get(NEWEST_PATH.format(site=site.id)))["values"]
            except HubUnreachable:
                return False
            return any(
                row["quality"] == "good" and datetime.fromisoformat(row["at"]) > self._began
                for row in values
                if row["point"] == "battery.soc_pct"
            )

        return is_live

    async def _show(self) -> None:
        self._report.is_up(self._state, self._ports, self._folder, self._minutes)
        screen = sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
        if self._browser and screen:
            await asyncio.to_thread(webbrowser.open, self._url)

    async def _watch(self, programs: Processes) -> None:
        """Say now and then what happens, until the time is over or somebody stops us."""
        loop = asyncio.get_running_loop()
        says_s = loop.time()
        ends_s = math.inf if self._minutes is None else says_s + 60.0 * self._minutes
        clock = SystemClock(round(self._state.shift_s * 1e6))
        quarter_us = quarter_hour_us(clock.now_us())
        async with HubClient(self._url, self._state.keys["trader"]) as client:
            while loop.time() < ends_s:
                programs.check()
                if loop.time() >= says_s:
                    says_s += WATCH_S
                    await self._tell(client)
                if quarter_hour_us(clock.now_us()) > quarter_us:
                    quarter_us = quarter_hour_us(clock.now_us())
                    self._report.quarter_begins(utc(quarter_us))
                    says_s = loop.time() + SETTLE_S
                await asyncio.sleep(LOOK_S)

    async def _tell(self, client: HubClient) -> None:
        try:
            newest = {
                site.id: (await client.get(NEWEST_PATH.format(site=site.id)))["values"]
                for site in SITES
            }
            price = (await client.get("/api/market-data"))["mark"]
        except HubUnreachable as error:
            self._report.says(f"the hub does not answer ({error})")
            return
        self._report.sites(
            {
                site: {row["point"]: row["value"] for row in rows if row["quality"] == "good"}
                for site, rows in newest.items()
            },
            price,
        )


def _said(child: Child, text: str) -> Callable[[], Awaitable[bool]]:
    async def said() -> bool:
        return text in child.words()

    return said


def _is_open(port: int) -> Callable[[], Awaitable[bool]]:
    async def is_open() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    return is_open
