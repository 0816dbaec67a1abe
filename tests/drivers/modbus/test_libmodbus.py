"""drivers.modbus against libmodbus, which shares no code with us: every function, TCP and RTU."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from drivers.modbus.bus import UnitLine, line_to
from drivers.modbus.config import Parity
from drivers.modbus.endpoint import SerialEndpoint, TcpEndpoint
from drivers.modbus.line import Refusal
from drivers.point import Kind
from drivers.profile import load
from tests.support.libmodbus import compiled, joined_ptys, needs_libmodbus, serving
from tests.support.system import free_port

LINK = load("reference-inverter").link
UNIT = 17

Connecting = Callable[[Path], AbstractAsyncContextManager[UnitLine]]

pytestmark = needs_libmodbus


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("libmodbus"))


@asynccontextmanager
async def tcp_line(server: Path) -> AsyncIterator[UnitLine]:
    port = free_port()
    async with serving(server, "tcp", str(port)):
        with line_to(TcpEndpoint("127.0.0.1", port), 1, LINK) as line:
            yield line
        await asyncio.sleep(0)


@asynccontextmanager
async def rtu_line(server: Path) -> AsyncIterator[UnitLine]:
    with joined_ptys() as (ours, theirs):
        async with serving(server, "rtu", str(theirs), str(UNIT)):
            endpoint = SerialEndpoint(str(ours), 115_200, Parity.NONE, 1)
            with line_to(endpoint, UNIT, LINK) as line:
                yield line


@pytest.mark.parametrize("connected", [tcp_line, rtu_line])
async def test_every_function_is_understood(connected: Connecting, server: Path) -> None:
    async with connected(server) as line:
        assert await line.read(Kind.INPUT, 0, 125) == list(range(1, 126))
        assert await line.read(Kind.DISCRETE, 1, 9) == [1, 0, 1, 0, 1, 0, 1, 0, 1]
        assert await line.write(Kind.HOLDING, 10, [1, 2, 65_535]) is None
        assert await line.write(Kind.HOLDING, 13, [4], multiple=False) is None
        assert await line.read(Kind.HOLDING, 10, 4) == [1, 2, 65_535, 4]
        assert await line.write(Kind.COIL, 20, [1]) is None
        assert await line.write(Kind.COIL, 21, [0, 1, 1]) is None
        assert await line.read(Kind.COIL, 20, 4) == [1, 0, 1, 1]
        assert await line.read(Kind.HOLDING, 499, 2) == Refusal(2)
        assert await line.write(Kind.HOLDING, 500, [1]) == Refusal(2)
