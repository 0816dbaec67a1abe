"""Opening a device behind an OPC UA server: what its settings say, what its profile says."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from drivers.base import Driver
from drivers.beside import beside
from drivers.document import open_document
from drivers.opcua import certificates
from drivers.opcua.certificates import Identity
from drivers.opcua.client import APPLICATION_URI
from drivers.opcua.config import OpcUaConfig, Security
from drivers.opcua.device import OpcUaDevice
from drivers.opcua.gate import Gate
from drivers.opcua.inverter import OpcUaInverter
from drivers.opcua.profile import OpcUaProfile, read_profile
from wire.clock import Clock

_logger = logging.getLogger(__name__)


def open_opcua(config: OpcUaConfig, clock: Clock) -> AbstractAsyncContextManager[Driver]:
    """Return a context manager for the device; it connects by itself, again and again.

    A certificate of our own is made where the settings name files that are not there yet.

    Raises:
        ProfileError: the profile or a certificate cannot be used.
    """
    profile = read_profile(open_document(config.profile, config.override))
    return _opened(profile, config, _gate(config, profile.link.timeout_s, clock), clock)


@asynccontextmanager
async def _opened(
    profile: OpcUaProfile, config: OpcUaConfig, gate: Gate, clock: Clock
) -> AsyncIterator[OpcUaDevice]:
    if profile.control is None:
        device = OpcUaDevice(config.id, profile, gate, clock)
    else:
        device = OpcUaInverter(config.id, profile, profile.control, gate, clock)
    async with beside(device.run(), f"opcua {config.id}"):
        yield device


def _gate(config: OpcUaConfig, timeout_s: float, clock: Clock) -> Gate:
    own: Identity | None = None
    trusted: frozenset[bytes] = frozenset()
    where = f"devices.{config.id}"
    if config.security is Security.BASIC256SHA256:
        assert config.certificate is not None, "checked by the settings"
        assert config.key is not None, "checked by the settings"
        assert config.trust is not None, "checked by the settings"
        files = Path(config.certificate), Path(config.key)
        if certificates.make_missing(*files, APPLICATION_URI, clock.now_us(), where):
            _logger.info("%s: made %s; the server must be told to trust it", config.id, files[0])
        own = certificates.identity(*files, where)
        trusted = certificates.trusted(Path(config.trust), f"{where}.trust")
    user: Identity | None = None
    if config.user_certificate is not None and config.user_key is not None:
        paths = Path(config.user_certificate), Path(config.user_key)
        user = certificates.identity(*paths, f"{where}.user")
    return Gate(
        url=config.url,
        timeout_s=timeout_s,
        identity=own,
        trusted=trusted,
        user=config.user or "",
        password="" if config.password is None else config.password.get_secret_value(),
        user_identity=user,
    )
