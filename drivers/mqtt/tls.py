"""TLS as a site asks for it: whom we believe, and how we prove who we are."""

import ssl

from drivers.errors import ProfileError
from drivers.mqtt.party import Tls


def check_tls(tls: Tls | None, where: str) -> None:
    """Load the files once, so that a wrong name is told at the start.

    Raises:
        ProfileError: a file is missing or not what it should be; `where` is its table.
    """
    try:
        context(tls)
    except ProfileError as error:
        raise ProfileError(f"{where}.{error}") from error


def context(tls: Tls | None) -> ssl.SSLContext | None:
    """Read the files, at every connect: they may have been renewed."""
    if tls is None:
        return None
    context = ssl.create_default_context()
    try:
        if tls.ca_file:
            context = ssl.create_default_context(cafile=tls.ca_file)
    except (OSError, ValueError) as error:
        raise _unusable("ca_file", tls.ca_file, error) from error
    try:
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file, password=_no_passphrase)
    except (OSError, ValueError) as error:
        raise _unusable("cert_file", tls.cert_file, error) from error
    context.sslsocket_class = _SecureLine
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _no_passphrase() -> str:
    raise ValueError("its key is locked by a passphrase")


def _unusable(key: str, name: str, error: OSError | ValueError) -> ProfileError:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ProfileError(f"{key}: {name!r} cannot be used: {said}")


class _SecureLine(ssl.SSLSocket):
    """A socket that the library forgets about when the peer cannot be trusted."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise
