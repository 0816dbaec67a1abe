"""drivers.serial.device: a real port (a pty) is read, survives what the line does, and lets go."""

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from drivers import told
from drivers.base import Rate
from drivers.document import open_document
from drivers.errors import DeviceUnreachable, ProfileError
from drivers.serial import port
from drivers.serial.device import SerialDevice
from drivers.serial.port import open_serial
from drivers.serial.profile import Character, describe, read_profile
from simulators import serial_meter
from simulators.faults import FaultSet
from simulators.modbus_rtu import pty
from tests.support.serial_meters import reading
from wire.block import Quality

SHIPPED = ("frequency-meter-line", "iec62056-meter", "sml-meter")
# A pty knows no seven bits; what they carry is the same.
ON_PTY = '[link]\nbits = 8\nparity = "none"\nperiod_s = 0.2\ntimeout_s = 2\n'


def override(folder: Path, text: str) -> str:
    file = folder / "site.toml"
    file.write_text(text)
    return str(file)


async def until_told(device: SerialDevice, rate: Rate = Rate.FAST) -> Mapping[str, float | None]:
    async with asyncio.timeout(10):
        while True:
            try:
                readings = await device.read(rate)
            except DeviceUnreachable:
                await asyncio.sleep(0.02)
            else:
                assert all(reading.quality is Quality.GOOD for reading in readings)
                return {reading.point: reading.value for reading in readings}


async def until_silent(device: SerialDevice) -> str:
    async with asyncio.timeout(10):
        while True:
            try:
                await device.read(Rate.FAST)
            except DeviceUnreachable as error:
                return str(error)
            await asyncio.sleep(0.02)


async def test_a_frequency_meter_that_speaks_by_itself_is_heard(tmp_path: Path) -> None:
    async with reading(tmp_path, "frequency-meter-line") as line:
        values = await until_told(line.device)
        measured = line.plant.measure()
    assert values["grid.frequency_hz"] == pytest.approx(measured["grid.frequency_hz"], abs=5e-5)
    assert values["ac.voltage_v"] == 400.0


@pytest.mark.parametrize("mode", ["A", "C", "D"])
async def test_an_energy_meter_is_read_in_every_mode(tmp_path: Path, mode: str) -> None:
    site = override(tmp_path, ON_PTY.replace("[link]", f'[link]\nmode = "{mode}"'))
    async with reading(tmp_path, "iec62056-meter", site) as line:
        line.plant.faults.set(FaultSet(freeze=("site.power_kw",)), {"site.power_kw": 30.0})
        assert await until_told(line.device) == {"site.power_kw": 30.0}
        energy = await until_told(line.device, Rate.SLOW)
    assert energy.keys() == {"meter.import_kwh", "meter.export_kwh"}


async def test_an_sml_meter_is_heard_and_its_sign_is_ours(tmp_path: Path) -> None:
    async with reading(tmp_path, "sml-meter") as line:
        line.plant.faults.set(FaultSet(freeze=("site.power_kw",)), {"site.power_kw": -12.5})
        assert await until_told(line.device) == {"site.power_kw": -12.5}


async def test_a_value_has_the_time_of_its_own_telegram(tmp_path: Path) -> None:
    async with reading(tmp_path, "frequency-meter-line") as line:
        await until_told(line.device)
        line.plant.faults.set(FaultSet(drop=True), {})
        await asyncio.sleep(0.1)
        before = (await line.device.read(Rate.FAST))[0].at_us
        await asyncio.sleep(0.2)
        assert (await line.device.read(Rate.FAST))[0].at_us == before


async def test_a_meter_that_falls_silent_or_talks_nonsense_is_unreachable_until_it_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "BACK_OFF_S_MAX", 0.1)
    site = override(tmp_path, "[link]\ntimeout_s = 0.3\n")
    async with reading(tmp_path, "frequency-meter-line", site) as line:
        await until_told(line.device)
        for fault in (FaultSet(drop=True), FaultSet(garbage=True)):
            line.plant.faults.set(fault, {})
            assert "silent for 0.3 s" in await until_silent(line.device)
            line.plant.faults.set(FaultSet(), {})
            await until_told(line.device)


@pytest.mark.slow
async def test_a_plug_pulled_and_put_back_a_hundred_times_is_always_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "BACK_OFF_S_MAX", 0.1)
    async with reading(tmp_path, "sml-meter") as line:
        await until_told(line.device)
        for _ in range(100):
            await line.plug.aclose()
            await until_silent(line.device)
            again = await line.plug.enter_async_context(AsyncExitStack())
            await again.enter_async_context(
                serial_meter.serve(line.meter, tmp_path / "tty", period_s=0.05)
            )
            await until_told(line.device)


