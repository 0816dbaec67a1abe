"""Where an OPC UA server is, and how both sides prove who they are."""

from dataclasses import dataclass, field

from drivers.opcua.certificates import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a connection is made of; made once, used again and again."""

    url: str
    timeout_s: float
    identity: Identity | None = None
    """None: no security."""
    trusted: frozenset[bytes] = frozenset()
    """Certificates, as DER, one of which the server must have."""
    user: str = ""
    password: str = field(default="", repr=False)
    user_identity: Identity | None = None
