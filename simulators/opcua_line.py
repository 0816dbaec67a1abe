"""What the faults of a line do to an OPC UA server's connections.

Where a Modbus answer can be left out one by one, a session is a conversation: lost answers are
requests that nobody takes from the line any more, and a delay takes them late.
"""

import asyncio
from collections.abc import Iterable

from simulators.faults import Faults
from simulators.modbus_server import garbage

LISTEN_S = 0.2
"""Between two delays the server takes what has come."""


def spoil(transports: Iterable[asyncio.Transport], faults: Faults) -> None:
    """Let the connections be as the faults say; to be called often."""
    now = faults.current
    late = now.delay_s > 0 and faults.now_s() % (now.delay_s + LISTEN_S) < now.delay_s
    for transport in transports:
        if now.drop or late:
            transport.pause_reading()
        else:
            transport.resume_reading()
        if now.garbage:
            transport.write(garbage())
