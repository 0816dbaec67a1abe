"""cloud.forecast.service.ending: a process is ended whatever it is doing, and nobody complains."""

import asyncio
import gc
import sys
from asyncio.subprocess import PIPE

from cloud.forecast.service.ending import end

MORE_THAN_A_PIPE_HOLDS = b"x" * 3_000_000


async def test_a_process_that_is_ended_while_it_is_written_to_leaves_no_complaint() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
    words = (sys.executable, "-c", "import signal; print('here', flush=True); signal.pause()")
    process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"here\n"
    process.stdin.write(MORE_THAN_A_PIPE_HOLDS)
    await end(process)
    assert process.returncode is not None
    del process
    gc.collect()
    assert complaints == []


async def test_a_process_that_has_ended_by_itself_is_no_matter() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "", stdin=PIPE)
    await process.wait()
    await end(process)
    assert process.returncode == 0
