"""Everything the gateway's own parts may raise.

* GatewayError
  * BufferBlocked    retry: the disk is full, slow or failing; nothing was stored
    * DiskFull       the same; what may go can make room
  * BufferDamaged    crash: the file is damaged; the next start sets it aside
  * BufferUnusable   crash: another process holds the file, or a newer program wrote it
  * HubUnreachable   retry: no answer
    * HubSilent      retry: nothing came back in time; the line is dead though it stands
  * HubRefused       report: the hub answered, and said no
"""


class GatewayError(Exception):
    """The base of the tree."""


class BufferBlocked(GatewayError):
    """The file cannot be written at the moment; the caller keeps what it has and tries again."""


class DiskFull(BufferBlocked):
    """There is no room on the disk; nothing was stored."""


class BufferDamaged(GatewayError):
    """The file is not a sound database any more; the process ends and starts with a new one."""


class BufferUnusable(GatewayError):
    """The file is sound but not ours to use; the text says why."""


class HubUnreachable(GatewayError):
    """No answer from the hub, or one that makes no sense; the caller tries again."""


class HubSilent(HubUnreachable):
    """Nothing came back within the time: not an old connection that broke, but a dead line."""


class HubRefused(GatewayError):
    """The hub said no; `code` is the hub's stable one, or the bare status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
