"""Sparkplug B topic names. Pure.

Source: Eclipse Sparkplug 3.0.0, chapter 4 "Topics and Messages".
"""

from dataclasses import dataclass
from enum import StrEnum

NAMESPACE = "spBv1.0"


class Kind(StrEnum):
    """What a message is about."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    NDATA = "NDATA"
    NCMD = "NCMD"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    DDATA = "DDATA"
    DCMD = "DCMD"

    @property
    def of_device(self) -> bool:
        return self.value.startswith("D")


_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Node:
    """An edge node."""

    group: str
    node: str

    def topic(self, kind: Kind, device: str = "") -> str:
        """Return the topic of a message; `device` for those about one."""
        assert kind.of_device is bool(device), "a message is about the node or about a device"
        own = f"{NAMESPACE}/{self.group}/{kind}/{self.node}"
        return f"{own}/{device}" if device else own

    def parse(self, topic: str) -> tuple[Kind, str] | None:
        """Return what a topic of this node is about, and the device; None: of no use here."""
        parts = topic.split("/")
        if len(parts) not in (4, 5) or parts[0] != NAMESPACE:
            return None
        kind, device = _KINDS.get(parts[2]), parts[4] if len(parts) == 5 else ""
        if kind is None or (parts[1], parts[3]) != (self.group, self.node):
            return None
        return (kind, device) if kind.of_device is bool(device) else None


def state_topic(host_id: str) -> str:
    """Return where a primary host says whether it is there."""
    return f"{NAMESPACE}/STATE/{host_id}"
