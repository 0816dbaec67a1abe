"""How a computing process is ended by the hub, whatever it is doing."""

from asyncio.subprocess import Process
from contextlib import suppress


async def end(process: Process) -> None:
    """Kill the process if it still runs; return when it and its pipe are gone.

    What was still to be written to it is lost, and that is no news: somebody has to hear of it
    all the same, or the loop complains when the process is forgotten (before Python 3.11.4).
    """
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    await process.wait()
    if process.stdin is not None:
        process.stdin.close()
        with suppress(OSError):
            await process.stdin.wait_closed()
