"""Signs what the feeds send; keeps the ring of keys in a file that only we may read.

The file is ``ws-keys.json`` in the data folder: ``{"v":1,"keys":[{"kid","encoding","secret",…}]}``,
made at the first start with a key of 256 random bits. A key of the setting ``ws_hmac_key`` joins
the ring when its id is new there, and signs from then on; an id that the ring knows changes
nothing, so that a restart undoes no rotation.
"""

import asyncio
import json
import secrets
from pathlib import Path

from cloud.exchange.feeds import ring as rings
from cloud.exchange.feeds.envelope import sealed
from cloud.exchange.feeds.ring import BadRing, KeyRing, SigningKey
from cloud.kernel.folder import write_secret
from cloud.settings import HubSettings
from wire.clock import Clock, utc

RING_FILE = "ws-keys.json"
OVERLAP_S = 86_400
OVERLAP_S_MAX = 30 * 86_400
ACTIVATE_S_MAX = 7 * 86_400
_SECRET_BYTES = 32
_FILE_BYTES_MAX = 64 * 1024


class Signer:
    """The hub's own; one a process. With it, every message is signed once for all who get it."""

    def __init__(self, path: Path, ring: KeyRing, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._turn = asyncio.Lock()
        self.ring = ring

    def sealed(self, text: str, unsigned: str = "") -> str:
        """Return the message around a data text, signed now."""
        now_us = self._clock.now_us()
        return sealed(text, self.ring.active(now_us), now_us // 1_000, unsigned)

    async def rotate(
        self,
        *,
        kid: str | None = None,
        secret: bytes | None = None,
        overlap_s: int = OVERLAP_S,
        activate_s: int = 0,
    ) -> SigningKey:
        """Let another key sign from `activate_s` on; those before are good for `overlap_s` more.

        It is on the disk before it signs. Without `secret` the key is made here.

        Raises:
            BadRing: name or secret are in use, or too many keys are good.
        """
        async with self._turn:
            now_us = self._clock.now_us()
            new = SigningKey(
                kid or _kid(now_us),
                secret or secrets.token_bytes(_SECRET_BYTES),
                from_us=now_us + activate_s * 1_000_000,
            )
            ring = self.ring.rotated(new, now_us, overlap_s * 1_000_000)
            await asyncio.to_thread(_write, self._path, ring)
            self.ring = ring
        return new


def of_settings(settings: HubSettings, clock: Clock) -> Signer:
    """Return the hub's signer; raises `BadRing`."""
    declared = settings.ws_hmac_key
    text = None if declared is None else declared.get_secret_value()
    return open_signer(settings.data_dir, text, clock)


def open_signer(data_dir: Path, declared: str | None, clock: Clock) -> Signer:
    """Return the signer with the ring in `data_dir`, which is made if there is none.

    Args:
        declared: the setting ``ws_hmac_key``.

    Raises:
        BadRing: file or setting cannot be used.
    """
    path, now_us = data_dir / RING_FILE, clock.now_us()
    own = None if declared is None else rings.declared(declared, "PHOENYRA_HUB_WS_HMAC_KEY")
    ring = _read(path)
    if ring is None:
        ring = KeyRing((own or SigningKey(_kid(now_us), secrets.token_bytes(_SECRET_BYTES)),))
        _write(path, ring)
    elif own is not None:
        known = next((key for key in ring.keys if key.kid == own.kid), None)
        if known is not None and known.secret != own.secret:
            raise BadRing(
                f"PHOENYRA_HUB_WS_HMAC_KEY: {own.kid!r} is another key in {path}; a new id is"
                " expected"
            )
        if known is None:
            new = SigningKey(own.kid, own.secret, from_us=now_us)
            ring = ring.rotated(new, now_us, OVERLAP_S * 1_000_000)
            _write(path, ring)
    return Signer(path, ring, clock)


def _kid(now_us: int) -> str:
    return f"{utc(now_us):%Y%m%d}-{secrets.token_hex(3)}"


def _read(path: Path) -> KeyRing | None:
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadRing(f"{path}: cannot be read; {error.strerror}") from error
    if len(content) > _FILE_BYTES_MAX:
        raise BadRing(f"{path}: at most {_FILE_BYTES_MAX} bytes are allowed")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadRing(f"{path}: a JSON object is expected") from error
    return rings.ring_of(document, str(path))


def _write(path: Path, ring: KeyRing) -> None:
    write_secret(path, json.dumps(rings.document_of(ring), indent=1))
