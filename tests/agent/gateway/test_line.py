"""agent.gateway.line: who is believed, what is kept, which key signs, and when a line is dead."""

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.gateway.errors import HubRefused, HubSilent, HubUnreachable
from agent.gateway.hub import open_hub
from agent.gateway.line import BadLine, OneKey, Way, open_line
from tests.support.certificates import Authority, Files
from tests.support.hub_peer import KEY
from tests.support.proxy import line_to
from tests.support.raw_hub import answer, raw_hub
from wire import signing
from wire.clock import SystemClock
from wire.signing import Key

ACK = answer("200 OK", b'{"v":1,"epoch":"e","seq":3}')
NEWER = Key("gwk-newer", bytes.fromhex("cd" * 32))
CLOCK = SystemClock()
USER = "box:pass-1"


def context(files: Files) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(files.cert, files.key)
    return tls


@dataclass(slots=True)
class TwoKeys:
    """A newer key on trial beside the one that is known to be good."""

    held: Sequence[Key] = (NEWER, KEY)
    heard: list[str] = field(default_factory=list)

    def keys(self) -> Sequence[Key]:
        return self.held

    def accepted(self, key_id: str) -> None:
        self.heard.append(key_id)


def signed_by(head: str) -> str:
    found = re.search(r"key=([^,]+)", head)
    return found[1] if found else ""


def takes(*key_ids: str, code: str = "BAD_SIGNATURE") -> Callable[[str], bytes]:
    """Say yes to these keys, and `code` to any other."""
    refused = answer("401 No", json.dumps({"code": code, "message": "no"}).encode())
    return lambda head: ACK if signed_by(head) in key_ids else refused


