"""Certificates in files: read, compared, and made where there are none yet."""

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from drivers.errors import ProfileError

FILE_BYTES_MAX = 64 * 1024
FILES_MAX = 200
"""Certificates in one folder."""
VALID_DAYS = 20 * 365
"""As long as a battery: an expired certificate would stop a site that works."""
_KEY_BITS = 2048
_SUFFIXES = (".pem", ".der", ".crt", ".cer")

__all__ = ["InvalidSignature"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate, its key, and the application that they stand for."""

    certificate: bytes
    """DER"""
    key: bytes = b""
    """PKCS8, DER, not encrypted."""
    uri: str = ""
    """Of the application, from the certificate."""

    def __repr__(self) -> str:
        return f"Identity({self.uri!r})"


def identity(certificate: Path, key: Path, where: str) -> Identity:
    """Return what two files hold, PEM or DER.

    Raises:
        ProfileError: a file cannot be read, or the two do not belong together.
    """
    read = _certificate(certificate, f"{where}.certificate")
    private = _key(key, f"{where}.key")
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    der = serialization.Encoding.DER
    if private.public_key().public_bytes(der, public) != read.public_key().public_bytes(
        der, public
    ):
        raise ProfileError(f"{where}.key: {key} does not belong to the certificate {certificate}")
    secret = private.private_bytes(
        der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(read.public_bytes(der), secret, _uri(read))


def trusted(path: Path, where: str) -> frozenset[bytes]:
    """Return the certificates, as DER, in a file or in the files of a folder.

    Raises:
        ProfileError: there is none that can be read.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
    if not 0 < len(files) <= FILES_MAX:
        raise ProfileError(
            f"{where}: {path} has {len(files)} certificates; 1 to {FILES_MAX} files that end in"
            f" {', '.join(_SUFFIXES)} are expected"
        )
    return frozenset(
        _certificate(file, where).public_bytes(serialization.Encoding.DER) for file in files
    )


def make_missing(
    certificate: Path, key: Path, uri: str, now_us: int, where: str, *, server: bool = False
) -> bool:
    """Make a certificate of our own where neither file exists; say whether that was done.

    The key can be read by its owner only.

    Raises:
        ProfileError: only one of the two exists, or they cannot be written.
    """
    if certificate.exists() and key.exists():
        return False
    for there, missing in ((certificate, key), (key, certificate)):
        if there.exists():
            raise ProfileError(f"{where}: {there} is there, but {missing} is not")
    private = rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
    made = _self_signed(private, uri, now_us, server=server)
    pem = serialization.Encoding.PEM
    secret = private.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    encoding = serialization.Encoding.DER if certificate.suffix.lower() == ".der" else pem
    try:
        for path in (key, certificate):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(key, secret, 0o600)
        _write(certificate, made.public_bytes(encoding), 0o644)
    except OSError as error:
        raise ProfileError(f"{where}: {error.filename} cannot be written: {error.strerror}") from (
            error
        )
    return True


def _self_signed(
    key: rsa.RSAPrivateKey, uri: str, now_us: int, *, server: bool
) -> x509.Certificate:
    host = socket.gethostname() or "localhost"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, uri[:64])])
    now = datetime.fromtimestamp(now_us // 1_000_000, tz=UTC)
    use = [ExtendedKeyUsageOID.CLIENT_AUTH] + [ExtendedKeyUsageOID.SERVER_AUTH] * server
    names = [x509.UniformResourceIdentifier(uri), x509.DNSName(host)]
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=False)
        .add_extension(usage, critical=False)
        .add_extension(x509.ExtendedKeyUsage(use), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _certificate(path: Path, where: str) -> x509.Certificate:
    content = _content(path, where)
    try:
        if content.lstrip().startswith(b"-----"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProfileError(f"{where}: {path} holds no certificate, PEM or DER") from error


def _key(path: Path, where: str) -> rsa.RSAPrivateKey:
    content = _content(path, where)
    pem = content.lstrip().startswith(b"-----")
    load = serialization.load_pem_private_key if pem else serialization.load_der_private_key
    try:
        key = load(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ProfileError(f"{where}: {path} holds no unencrypted key, PEM or DER") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ProfileError(f"{where}: {path} holds no RSA key, as Basic256Sha256 demands")
    return key


def _content(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ProfileError(f"{where}: {path} cannot be read: {error.strerror}") from error
    if len(content) > FILE_BYTES_MAX:
        raise ProfileError(f"{where}: {path} is larger than {FILE_BYTES_MAX} bytes")
    return content


def _uri(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    return uris[0] if uris else ""
