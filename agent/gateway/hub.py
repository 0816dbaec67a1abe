"""The hub as the gateway sees it: a method for each route of the sync API (see `wire.sync`).

What a route answers is checked here: an answer that makes no sense is no answer.
"""

import asyncio
import hmac
import secrets
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from agent.gateway.errors import HubUnreachable
from agent.gateway.line import Keys, Line, Way, open_line
from wire import enrolment, fields, live, report, signing, sync
from wire import gap as gaps
from wire.clock import Clock
from wire.command import CommandResult
from wire.enrolment import Credentials, Enrolment
from wire.fields import BadMessage, Document
from wire.gap import Gap
from wire.live import Live
from wire.report import Report
from wire.sync import Ack, Downlink

LIVE_TIMEOUT_S = 3.0
"""A light frame that takes longer is of no more use."""
PROXIED_WAIT_S = 2.0
"""Longest long poll through a proxy: there the kernel cannot see that the line beyond is dead."""
BUNDLE_BYTES_S_MIN = 16_000
"""What the slowest line takes on which a log bundle can be sent."""
GAPS_MAX = 20_000
_NONCE_BYTES = 16

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubTime:
    """What the hub's clock said."""

    server_us: int
    took_s: float
    """From the question to the answer, on the event loop's clock."""
    proven: bool
    """The answer carries the mark of our key and of this question."""


class Hub:
    """Raises only `HubUnreachable` and `HubRefused`; made by `open_hub`."""

    def __init__(self, line: Line) -> None:
        self.line = line

    async def upload(self, body: bytes, expected_s: float = 0.0) -> Ack:
        """Post an encoded upload; idempotent. `expected_s`: how long the line takes for it."""
        document = await self.line.ask("POST", sync.UPLOAD_PATH, body, expected_s=expected_s)
        return _read(sync.ack_from_document, document)

    async def downlink(self, have: int, watch: Sequence[str], wait_s: float) -> Downlink:
        """Ask for news, waiting up to `wait_s` for some.

        Args:
            have: version of the schedule that the box follows; -1: none.
            watch: points that the box knows to be watched.
        """
        if self.line.proxied:
            wait_s = min(wait_s, PROXIED_WAIT_S)
        known = zlib.crc32(",".join(watch).encode("ascii"))
        path = f"{sync.DOWNLINK_PATH}?have={have}&watch={known}&wait_s={wait_s:g}"
        return _read(sync.downlink_from_document, await self.line.poll(path, wait_s))

    async def live(self, frame: Live) -> tuple[str, ...]:
        """Post the newest values; return the points that are watched now. Never tried again."""
        body = live.encode(frame)
        document = await self.line.aside(sync.LIVE_PATH, body, LIVE_TIMEOUT_S)
        return _read(_watch, document)

    async def report(self, state: Report) -> None:
        """Tell how the box is doing; only the newest counts."""
        await self._post(sync.REPORT_PATH, report.to_document(state))

    async def results(self, results: Sequence[CommandResult]) -> None:
        """Tell what became of commands; the hub has committed it when this returns. Idempotent."""
        await self._post(sync.RESULTS_PATH, sync.results_to_document(results))

    async def gaps(self) -> tuple[Gap, ...]:
        """Return the hub's ledger of this gateway."""
        return _read(_ledger, await self.line.ask("GET", sync.GAPS_PATH))

    async def new_key(self) -> Credentials:
        """Have a newer key made; asked again before it was used, another takes its place."""
        document = await self.line.ask("POST", sync.KEYS_PATH, b'{"v":1}')
        return _read(enrolment.credentials_from_document, document)

    async def enrol(self, asked: Enrolment) -> Credentials:
        """Exchange a one-time code for the box's own key; not signed: there is no key yet."""
        body = fields.compact(enrolment.to_document(asked)).encode("ascii")
        document = await self.line.unsigned("POST", sync.ENROL_PATH, body)
        return _read(enrolment.credentials_from_document, document)

    async def bundle(self, command: str, packed: bytes) -> None:
        """Post the log bundle (gzip) that a command asked for."""
        path = f"{sync.BUNDLES_PATH}/{command}"
        await self.line.ask("POST", path, packed, expected_s=len(packed) / BUNDLE_BYTES_S_MIN)

    async def time(self) -> HubTime:
        """Ask what time it is there; works with a clock that is too far off to sign anything."""
        key, nonce = self.line.key(), secrets.token_hex(_NONCE_BYTES)
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        path = f"{sync.TIME_PATH}?nonce={nonce}&key={key.key_id}"
        document = await self.line.unsigned("GET", path, undated=True)
        server_us, mac = _read(_time, document)
        return HubTime(
            server_us=server_us,
            took_s=loop.time() - asked_s,
            proven=hmac.compare_digest(
                mac.encode(), signing.time_mac(key, nonce, server_us).encode()
            ),
        )

    async def _post(self, path: str, document: dict[str, object]) -> None:
        answer = await self.line.ask("POST", path, fields.compact(document).encode("ascii"))
        _read(lambda got: fields.version(got, "answer", sync.VERSION), answer)


@asynccontextmanager
async def open_hub(way: Way, keys: Keys, clock: Clock) -> AsyncIterator[Hub]:
    """Return the hub at ``way.url``; nothing is sent yet.

    Raises:
        BadLine: the list of authorities or the proxy's address cannot be used.
    """
    async with open_line(way, keys, clock) as line:
        yield Hub(line)


def _read(reader: Callable[[Document], _T], document: Document) -> _T:
    try:
        return reader(document)
    except BadMessage as error:
        raise HubUnreachable(f"the answer makes no sense: {error}") from error


def _watch(document: Document) -> tuple[str, ...]:
    fields.version(document, "answer", live.VERSION)
    return live.watch_from_document(document, "answer")


def _time(document: Document) -> tuple[int, str]:
    fields.version(document, "time", sync.VERSION)
    mac = fields.text(document, "mac", "time", empty=True)
    return fields.instant(document, "server_us", "time"), mac


def _ledger(document: Document) -> tuple[Gap, ...]:
    fields.version(document, "answer", sync.VERSION)
    rows = fields.items(document, "gaps", "answer", most=GAPS_MAX)
    return tuple(
        gaps.from_document(fields.as_document(row, f"gaps[{i}]"), f"gaps[{i}]")
        for i, row in enumerate(rows)
    )
