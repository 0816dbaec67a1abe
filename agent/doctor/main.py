"""``phoenyra-agent doctor`` and ``status``: what a technician wants to know before calling anybody.

Both ask the running gateway for the document of its page. The doctor also looks for itself: at the
machine, at the hub, and, only while no control process owns them, at the devices.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from agent.doctor import devices, finding, hub, judge, machine, shown
from agent.doctor.ask import NoPicture, Picture, listens, picture_of
from agent.doctor.finding import Finding, bad, good
from agent.settings import AgentSettings
from wire.clock import Clock

BUFFER_FILE = "buffer.db"


async def status(settings: AgentSettings, options: argparse.Namespace) -> int:
    """Print the running site's state; 1: the gateway does not answer."""
    try:
        picture = await asyncio.to_thread(picture_of, settings)
    except NoPicture as error:
        sys.stderr.write(f"phoenyra-agent: {error}\n")
        return 1
    if options.json:
        sys.stdout.write(f"{json.dumps(picture)}\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in shown.lines(picture)))
    return 0


async def doctor(settings: AgentSettings, clock: Clock, options: argparse.Namespace) -> int:
    """Print what was found; 0: nothing failed, 1: something did."""
    found = await examined(settings, clock, options.config)
    if options.json:
        sys.stdout.write(f"{json.dumps(finding.documents(found))}\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in finding.lines(found)))
    return 0 if finding.ends_well(found) else 1


async def examined(settings: AgentSettings, clock: Clock, config: Path) -> list[Finding]:
    """Look at everything and return what was found, in the order of a technician's questions."""
    found = [good("settings", f"{config}: site {settings.site}, {len(settings.devices)} devices")]
    picture: Picture | None = None
    try:
        picture = await asyncio.to_thread(picture_of, settings)
    except NoPicture as error:
        found.append(bad("gateway", str(error), "systemctl status phoenyra-gateway"))
    if picture is not None:
        found.append(
            good("gateway", f"runs; page at http://{settings.page.host}:{settings.page.port}")
        )
        found.extend(judge.judged(picture))
    elif listens(settings.socket_path):
        found.append(good("control", "runs; its devices are not touched from here"))
    else:
        found.append(bad("control", "does not run", "systemctl status phoenyra-control"))
        found.extend(await devices.looked_at(settings, clock))
    found.extend(await hub.looked_at(settings, clock))
    now_s = asyncio.get_running_loop().time
    buffer = settings.data_dir / BUFFER_FILE
    running = picture is not None
    found.extend(machine.looked_at(settings.data_dir, buffer, now_s, running=running))
    return found
