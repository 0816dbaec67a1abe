"""What systemd wants to hear from a service of ``Type=notify``; silence elsewhere."""

import asyncio
import socket
from collections.abc import Mapping


class Notifier:
    """Speaks to the socket that the environment names."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog_s = int(environment.get("WATCHDOG_USEC", "0")) / 1e6

    def tell(self, state: str) -> None:
        """Send ``READY=1``, ``STOPPING=1``, …"""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.connect(self._address)
            line.sendall(state.encode("ascii"))

    async def keep_alive(self) -> None:
        """Say that the event loop turns, twice as often as systemd wants to hear it."""
        while self._watchdog_s > 0:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self._watchdog_s / 2)
