"""The real gateway process and its archive: killed, asked over its page, exported beside it."""

import asyncio
import csv
import random
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from agent.archive.schema import FILE
from agent.status import Reason
from tests.support.archives import SECOND_US, reader, row, trace
from tests.support.control_peer import ControlPeer, control_peer
from tests.support.gateway_process import CODE, GatewayProcess, gateway_process
from tests.support.virtual import EPOCH_US
from wire.clock import SystemClock, utc

pytestmark = pytest.mark.slow
KILLS = 4
ROWS_A_LIFE = 90


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    async with gateway_process(tmp_path, None) as process:
        yield process


@pytest.fixture
def begin_us() -> int:
    """An hour ago, on a minute: nothing is too old to be kept."""
    return (SystemClock().now_us() // 60_000_000 - 60) * 60_000_000


def tell(control: ControlPeer, second: int, begin_us: int) -> None:
    """Send a row and, once a minute or where the reasons change, a trace."""
    values = {"f_hz": 50.0, "p_set_kw": 30.0, "beat_ms": 12.0, "reason_bits": 1.0}
    if second % 60 == 0 or second == 33:
        told = trace(0.012, Reason("I1", f"cut in second {second}", 30.0, "bms", 0))
        moved_us = begin_us - EPOCH_US + second * SECOND_US
        control.add(replace(told, at_us=told.at_us + moved_us))
    control.add(row(second, values, control.boot, begin_us))


async def test_a_gateway_killed_again_and_again_has_every_row_and_trace_once(
    gateway: GatewayProcess, begin_us: int
) -> None:
    chance = random.Random(11)
    async with control_peer(gateway.socket_path) as control:
        sent = 0
        for life in range(KILLS):
            await gateway.start()
            await control.until_connected(life + 1)
            for _ in range(ROWS_A_LIFE):
                tell(control, sent, begin_us)
                sent += 1
                await asyncio.sleep(chance.random() * 0.01)
            await gateway.kill()
        await gateway.start()
        await control.until(stored=control.number - 1)
        assert control.kept == []
    assert await gateway.end() == 0
    with reader(gateway.data_dir) as archived:
        span = (begin_us, begin_us + sent * SECOND_US)
        at_us = [at for rows in archived.rows(*span, ["f_hz"]) for at in rows.at_us]
        assert [(at - begin_us) // SECOND_US for at in at_us] == list(range(sent))
        told = [one.at_us for one in archived.traces(*span)]
    assert told == sorted(set(told))
    assert len(told) == 1 + -(-sent // 60)


async def test_the_page_tells_who_cut_what_in_a_second_and_gives_the_archive_as_a_file(
    gateway: GatewayProcess, begin_us: int
) -> None:
    async with control_peer(gateway.socket_path) as control:
        await gateway.start()
        await control.until_connected()
        for second in range(100):
            tell(control, second, begin_us)
        await control.until(stored=control.number - 1)
        await gateway.until_healthy()
        begin, end = (f"{utc(begin_us + s * SECOND_US):%Y-%m-%dT%H:%M:%SZ}" for s in (0, 100))
        async with httpx.AsyncClient(base_url=gateway.url) as anybody:
            for path in ("/api/decisions", "/api/archive.csv"):
                answer = await anybody.get(path, params={"from": begin, "to": end})
                assert answer.status_code == 401
        headers = {"Authorization": f"Bearer {CODE}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers) as client:
            for second, cut in ((20, 0), (32, 0), (33, 33), (59, 33), (60, 60), (99, 60)):
                at = f"{utc(begin_us + second * SECOND_US):%Y-%m-%dT%H:%M:%SZ}"
                found = (await client.get("/api/decisions", params={"at": at})).json()
                (reason,) = found["decision"]["reasons"]
                assert (reason[0], reason[1]) == ("I1", f"cut in second {cut}")
                assert (found["row"]["p_set_kw"], found["reasons"]) == (30.0, ["I1"])
            period = {"from": begin, "to": end}
            found = (await client.get("/api/decisions", params=period)).json()
            untils = [one["until_us"] for one in found["decisions"]]
            assert untils[-1] == begin_us + 100 * SECOND_US
            file = (await client.get("/api/archive.csv", params=period)).text
            assert len(file.splitlines()) == 101
            bad = await client.get("/api/archive.csv", params={"from": end, "to": begin})
            assert (bad.status_code, bad.json()["code"]) == (422, "BAD_PERIOD")
            other = await client.get("/api/archive.csv", params={**period, "format": "pdf"})
            assert (other.status_code, other.json()["code"]) == (422, "BAD_FORMAT")
        lines = await _exported(gateway, begin, end)
    assert len(lines) == 100
    assert {line["SOC"] for line in lines} == {""}


async def _exported(gateway: GatewayProcess, begin: str, end: str) -> list[dict[str, str]]:
    """Run the verb beside the running gateway; return what is in the file."""
    place = ("--from", begin, "--to", end, "--out", str(gateway.folder), "--timezone", "UTC")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "agent.main", "export", "--config", str(gateway.config), "--format", "nordic"),
        *place,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    assert process.returncode == 0
    assert out.decode().endswith("100 seconds, 0 missing\n")
    (path,) = gateway.folder.glob("werk-sued_Fcrn_Operation_SE3_UTC_*_1000ms.csv")
    with path.open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


async def test_an_export_without_an_archive_costs_one_line(gateway: GatewayProcess) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "agent.main", "export", "--config", str(gateway.config)),
        *("--from", "2026-01-01", "--to", "2026-01-02"),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode() == (
        f"phoenyra-agent: {gateway.data_dir / FILE}: there is no archive yet\n"
    )
