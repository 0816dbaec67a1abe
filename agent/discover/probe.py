"""Asking one port who is there: the first words of OPC UA and MQTT, and whether anybody listens.

Nothing is logged in to and nothing is written; each question is one short connection.
"""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from agent.discover.targets import TLS_PORTS, Target

CONNECT_S = 1.0
ANSWER_S = 2.0
_BUFFER_BYTES = 65_535
_MQTT_CLIENT = b"phoenyra-discover"
_MQTT_CODES = {
    0: "lets anybody in",
    1: "speaks another version",
    2: "refuses our name",
    3: "is not ready",
    4: "wants user and password",
    5: "wants user and password",
}


async def opcua(target: Target) -> str | None:
    """Return what an OPC UA server says to a hello (OPC 10000-6, clause 7.1); None: it is none."""
    url = f"opc.tcp://{target}".encode()
    body = struct.pack("<I", len(url)) + url
    size = 28 + len(body)
    hello = struct.pack("<3scI5I", b"HEL", b"F", size, 0, _BUFFER_BYTES, _BUFFER_BYTES, 0, 0)
    answer = await _ask(target, hello + body, 4)
    if answer in (b"ACKF", b"ERRF"):
        return "OPC UA server" + ("" if answer == b"ACKF" else ", refuses our hello")
    return None


async def mqtt(target: Target) -> str | None:
    """Return what an MQTT broker says to a stranger (MQTT 3.1.1, clause 3.1); None: it is none."""
    head = b"\x00\x04MQTT\x04\x02\x00\x05" + struct.pack(">H", len(_MQTT_CLIENT)) + _MQTT_CLIENT
    answer = await _ask(target, b"\x10" + bytes([len(head)]) + head, 4)
    if len(answer) == 4 and answer[:2] == b"\x20\x02":
        secure = "over TLS " if target.port in TLS_PORTS else ""
        return f"MQTT broker, {secure}{_MQTT_CODES.get(answer[3], 'answers strangely')}"
    return None


async def _ask(target: Target, question: bytes, count: int) -> bytes:
    """Send the question and return the first `count` bytes of the answer, or fewer."""
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        async with _connection(target) as (reader, writer):
            writer.write(question)
            async with asyncio.timeout(ANSWER_S):
                return await reader.readexactly(count)
    return b""


@asynccontextmanager
async def _connection(
    target: Target,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(CONNECT_S):
        reader, writer = await asyncio.open_connection(
            target.host, target.port, ssl=_stranger() if target.port in TLS_PORTS else None
        )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def _stranger() -> ssl.SSLContext:
    """Return a context that believes any certificate: we ask who is there and send no secret."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
