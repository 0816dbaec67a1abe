"""The way to the hub, walked step by step, and both clocks."""

import asyncio
import socket
from urllib.parse import urlsplit

from agent.doctor.finding import Finding, bad, good, warning
from agent.doctor.judge import clock_finding
from agent.enrol.config import HubSettings
from agent.enrol.credentials import CredentialStore, CredentialsUnusable, open_store
from agent.gateway.errors import HubRefused, HubUnreachable
from agent.gateway.hub import Hub, open_hub
from agent.gateway.line import BadLine, Way
from agent.settings import AgentSettings
from wire.clock import Clock

RESOLVE_S = 5.0
_HTTPS_PORT, _HTTP_PORT = 443, 80


async def looked_at(settings: AgentSettings, clock: Clock) -> list[Finding]:
    """Return what is to be said of the way to the hub; it ends where it is broken."""
    try:
        keys = open_store(settings.hub, settings.data_dir, settings.site)
    except CredentialsUnusable as error:
        return [bad("hub key", str(error), "phoenyra-agent enrol URL CODE --config FILE")]
    if keys is None:
        return [warning("hub key", "no hub is configured", "phoenyra-agent enrol")]
    found = [good("hub key", f"gateway {keys.gateway} at {keys.url}")]
    if not keys.url.startswith("https:"):
        found.append(warning("hub line", "is not encrypted", "use an https:// address"))
    own = settings.hub or HubSettings()
    if own.proxy is None:
        name = await _resolved(keys.url)
        found.append(name)
        if name.remedy:
            return found
    return [*found, *await _asked(keys, own, clock)]


async def _resolved(url: str) -> Finding:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if port is None:
        port = _HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError:
        return bad(
            "hub name", f"{host} is not resolved within {RESOLVE_S:g} s", "check the DNS server"
        )
    except OSError as error:
        return bad("hub name", f"{host}: {error.strerror}", "check the address and the DNS server")
    return good("hub name", f"{host} is {found[0][4][0]}")


async def _asked(keys: CredentialStore, own: HubSettings, clock: Clock) -> list[Finding]:
    proxy = None if own.proxy is None else own.proxy.get_secret_value()
    try:
        async with open_hub(
            Way(url=keys.url, ca_file=own.ca_file, proxy=proxy), keys, clock
        ) as hub:
            return await _questions(hub, clock)
    except BadLine as error:
        return [bad("hub line", str(error), "correct [hub] in the settings")]


async def _questions(hub: Hub, clock: Clock) -> list[Finding]:
    """Ask the time, which needs no key, then something signed that changes nothing."""
    try:
        told = await hub.time()
    except (HubUnreachable, HubRefused) as error:
        remedy = "check cable, gateway, firewall, proxy and certificates"
        return [bad("hub line", str(error), remedy)]
    off_s = (told.server_us - clock.now_us()) / 1e6 + told.took_s / 2
    found = [
        good("hub line", f"answers in {told.took_s * 1e3:.0f} ms"),
        clock_finding("clock now", off_s),
    ]
    if not told.proven:
        remedy = "is it another hub, or another key? phoenyra-agent enrol"
        return [*found, bad("hub trust", "the answer is not signed with our key", remedy)]
    try:
        gaps = await hub.gaps()
    except (HubUnreachable, HubRefused) as error:
        return [*found, bad("hub trust", str(error), "see the code; enrol again if it was revoked")]
    found.append(good("hub trust", "it knows this box"))
    if gaps:
        found.append(warning("gap ledger", f"the hub has {len(gaps)} rows about this box"))
    return found
