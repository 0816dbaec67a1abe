"""Everything a driver may raise.

* DriverError
  * DeviceUnreachable   retry: the line is down or the device is silent
  * DeviceRefused       report: the device answered, and said no
  * ProfileError        crash: our own register map or settings are wrong
"""


class DriverError(Exception):
    """The base of the tree; nothing else leaves a driver."""


class DeviceUnreachable(DriverError):
    """The line is down or the device is silent; the caller tries again."""


class DeviceRefused(DriverError):
    """The device answered and said no; the caller reports it."""


class ProfileError(DriverError):
    """A profile or its use is wrong; the text names the key, the value and what is allowed."""

    def __init__(self, line: str, *others: str) -> None:
        super().__init__(line)
        self.lines = (line, *others)
        """The text, and further mistakes of the same file, one line each."""
