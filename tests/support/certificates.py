"""Certificates for tests: an authority, and what it signs for a server or a client."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wire.clock import SystemClock, utc


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates, and takes them back."""

    def __init__(self, folder: Path, name: str = "test authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._now = utc(SystemClock().now_us())
        self._revoked: list[x509.Certificate] = []
        self._signed: dict[Path, x509.Certificate] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.pem"
        public = serialization.Encoding.PEM
        own = self._builder(self._name, self._key, timedelta(days=2)).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        signed = own.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self._own = signed
        self.ca.write_bytes(signed.public_bytes(public))

    def sign(
        self,
        name: str,
        lifetime: timedelta = timedelta(days=1),
        age: timedelta = timedelta(hours=1),
        address: str = "127.0.0.1",
    ) -> Files:
        """Return a certificate for a server at `address`; a short lifetime is over already."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        builder = self._builder(subject, key, lifetime, age).add_extension(here, critical=False)
        signed = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
            critical=False,
        ).sign(self._key, hashes.SHA256())
        files = Files(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        files.cert.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self._signed[files.cert] = signed
        return files

    def revoke(self, files: Files) -> Path:
        """Take a certificate back; return the list of those that no longer count."""
        self._revoked.append(self._signed[files.cert])
        listed = x509.CertificateRevocationListBuilder(
            issuer_name=self._name,
            last_update=self._now - timedelta(hours=1),
            next_update=self._now + timedelta(days=1),
        )
        for certificate in self._revoked:
            entry = x509.RevokedCertificateBuilder(
                serial_number=certificate.serial_number,
                revocation_date=self._now - timedelta(minutes=1),
            )
            listed = listed.add_revoked_certificate(entry.build())
        path = self._folder / "revoked.pem"
        signed = listed.sign(self._key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return path

    def _builder(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        lifetime: timedelta,
        age: timedelta = timedelta(hours=1),
    ) -> x509.CertificateBuilder:
        begins: datetime = self._now.astimezone(UTC) - age
        return x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=begins,
            not_valid_after=begins + lifetime,
        ).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
