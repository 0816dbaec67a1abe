"""The service manager's watchdog: ready, alive, stopping. Without a manager it does nothing.

Source: sd_notify(3). A message is one datagram that is never waited for.
"""

import socket
from collections.abc import Mapping


class Notifier:
    """Tells systemd how the process is doing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._ready = False

    def alive(self) -> None:
        """To be called while all is well; the first time also says that the start is over."""
        self._send("WATCHDOG=1" if self._ready else "READY=1\nWATCHDOG=1")
        self._ready = True

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
            try:
                manager.sendto(state.encode(), name)
            except OSError:  # a manager that is gone or busy must never stop the process
                return
