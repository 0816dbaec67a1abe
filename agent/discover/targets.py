"""What is to be asked: every address of a network at every port, within limits. Pure."""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

HOSTS_MAX = 4_096
"""A /20; a larger network is asked for in parts."""
PORTS_MAX = 32


class Service(StrEnum):
    """What may answer at a port."""

    MODBUS = "modbus"
    OPCUA = "opcua"
    MQTT = "mqtt"


PORTS = {
    502: Service.MODBUS,
    1502: Service.MODBUS,
    4840: Service.OPCUA,
    1883: Service.MQTT,
    8883: Service.MQTT,
}
"""Where the services live unless somebody moved them."""
TLS_PORTS = frozenset({8883})


class BadTarget(ValueError):
    """What was asked for cannot be looked at; one line says why and what can."""


@dataclass(frozen=True, slots=True)
class Target:
    """One port of one host, and what is expected behind it."""

    host: str
    port: int
    service: Service

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def targets(network: str, ports: Sequence[tuple[int, Service]], *, public: bool) -> list[Target]:
    """Return what to ask, port by port, so that no host is asked twice in a row.

    Args:
        network: ``192.168.1.0/24``, or one address.
        ports: each with the service expected there.
        public: whether addresses of the public internet are meant.

    Raises:
        BadTarget: no network, one too large, or a public one that was not meant.
    """
    hosts = list(_hosts(network, public=public))
    if not 1 <= len(ports) <= PORTS_MAX:
        raise BadTarget(f"ports: {len(ports)} are not allowed; 1 to {PORTS_MAX} are expected")
    return [Target(host, port, service) for port, service in ports for host in hosts]


def parse_ports(text: str) -> list[tuple[int, Service]]:
    """Return ports and services from ``502,1502,opcua:4841``; a bare number is looked up.

    Raises:
        BadTarget: no number, out of range, or an unknown service.
    """
    ports = []
    for part in text.split(","):
        name, _, number = part.strip().rpartition(":")
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= 65_535):
            raise BadTarget(f"ports: {part[:40]!r} is not allowed; 502 or opcua:4841 is expected")
        if name and name not in list(Service):
            raise BadTarget(f"ports: {name[:40]!r} is not allowed; {', '.join(Service)} expected")
        port = int(number)
        ports.append((port, Service(name) if name else PORTS.get(port, Service.MODBUS)))
    return ports


def parse_units(text: str) -> list[int]:
    """Return Modbus units from ``1-10,71``, each once.

    Raises:
        BadTarget: no number from 0 to 255.
    """
    units: dict[int, None] = {}
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        ends = [first, last if dash else first]
        if not all(end.isascii() and end.isdigit() and int(end) <= 255 for end in ends):
            raise BadTarget(f"units: {part[:40]!r} is not allowed; 1-10 or 71 is expected")
        units.update(dict.fromkeys(range(int(ends[0]), int(ends[1]) + 1)))
    return list(units)


def _hosts(network: str, *, public: bool) -> Iterator[str]:
    try:
        found = ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise BadTarget(
            f"network: {network[:60]!r} is not allowed; 192.168.1.0/24 or one address is expected"
        ) from None
    if found.num_addresses > HOSTS_MAX:
        raise BadTarget(
            f"network: {network} has {found.num_addresses} addresses; at most {HOSTS_MAX}"
            " are expected, look at a larger network in parts"
        )
    if not found.is_private and not public:
        raise BadTarget(
            f"network: {network} is not a private network; give --public if it is really meant"
        )
    if found.num_addresses <= 2:
        yield from (str(address) for address in found)
    else:
        yield from (str(address) for address in found.hosts())
