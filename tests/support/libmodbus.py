"""A Modbus server of libmodbus, compiled when a test asks for it; and a pair of joined ptys."""

import asyncio
import os
import shutil
import subprocess
import tty
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("libmodbus_server.c")
_HEADER = Path("/usr/include/modbus/modbus.h")

needs_libmodbus = pytest.mark.skipif(
    not _HEADER.exists() or shutil.which("gcc") is None, reason="libmodbus-dev is not installed"
)


def compiled(folder: Path) -> Path:
    """Return the server as a program in `folder`."""
    program = folder / "libmodbus_server"
    words = ["gcc", "-O1", "-Wall", "-Werror", "-I", str(_HEADER.parent), "-o", str(program)]
    subprocess.run([*words, str(SOURCE), "-lmodbus"], check=True, timeout=60)
    return program


@asynccontextmanager
async def serving(program: Path, *arguments: str) -> AsyncIterator[None]:
    """Run the server until the block ends."""
    process = await asyncio.create_subprocess_exec(program, *arguments, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(10.0):
            assert await process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(5.0):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@contextmanager
def joined_ptys() -> Iterator[tuple[Path, Path]]:
    """Yield two serial ports; what is written to one is read from the other."""
    loop = asyncio.get_running_loop()
    ends = [os.openpty(), os.openpty()]

    def passing(source: int, target: int) -> None:
        with suppress(BlockingIOError):
            os.write(target, os.read(source, 4_096))

    try:
        for _, slave in ends:
            tty.setraw(slave)
        for (one, _), (other, _) in (ends, ends[::-1]):
            os.set_blocking(one, False)
            loop.add_reader(one, passing, one, other)
        yield Path(os.ttyname(ends[0][1])), Path(os.ttyname(ends[1][1]))
    finally:
        for master, slave in ends:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)
