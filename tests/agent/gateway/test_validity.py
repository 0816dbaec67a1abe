"""agent.gateway.validity: a box whose system believes in 1970 still reaches its hub over TLS.

Here it is the system that is right and the certificate that belongs to another time: what the
system's clock says of it is wrong in the same way, and no test can set the machine's clock.
"""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from agent.gateway.errors import HubUnreachable
from agent.gateway.hub import Hub, open_hub
from agent.gateway.line import OneKey, Way
from tests.support.certificates import Authority
from tests.support.hub_peer import KEY
from tests.support.raw_hub import RawHub, answer, raw_hub
from wire import signing
from wire.clock import SetClock, SystemClock

DAY_US = 86_400 * 1_000_000
YEAR = timedelta(days=365)


def told(truth_us: int, head: str) -> bytes:
    """Answer the question for the time, and every other with an acknowledgement."""
    nonce = re.search(r"nonce=([0-9a-f]+)&", head)
    if nonce is None:
        return answer("200 OK", b'{"v":1,"epoch":"e","seq":3}')
    mac = signing.time_mac(KEY, nonce[1], truth_us)
    body = f'{{"v":1,"server_us":{truth_us},"mac":"{mac}"}}'
    return answer("200 OK", body.encode())


@asynccontextmanager
async def hub_of_next_year(
    folder: Path, clock: SetClock, host: str = "127.0.0.1"
) -> AsyncIterator[tuple[Hub, RawHub]]:
    """Give a hub whose certificate begins in a year and lasts for a day; `clock` is the box's."""
    authority = Authority(folder)
    files = authority.sign("hub", lifetime=timedelta(days=1), age=-YEAR, address=host)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.cert, files.key)
    truth_us = next_year_us()
    async with raw_hub(lambda head: told(truth_us, head), tls) as raw:
        way = Way(url=f"https://127.0.0.1:{raw.port}", ca_file=authority.ca)
        async with open_hub(way, OneKey(KEY), clock) as hub:
            yield hub, raw


def next_year_us() -> int:
    """Return an hour after the certificate has begun."""
    return SystemClock().now_us() + 365 * DAY_US + 3_600_000_000


async def test_a_system_that_is_trusted_judges_as_ever(tmp_path: Path) -> None:
    async with hub_of_next_year(tmp_path, SetClock(next_year_us())) as (hub, raw):
        with pytest.raises(HubUnreachable, match="not yet valid"):
            await hub.upload(b"body")
        with pytest.raises(HubUnreachable, match="not yet valid"):
            await hub.time()
        assert raw.heads == []


async def test_a_box_that_does_not_know_the_day_may_ask_for_it_and_nothing_else(
    tmp_path: Path,
) -> None:
    clock = SetClock(0)
    async with hub_of_next_year(tmp_path, clock) as (hub, raw):
        hub.line.validity.by_system(trusted=False)
        answered = await hub.time()
        assert answered.proven
        with pytest.raises(HubUnreachable, match=r"by our clock it is 1970-01-01 00:00:00 UTC"):
            await hub.upload(b"body")
        assert len(raw.heads) == 1, "nor over the connection that was opened for the question"
        clock.at_us = answered.server_us
        assert (await hub.upload(b"body")).seq == 3


async def test_our_own_clock_ends_a_certificate_too(tmp_path: Path) -> None:
    clock = SetClock(next_year_us() + 2 * DAY_US)
    async with hub_of_next_year(tmp_path, clock) as (hub, raw):
        hub.line.validity.by_system(trusted=False)
        with pytest.raises(HubUnreachable, match="the hub's certificate is valid from"):
            await hub.upload(b"body")
        assert raw.heads == []


async def test_a_system_that_is_put_right_judges_again(tmp_path: Path) -> None:
    async with hub_of_next_year(tmp_path, SetClock(next_year_us())) as (hub, raw):
        hub.line.validity.by_system(trusted=False)
        hub.line.validity.by_system(trusted=True)
        with pytest.raises(HubUnreachable, match="not yet valid"):
            await hub.upload(b"body")
        assert raw.heads == []


async def test_names_and_signatures_are_checked_whatever_the_day(tmp_path: Path) -> None:
    async with hub_of_next_year(tmp_path, SetClock(next_year_us()), host="127.0.0.2") as (hub, raw):
        hub.line.validity.by_system(trusted=False)
        for asking in (hub.time, lambda: hub.upload(b"body")):
            with pytest.raises(HubUnreachable, match="IP address mismatch"):
                await asking()
        assert raw.heads == []
