"""Whether the hub's certificate is valid today, where the system does not know what day it is.

A box that starts in 1970 finds every certificate not yet valid, and could never ask a hub for the
time. While the system's clock is not known to be right, names and signatures are checked as ever,
the chain's dates are not, and those of the hub's own certificate are judged by our clock. Only the
question for the time goes without: its answer is proven by our key, and its connection is used
for nothing else.
"""

import ssl
from collections.abc import Mapping
from typing import Any, Protocol

from agent.gateway.errors import HubUnreachable
from wire.clock import Clock, utc

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h, which Python has no name for."""
_MADE = "start_tls.complete"


class _Stream(Protocol):
    def get_extra_info(self, name: str) -> Any: ...

    async def aclose(self) -> None: ...


class Validity:
    """Judges the connections of one TLS context."""

    def __init__(self, context: ssl.SSLContext, clock: Clock) -> None:
        self._context = context
        self._clock = clock
        self._strict = context.verify_flags

    def by_system(self, trusted: bool) -> None:
        """Have the system's clock judge the connections made from now on, or ours."""
        loose = ssl.VerifyFlags(self._strict | _NO_CHECK_TIME)
        self._context.verify_flags = self._strict if trusted else loose

    async def look(self, event: str, facts: Mapping[str, Any]) -> None:
        """Follow httpx as its trace: end a new connection whose certificate is out of date.

        Raises:
            HubUnreachable: it is.
        """
        if event.endswith(_MADE) and self._context.verify_flags != self._strict:
            stream: _Stream = facts["return_value"]
            try:
                self._check(stream.get_extra_info("ssl_object").getpeercert())
            except HubUnreachable:
                await stream.aclose()
                raise

    def _check(self, certificate: Mapping[str, Any]) -> None:
        now_s = self._clock.now_us() / 1e6
        first, last = certificate["notBefore"], certificate["notAfter"]
        if not ssl.cert_time_to_seconds(first) <= now_s <= ssl.cert_time_to_seconds(last):
            raise HubUnreachable(
                f"the hub's certificate is valid from {first} to {last}, and by our clock it is"
                f" {utc(self._clock.now_us()):%Y-%m-%d %H:%M:%S} UTC"
            )
