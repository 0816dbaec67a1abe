"""A simulated fleet: hundreds of boxes that speak with one hub, and what the hub made of it.

The sites and boxes are made through the hub's own API, and stay there.
"""

import asyncio
import random
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from simulators.errors import BadInput
from simulators.fleet_box import DEVICE, Account, Box
from simulators.fleet_line import Tally, open_line
from simulators.hub_client import HubClient, HubRefused, HubUnreachable
from wire.clock import Clock, utc
from wire.signing import Key

ACCOUNT = "sim-fleet"
GATEWAYS_MAX = 1_000
SECONDS_MIN = 10.0
COMMANDS_BEGIN, COMMANDS_END = 0.2, 0.75
"""The part of the run in which each site gets its command."""
_PAGE = 50_000
_THERE_ALREADY = 409
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the hub tells, beside what the boxes have measured; counted in values of points."""

    values: int
    lost: int
    duplicates: int
    """Told twice, or never measured."""


@dataclass(slots=True)
class Fleet:
    """Boxes of one hub; made by `found`."""

    url: str
    key: str = field(repr=False)
    """Of an admin of the hub."""
    clock: Clock
    boxes: Sequence[Box]
    tally: Tally
    issued_s: dict[str, float] = field(default_factory=dict)
    """When a command was asked for, by its id and the loop's clock."""

    async def run(self, seconds: float, seed: int) -> None:
        """Let all boxes work for so long, and give each a command meanwhile."""
        chance = random.Random(seed)
        stop = asyncio.Event()
        async with AsyncExitStack() as stack:
            operator = await stack.enter_async_context(HubClient(self.url, self.key))
            lines = [
                await stack.enter_async_context(
                    open_line(self.url, box.account.key, self.clock, self.tally)
                )
                for box in self.boxes
            ]
            async with asyncio.TaskGroup() as tasks:
                for box, line in zip(self.boxes, lines, strict=True):
                    own = random.Random(chance.random())
                    tasks.create_task(box.run(line, stop, own))
                    at_s = seconds * own.uniform(COMMANDS_BEGIN, COMMANDS_END)
                    tasks.create_task(self._command(operator, box, at_s))
                await asyncio.sleep(seconds)
                stop.set()

    async def _command(self, operator: HubClient, box: Box, at_s: float) -> None:
        """Ask for a setpoint at this box, as a person on a page does."""
        await asyncio.sleep(at_s)
        asked_s = asyncio.get_running_loop().time()
        until_us = self.clock.now_us() + 600 * _US
        wish = {
            "sites": [box.account.site],
            "kind": "setpoint",
            "payload": {"power_kw": -5.0, "until_us": until_us},
            "reason": "simulated fleet",
        }
        try:
            answer = await operator.post("/api/v1/commands", wish)
        except (HubUnreachable, HubRefused) as error:
            self.tally.failed("command", str(error))
            return
        (made,) = answer["commands"]
        if made["id"] is None:
            self.tally.failed("command", str(made["code"]))
        else:
            self.issued_s[made["id"]] = asked_s
            self.tally.took_s["command issue"].append(asyncio.get_running_loop().time() - asked_s)

    def times_s(self) -> dict[str, list[float]]:
        """Return how long things took, by what they were."""
        took = {name: list(times) for name, times in self.tally.took_s.items() if name != "poll"}
        for name, by_id in (("wake-up", "heard_s"), ("command", "ended_s")):
            took[name] = [
                at_s - self.issued_s[id_]
                for box in self.boxes
                for id_, at_s in getattr(box, by_id).items()
                if id_ in self.issued_s
            ]
        return took

    async def undone(self) -> int:
        """Return how many of the issued commands are not done, as the hub tells."""
        done = 0
        async with HubClient(self.url, self.key) as client:
            for box in self.boxes:
                answer = await client.get("/api/v1/commands", site=box.account.site, state="done")
                done += sum(row["id"] in self.issued_s for row in answer["commands"])
        return len(self.issued_s) - done

    async def compared(self) -> Comparison:
        """Return what the hub tells of the run, sample by sample."""
        found = []
        async with HubClient(self.url, self.key) as client:
            for box in self.boxes:
                told = await _told(client, box)
                truth = [
                    (point, box.at_us(sample), value)
                    for sample in range(box.samples)
                    for point, value in box.values(sample)
                ]
                lost = len(set(truth) - set(told))
                doubled = len(told) - len(set(told)) + len(set(told) - set(truth))
                found.append((len(truth), lost, doubled))
        return Comparison(*(sum(column) for column in zip(*found, strict=True)))


async def found(url: str, key: str, count: int, clock: Clock) -> Fleet:
    """Make `count` sites with a box each at the hub; sites of a run before are used again.

    Raises:
        BadInput: the hub does not answer, or the key is not an admin's.
    """
    tally = Tally()
    try:
        async with HubClient(url, key) as client:
            account: dict[str, object] = {"id": ACCOUNT, "name": "Simulated fleet"}
            await _made(client.post("/api/v1/accounts", account))
            accounts = [await _box_of(client, number) for number in range(count)]
    except (HubUnreachable, HubRefused) as error:
        raise BadInput(f"--hub: {url}: {error}") from error
    boxes = [Box(account, number, clock, tally) for number, account in enumerate(accounts)]
    return Fleet(url, key, clock, boxes, tally)


async def _box_of(client: HubClient, number: int) -> Account:
    name = f"{ACCOUNT}-{number:04d}"
    site: dict[str, object] = {
        "id": name,
        "account": ACCOUNT,
        "power_kw": 100,
        "energy_kwh": 200,
    }
    await _made(client.post("/api/v1/sites", site))
    made = await client.post("/api/v1/gateways", {"site": name})
    return Account(name, made["gateway"], Key(made["key_id"], bytes.fromhex(made["secret"])))


async def _made(asked: Awaitable[object]) -> None:
    """Wait for something to be made that may be there already."""
    try:
        await asked
    except HubRefused as refused:
        if refused.status != _THERE_ALREADY:
            raise


async def _told(client: HubClient, box: Box) -> list[tuple[str, int, float | None]]:
    """Return every value of the box since its first sample, as the hub tells it."""
    told: list[tuple[str, int, float | None]] = []
    start: str | None = utc(box.begin_us).isoformat()
    while start is not None:
        query: dict[str, str | int] = {"from": start, "limit": _PAGE}
        page = await client.get(f"/api/v1/sites/{box.account.site}/telemetry", **query)
        told.extend(
            (series["point"], at_us, value)
            for series in page["points"]
            if series["device"] == DEVICE
            for at_us, value, _ in series["samples"]
        )
        start = page["next"]
    return told


async def told(fleet: Fleet) -> str:
    """Return the table of a run, for people."""
    compared, undone = await fleet.compared(), await fleet.undone()
    lines = [f"{'boxes':24}{len(fleet.boxes)}"]
    for name, times_s in sorted(fleet.times_s().items()):
        if times_s:
            ordered = sorted(times_s)
            half, most = (ordered[len(ordered) * part // 100] * 1e3 for part in (50, 95))
            lines.append(
                f"{name:24}{len(ordered):>8} half within {half:.0f} ms, 95 % {most:.0f} ms"
            )
    lines += [
        f"{'commands not done':24}{undone:>8}",
        f"{'values':24}{compared.values:>8}",
        f"{'lost':24}{compared.lost:>8}",
        f"{'too many':24}{compared.duplicates:>8}",
    ]
    lines += [f"error: {kind}: {count}" for kind, count in sorted(fleet.tally.errors.items())]
    return "\n".join(lines) + "\n"