async def test_a_port_that_is_not_there_is_unreachable_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnreachable, match="No such file"):
        await open_serial(str(tmp_path / "none"), Character())
    async with reading(tmp_path, "sml-meter") as line:
        await line.plug.aclose()
        reasons = {await until_silent(line.device)}
        async with asyncio.timeout(10):
            while not any("No such file" in reason for reason in reasons):
                await asyncio.sleep(0.05)
                reasons.add(await until_silent(line.device))


async def test_a_port_that_another_program_holds_is_unreachable(tmp_path: Path) -> None:
    with pty(tmp_path / "tty"):
        first = await open_serial(str(tmp_path / "tty"), Character())
        with pytest.raises(DeviceUnreachable, match=r"lock|busy"):
            await open_serial(str(tmp_path / "tty"), Character())
        first.close()


@pytest.mark.parametrize("profile", SHIPPED)
async def test_a_reader_of_a_hung_meter_ends_at_once_when_cancelled(
    tmp_path: Path, profile: str
) -> None:
    entered = asyncio.Event()
    site = override(tmp_path, ON_PTY) if profile == "iec62056-meter" else None

    async def use() -> None:
        async with reading(tmp_path, profile, site, silent=True):
            entered.set()
            await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(use())
        await entered.wait()
        await asyncio.sleep(0.2)
        began_s = loop.time()
        task.cancel()
    assert task.cancelled()
    assert loop.time() - began_s < 1.0


async def test_bytes_cross_a_port_and_what_was_pending_can_be_forgotten(tmp_path: Path) -> None:
    with pty(tmp_path / "tty") as master:
        opened = await open_serial(str(tmp_path / "tty"), Character(baud=300))
        opened.set_baud(9_600)
        await opened.write(b"/?!\r\n")
        await asyncio.sleep(0.05)
        assert os.read(master, 100) == b"/?!\r\n"
        os.write(master, b"old")
        await opened.discard()
        os.write(master, b"new")
        assert await opened.read() == b"new"
        opened.close()


def test_the_maintained_library_is_preferred() -> None:
    assert port.library().__name__ == "serial_asyncio_fast"


async def test_without_it_the_other_one_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "serial_asyncio_fast", None)
    assert port.library().__name__ == "serial_asyncio"
    async with reading(tmp_path, "frequency-meter-line") as line:
        await until_told(line.device)


async def test_without_any_library_the_meter_is_unreachable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in port.LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DeviceUnreachable, match="serial_asyncio_fast, serial_asyncio is installed"):
        await open_serial("/dev/null", Character())


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_is_described_a_line_a_point(name: str) -> None:
    assert len(describe(open_document(name))) == len(read_profile(open_document(name)).tags)


@pytest.mark.parametrize(
    ("link", "point", "says"),
    [
        ('format = "xml"', "field = 0", "link.format: 'xml' is not allowed; lines, iec62056, sml"),
        ('format = "lines"\nseparator = "#"', "field = 0", "link.separator: '#'"),
        ('format = "lines"\ndecimal = ";"', "field = 0", "link.decimal: ';'"),
        ('format = "lines"\nrequest = "ä"', "field = 0", "link.request: 'ä'"),
        ('format = "lines"', "field = 64", "field: 64 is not allowed; a whole number from 0 to 63"),
        ('format = "lines"', 'field = 0\naccess = "write"', "access: 'write'"),
        ('format = "iec62056"\nmode = "B"', 'obis = "1.8.0"', "link.mode: 'B'"),
        ('format = "iec62056"\nmode = "C"\naddress = "?"', 'obis = "1.8.0"', "link.address: '?'"),
        ('format = "sml"\nmode = "C"', 'obis = "1.8.0"', "link.mode: no such key"),
        ('format = "sml"', 'obis = "power"', "obis: 'power' is not allowed; a code such as"),
        ('format = "sml"', "field = 1", "obis: is missing"),
    ],
)
def test_a_mistake_in_a_profile_costs_one_line(
    tmp_path: Path, link: str, point: str, says: str
) -> None:
    file = tmp_path / "mine.toml"
    head = '[profile]\nid = "mine"\nversion = 1\nsource = "test"\n[link]\nprotocol = "serial"\n'
    file.write_text(f'{head}{link}\n[[point]]\nname = "a.b_kw"\n{point}\n')
    with pytest.raises(ProfileError) as caught:
        read_profile(open_document(str(file)))
    assert says in str(caught.value)


def test_a_profile_of_another_protocol_is_refused() -> None:
    with pytest.raises(ProfileError, match="protocol: 'push' is not allowed; serial"):
        read_profile(open_document("seed-push"))
