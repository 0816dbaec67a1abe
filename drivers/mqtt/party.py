"""Who talks through a broker, what is said there, and where the broker is. No I/O here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files of a TLS connection; empty names are those that the site does not use."""

    ca_file: str = ""
    """Certificates that the broker's own is checked against; empty: the system's."""
    cert_file: str = ""
    """Our own certificate, with `key_file`."""
    key_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A broker, and how we sign in there."""

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls | None = None
    """None: no encryption."""
    keepalive_s: int = 5
    """A broker that is silent for about twice this is gone."""
    version_5: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be published."""

    topic: str
    payload: bytes
    qos: int = 1
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that was published."""

    topic: str
    payload: bytes
    retained: bool
    """It was kept by the broker: nobody knows how old it is."""


class NotSent(Exception):
    """Whether the broker took a message is not known; the text says why."""


class Party(Protocol):
    """Whoever talks through one `drivers.mqtt.client.Broker`."""

    def will(self) -> Message | None:
        """Return what the broker is to publish when we are gone; asked for at every connect."""
        ...

    def subscriptions(self) -> Sequence[tuple[str, int]]:
        """Return topic filters and their QoS; made anew at every connect."""
        ...

    async def opened(self) -> None:
        """Say first words; the subscriptions stand, and nothing is heard until this returns.

        Raises:
            NotSent: the connection is given up and made anew.
        """
        ...

    def hear(self, arrival: Arrival) -> None:
        """Take one message in, quickly; it may be anything, from anybody."""
        ...

    def lost(self, trouble: str) -> None:
        """Note that there is no connection; it is tried again until it stands."""
        ...
