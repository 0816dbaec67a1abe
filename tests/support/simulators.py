"""``phoenyra-sim`` as a real process, or its command line in this one; for tests."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest


@asynccontextmanager
async def simulator(*arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators.main", *arguments),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(30.0):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def ended(
    capsys: pytest.CaptureFixture[str], main: Callable[[Sequence[str]], int], *arguments: str
) -> tuple[int, str]:
    """Run a command line here that ends by itself; return exit code and standard error.

    For what is wrong with arguments and files: to start a program anew for each takes most of it.
    """
    capsys.readouterr()
    try:
        code: object = main(arguments)
    except SystemExit as left:
        code = left.code
    assert isinstance(code, int), code
    return code, capsys.readouterr().err
