"""A server of HTTP/1.1 on a free port: a path in, a status and a body out, and no more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Answer = tuple[int, bytes]


@asynccontextmanager
async def serving(answer: Callable[[str], Answer]) -> AsyncIterator[str]:
    """Yield the address under which `answer` is asked for each path with its query."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode()
        status, body = answer(path)
        writer.write(b"HTTP/1.1 %d Answer\r\nConnection: close\r\n" % status)
        writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        try:
            await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()
        await server.wait_closed()
