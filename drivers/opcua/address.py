"""Where a value is on an OPC UA server, written so that it is found again. Pure.

A server numbers its namespaces as it likes, and anew at every start; so an address names the
namespace by its URI, ``nsu=urn:maker:plant;s=inverter/power``, never by its index. The other way
is a path of browse names below the Objects folder, ``/Plant/Inverter/Power``.
"""

import re
from dataclasses import dataclass

STANDARD_NAMESPACE = "http://opcfoundation.org/UA/"
"""Index 0 on every server; OPC 10000-5, clause 6.3."""
TEXT_MAX = 500
NAMES_MAX = 20
_NODE = re.compile(r"(?:nsu=(?P<uri>[^;]{1,250});)?(?P<identifier>(?P<kind>[sigb])=(?P<value>.+))")
_NUMERIC_MAX = 2**32 - 1
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class BadAddress(ValueError):
    """The text names no value; the message says what is expected."""


@dataclass(frozen=True, slots=True)
class Address:
    """One node: by its identifier, or by its path."""

    namespace: str
    """A URI; of a path: of the names that state no other."""
    identifier: str = ""
    """As in a node id: ``s=…``, ``i=…``, ``g=…``, ``b=…``; empty: the node has a path."""
    names: tuple[tuple[str, str], ...] = ()
    """Namespace URI and browse name of each step below the Objects folder."""

    @property
    def namespaces(self) -> frozenset[str]:
        """Return the URIs that must be known on the server."""
        return frozenset(uri for uri, _ in self.names) or frozenset({self.namespace})

    def __str__(self) -> str:
        if self.names:
            return "/" + "/".join(name for _, name in self.names)
        return f"nsu={self.namespace};{self.identifier}"


CLOCK = Address(STANDARD_NAMESPACE, "i=2258")
"""Server_ServerStatus_CurrentTime: every server's own heartbeat."""


def parse_node(text: str, namespace: str = "") -> Address:
    """Return the address in ``nsu=URI;s=…``; without ``nsu`` it is in `namespace`.

    Raises:
        BadAddress: it is none, or it names a namespace by an index, which moves.
    """
    if text.startswith("ns="):
        raise BadAddress("nsu=URI;… instead of ns=…, because an index moves,")
    match = _NODE.fullmatch(text) if len(text) <= TEXT_MAX else None
    if match is None or not _fits(match["kind"], match["value"]):
        raise BadAddress("a node id such as nsu=urn:maker:plant;s=inverter/power")
    uri = match["uri"] or namespace
    if not uri:
        raise BadAddress("nsu=URI;… or link.namespace, without which it is unclear where,")
    return Address(uri, match["identifier"])


def parse_path(text: str, namespace: str = "") -> Address:
    """Return the address of ``/Plant/Inverter/Power``, its names in `namespace`.

    A name may begin with ``0:`` for the standard's own namespace.

    Raises:
        BadAddress: it is no path, or nothing says what namespace its names are in.
    """
    names = text.split("/")
    if len(text) > TEXT_MAX or len(names) - 1 > NAMES_MAX or names[0] or not all(names[1:]):
        raise BadAddress("a path of browse names such as /Plant/Inverter/Power")
    steps = tuple(
        (STANDARD_NAMESPACE, name[2:]) if name.startswith("0:") else (namespace, name)
        for name in names[1:]
    )
    if not all(uri and name for uri, name in steps):
        raise BadAddress("link.namespace beside it, without which it is unclear where,")
    return Address(namespace or STANDARD_NAMESPACE, names=steps)


def _fits(kind: str, value: str) -> bool:
    match kind:
        case "i":
            return value.isascii() and value.isdigit() and int(value) <= _NUMERIC_MAX
        case "g":
            return _GUID.fullmatch(value) is not None
        case "b":
            return _BASE64.fullmatch(value) is not None
        case _:
            return value.isprintable()