async def test_a_hub_of_a_private_authority_is_believed_when_the_settings_name_it(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    async with raw_hub(lambda _: ACK, context(authority.sign("hub"))) as hub:
        way = Way(url=f"https://127.0.0.1:{hub.port}", ca_file=authority.ca)
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            assert (await opened.upload(b"body")).seq == 3


@pytest.mark.parametrize("named", ["nobody", "another"])
async def test_a_hub_of_an_authority_that_nobody_named_gets_no_request(
    tmp_path: Path, named: str
) -> None:
    authority, other = Authority(tmp_path / "hub"), Authority(tmp_path / "other")
    ca_file = None if named == "nobody" else other.ca
    async with raw_hub(lambda _: ACK, context(authority.sign("hub"))) as hub:
        way = Way(url=f"https://127.0.0.1:{hub.port}", ca_file=ca_file)
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            with pytest.raises(HubUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
                await opened.upload(b"body")
        assert hub.heads == []


async def test_a_certificate_for_another_host_is_not_believed(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    files = authority.sign("hub", address="127.0.0.2")
    async with raw_hub(lambda _: ACK, context(files)) as hub:
        way = Way(url=f"https://127.0.0.1:{hub.port}", ca_file=authority.ca)
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            with pytest.raises(HubUnreachable):
                await opened.upload(b"body")
        assert hub.heads == []


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_a_list_of_authorities_that_cannot_be_read_is_one_clear_line(
    tmp_path: Path, content: str | None
) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    with pytest.raises(BadLine, match=r"hub\.ca_file: .*ca\.pem"):
        async with open_line(Way(url="https://hub", ca_file=ca_file), OneKey(KEY), CLOCK):
            pass


async def test_requests_go_through_the_proxy_of_the_site_with_its_password() -> None:
    async with raw_hub(lambda _: ACK) as proxy:
        way = Way(url="http://hub.invalid", proxy=f"http://{USER}@127.0.0.1:{proxy.port}")
        assert "pass-1" not in repr(way)
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            assert (await opened.upload(b"body")).seq == 3
        (head,) = proxy.heads
        assert head.startswith("POST http://hub.invalid/sync/v1/uploads HTTP/1.1\r\n")
        assert "proxy-authorization: basic ym94onbhc3mtmq==" in head.lower()


async def test_an_encrypted_line_through_a_proxy_is_a_tunnel(tmp_path: Path) -> None:
    no_tunnel = answer("407 Proxy Authentication Required", b"")
    async with raw_hub(lambda _: no_tunnel) as proxy:
        way = Way(url="https://hub.invalid", proxy=f"http://127.0.0.1:{proxy.port}")
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            with pytest.raises(HubUnreachable) as broken:
                await opened.upload(b"body")
        (head,) = proxy.heads
        assert head.startswith("CONNECT hub.invalid:443 HTTP/1.1\r\n")
        assert "authorization: PHO1" not in head.lower()
        assert "407" in str(broken.value)


async def test_a_proxy_that_makes_no_sense_is_told_without_its_password() -> None:
    with pytest.raises(BadLine) as bad:
        way = Way(url="https://hub", proxy=f"ftp://{USER}@host:1")
        async with open_line(way, OneKey(KEY), CLOCK):
            pass
    assert "pass-1" not in str(bad.value)


async def test_a_long_poll_through_a_proxy_is_short_for_nobody_sees_the_line_behind() -> None:
    news = answer("200 OK", b'{"v":1,"server_us":1,"schedule":null}')
    async with raw_hub(lambda _: news) as proxy:
        way = Way(url="http://hub.invalid", proxy=f"http://127.0.0.1:{proxy.port}")
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            await opened.downlink(-1, (), 20)
        assert "wait_s=2 " in proxy.heads[0]


async def test_one_connection_serves_many_requests() -> None:
    async with raw_hub(lambda _: ACK) as hub:
        way = Way(url=f"http://127.0.0.1:{hub.port}")
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            for _ in range(20):
                await opened.upload(b"body")
        assert hub.connections == 1


async def test_a_newer_key_signs_as_soon_as_it_is_held() -> None:
    keys = TwoKeys()
    async with raw_hub(takes("gwk-newer")) as hub:
        way = Way(url=f"http://127.0.0.1:{hub.port}")
        async with open_hub(way, keys, CLOCK) as opened:
            await opened.upload(b"body")
        assert keys.heard == ["gwk-newer"]


@pytest.mark.parametrize("code", ["BAD_SIGNATURE", "KEY_RETIRED"])
async def test_a_hub_that_does_not_know_the_newer_key_is_asked_with_the_older_one(
    code: str,
) -> None:
    keys = TwoKeys()
    async with raw_hub(takes(KEY.key_id, code=code)) as hub:
        way = Way(url=f"http://127.0.0.1:{hub.port}")
        async with open_hub(way, keys, CLOCK) as opened:
            assert (await opened.upload(b"body")).seq == 3
        assert keys.heard == [KEY.key_id]
        assert [signed_by(head) for head in hub.heads] == ["gwk-newer", KEY.key_id]


async def test_a_revoked_box_does_not_try_its_other_key() -> None:
    async with raw_hub(takes(code="GATEWAY_REVOKED")) as hub:
        way = Way(url=f"http://127.0.0.1:{hub.port}")
        async with open_hub(way, TwoKeys(), CLOCK) as opened:
            with pytest.raises(HubRefused, match="GATEWAY_REVOKED"):
                await opened.upload(b"body")
        assert len(hub.heads) == 1


async def test_a_hub_that_doubts_the_clock_is_heard_and_the_correction_is_signed() -> None:
    off = answer("401 No", b'{"code":"CLOCK_OFF","message":"set the clock"}')
    said = [off, ACK]
    async with raw_hub(lambda _: said.pop(0)) as hub:
        way = Way(url=f"http://127.0.0.1:{hub.port}")
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            with pytest.raises(HubRefused, match="CLOCK_OFF"):
                await opened.upload(b"body")
            assert opened.line.clock_doubted.is_set()
            opened.line.correction_us = 3_600_000_000
            await opened.upload(b"body")
        before_us, after_us = (int(re.findall(r"time=(\d+)", head)[0]) for head in hub.heads)
        assert after_us - before_us >= 3_600_000_000


@pytest.mark.parametrize("key", [KEY, NEWER], ids=["ours", "another"])
async def test_the_hubs_time_is_proven_by_our_key_alone(key: Key) -> None:
    def tell(head: str) -> bytes:
        nonce = re.findall(r"nonce=([0-9a-f]+)", head)[0]
        mac = signing.time_mac(key, nonce, 1_795_262_400_000_000)
        body = {"v": 1, "server_us": 1_795_262_400_000_000, "mac": mac}
        return answer("200 OK", json.dumps(body).encode())

    async with raw_hub(tell) as hub:
        way = Way(url=f"http://127.0.0.1:{hub.port}")
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            told = await opened.time()
        assert told.server_us == 1_795_262_400_000_000
        assert told.proven is (key is KEY)
        assert told.took_s >= 0
        assert "authorization" not in hub.heads[0].lower()


async def test_an_upload_that_is_met_with_silence_ends_the_long_poll_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agent.gateway.line.ANSWER_TIMEOUT_S", 0.2)
    async with raw_hub(lambda _: None) as hub:
        way = Way(url=f"http://127.0.0.1:{hub.port}")
        async with open_hub(way, OneKey(KEY), CLOCK) as opened, asyncio.TaskGroup() as tasks:
            poll = tasks.create_task(silence(opened.downlink(-1, (), 55)))
            await hub.silent.wait()
            with pytest.raises(HubSilent, match="no answer within"):
                await opened.upload(b"body")
            async with asyncio.timeout(2):
                assert "another request" in await poll


async def silence(asking: Awaitable[object]) -> str:
    """Return why nothing came back."""
    with pytest.raises(HubSilent) as silent:
        await asking
    return str(silent.value)


async def test_a_light_frame_that_is_lost_leaves_the_long_poll_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agent.gateway.hub.LIVE_TIMEOUT_S", 0.1)
    async with raw_hub(lambda _: None) as hub:
        way = Way(url=f"http://127.0.0.1:{hub.port}")
        async with open_hub(way, OneKey(KEY), CLOCK) as opened, asyncio.TaskGroup() as tasks:
            poll = tasks.create_task(silence(opened.downlink(-1, (), 0.5)))
            await hub.silent.wait()
            with pytest.raises(HubSilent):
                await opened.line.aside("/sync/v1/live", b"", 0.1)
            await asyncio.sleep(0)
            assert not poll.done()
            poll.cancel()


@pytest.mark.slow
async def test_a_line_on_which_everything_vanishes_is_known_to_be_dead_within_ten_seconds() -> None:
    loop = asyncio.get_running_loop()
    async with raw_hub(lambda _: ACK) as hub, line_to(hub.port) as line:
        way = Way(url=f"http://127.0.0.1:{line.port}")
        async with open_hub(way, OneKey(KEY), CLOCK) as opened:
            await opened.upload(b"body")
            line.cut()
            cut_s = loop.time()
            with pytest.raises(HubSilent):
                await opened.upload(b"body")
            assert loop.time() - cut_s < 10
