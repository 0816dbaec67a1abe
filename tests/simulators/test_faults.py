"""`simulators.faults`, `fault_page`, `modbus_rtu`: what is said to be wrong over HTTP shows."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import faults
from simulators.errors import BadInput
from simulators.faults import Faults, FaultSet
from tests.support.simulators import simulator

MEASURED = {"ac.power_kw": 20.0, "battery.soc_pct": 60.0}


class Page:
    """The fault page of a running simulated inverter, and a bare Modbus probe on its port."""

    def __init__(self, url: str, token: str, port: int) -> None:
        self.port = port
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10.0
        )

    async def say(self, method: str, path: str, body: object = None) -> Mapping[str, object]:
        answer = await self._http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert isinstance(said, dict)
        return said

    async def refused(self, body: object, token: str | None = None) -> tuple[int, str]:
        headers = {} if token is None else {"Authorization": token}
        answer = await self._http.put("/faults", json=body, headers=headers)
        return answer.status_code, str(answer.json()["message"])

    async def soc_raw(self) -> bytes:
        """Ask for input register 3 and return the whole answer; nothing within 0.5 s is b''."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(bytes.fromhex("0007 0000 0006 01 04 0003 0001"))
            async with asyncio.timeout(0.5):
                return await reader.read(300)
        except (TimeoutError, ConnectionError):
            return b""
        finally:
            writer.close()

    async def close(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def patient() -> AsyncIterator[Page]:
    command = ("device", "reference-inverter", "--port", "0", "--control-port", "0")
    async with simulator(*command) as process:
        assert process.stdout is not None
        words = (await process.stdout.readline()).decode().split()
        port = (await process.stdout.readline()).decode().rpartition(":")[2]
        page = Page(words[2], words[4], int(port))
        try:
            yield page
        finally:
            await page.close()


async def test_a_healthy_device_becomes_ill_and_well_again_on_demand() -> None:
    async with patient() as page:
        assert (await page.soc_raw())[7:9] == b"\x04\x02"
        await page.say("PUT", "/faults", {"drop": True})
        assert await page.soc_raw() == b""
        await page.say("PUT", "/faults", {"exception": 4})
        assert (await page.soc_raw())[7:] == b"\x84\x04"
        await page.say("PUT", "/faults", {"garbage": True})
        assert (await page.soc_raw())[:9] != bytes.fromhex("0007 0000 0005 01 04 02")
        await page.say("PUT", "/faults", {})
        assert (await page.soc_raw())[7:9] == b"\x04\x02"


async def test_a_device_that_reboots_is_gone_and_then_comes_back() -> None:
    async with patient() as page:
        assert (await page.say("POST", "/reboot", {"seconds": 1}))["down"] is True
        assert await page.soc_raw() == b""
        async with asyncio.timeout(10.0):
            while not (answer := await page.soc_raw()):
                await page.say("GET", "/faults")
        assert answer[7:9] == b"\x04\x02"


async def test_a_frozen_value_stands_still_and_the_watchdog_can_be_tripped() -> None:
    async with patient() as page:
        await page.say("PUT", "/faults", {"freeze": ["pcs.counter"]})
        held = (await page.say("GET", "/measured"))["pcs.counter"]
        await asyncio.sleep(1.1)
        assert (await page.say("GET", "/measured"))["pcs.counter"] == held
        await page.say("POST", "/trip")


async def test_the_page_wants_its_token_and_says_what_is_allowed() -> None:
    async with patient() as page:
        assert await page.refused({}, token="Bearer guess") == (
            401,
            "authorization: 'Bearer TOKEN' as printed is expected",
        )
        code, message = await page.refused({"delay_s": "long"})
        assert (code, message) == (
            422,
            "delay_s: 'long' is not allowed; a number from 0 to 60 expected",
        )


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is not installed")
async def test_an_independent_master_reads_and_writes_a_device_on_a_serial_line(
    tmp_path: Path,
) -> None:
    link = tmp_path / "rs485"
    async with simulator("device", "reference-inverter", "--pty", str(link)) as process:
        assert process.stdout is not None
        assert (await process.stdout.readline()).decode().strip() == f"listening on {link}"
        assert await mbpoll(link, "-t", "4:int", "-B", "-r", "101", "--", "5000") == 0
        assert await mbpoll(link, "-t", "4:int", "-B", "-r", "101", "-c", "1") == 0
        assert await mbpoll(link, "-a", "9", "-t", "4", "-r", "101", "-c", "1") != 0


async def mbpoll(link: Path, *arguments: str) -> int:
    """Run Debian's own Modbus master once over the line; return its exit code."""
    head, _, tail = " ".join(arguments).partition(" -- ")
    process = await asyncio.create_subprocess_exec(
        *("mbpoll", "-m", "rtu", "-b", "9600", "-P", "even", "-1", "-o", "1", *head.split()),
        *(str(link), *tail.split()),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()


def test_a_wrong_sign_turns_powers_and_nothing_else() -> None:
    ill = Faults(lambda: 0.0)
    ill.set(FaultSet(wrong_sign=True), MEASURED)
    assert ill.shown(MEASURED) == {"ac.power_kw": -20.0, "battery.soc_pct": 60.0}


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_whatever_is_sent_is_taken_or_refused_with_one_line(value: object) -> None:
    lines: list[str] = []
    for key in ("drop", "delay_s", "exception", "freeze", "garbage", "wrong_sign", "else"):
        try:
            assert isinstance(faults.from_document({key: value}, tuple(MEASURED)), FaultSet)
        except BadInput as error:
            lines.append(str(error))
    assert not any("\n" in line for line in lines)
