"""Where a Modbus line ends, and how long bytes take on it. Pure.

Two devices whose endpoints have the same address share the line.
"""

from dataclasses import dataclass

from drivers.modbus.config import ModbusConfig, ModbusRtuConfig, ModbusTcpConfig, Parity

_GAP_CHARACTERS = 3.5
"""Silence between two frames; Modbus over serial line 1.02, clause 2.5.1.1."""
_GAP_S_MIN = 0.001_75
"""The same above 19,200 baud."""


@dataclass(frozen=True, slots=True)
class TcpEndpoint:
    """A device or a converter on the network."""

    host: str
    port: int
    rtu: bool = False
    """Frames of the serial line go over this connection as they are."""

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def gap_s(self) -> float:
        return 0.0

    def transfer_s(self, count: int) -> float:
        """Return how long `count` bytes take beyond what a profile's time-out allows for."""
        return 0.0

    def __str__(self) -> str:
        return "RTU frames over TCP" if self.rtu else "Modbus TCP"


@dataclass(frozen=True, slots=True)
class SerialEndpoint:
    """A serial port of this box."""

    path: str
    baud: int
    parity: Parity
    stop_bits: int

    @property
    def rtu(self) -> bool:
        return True

    @property
    def address(self) -> str:
        return self.path

    @property
    def gap_s(self) -> float:
        return max(_GAP_S_MIN, _GAP_CHARACTERS * self._character_s)

    def transfer_s(self, count: int) -> float:
        """Return how long `count` bytes take beyond what a profile's time-out allows for."""
        return count * self._character_s

    @property
    def _character_s(self) -> float:
        return (1 + 8 + (self.parity is not Parity.NONE) + self.stop_bits) / self.baud

    def __str__(self) -> str:
        return f"{self.baud} baud, parity {self.parity}, {self.stop_bits} stop bits"


Endpoint = TcpEndpoint | SerialEndpoint


def endpoint_of(config: ModbusConfig, port: int) -> Endpoint:
    """Return where a device's line ends; `port` is the profile's, for settings without one."""
    if isinstance(config, ModbusRtuConfig):
        return SerialEndpoint(config.serial, config.baud, config.parity, config.stop_bits)
    if isinstance(config, ModbusTcpConfig):
        return TcpEndpoint(config.host, port if config.port is None else config.port)
    return TcpEndpoint(config.host, config.port, rtu=True)
