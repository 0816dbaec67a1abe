"""``python -m agent.scada.standard FOLDER``: build the nodes that the OPC UA standard demands.

A program of its own, because what building them takes of memory is not given back.
"""

import asyncio
import gc
import shutil
import sys
from pathlib import Path

from asyncua.server.internal_server import InternalServer


async def build(folder: Path) -> None:
    """Make `folder` with the file ``nodes`` in it, whole or not at all."""
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    nodes = draft / "nodes"
    await InternalServer().load_standard_address_space(nodes)
    nodes.touch()  # the library looks for this name; Python may have appended to it
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


if __name__ == "__main__":
    gc.disable()  # there is no garbage in what is built, and to look for it takes half of the time
    asyncio.run(build(Path(sys.argv[1])))
