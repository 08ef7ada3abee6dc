"""A certificate authority for the tests."""

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


@dataclass(frozen=True)
class Authority:
    """Signs certificates of clients."""

    name: str = "Hospital authority"
    key: ec.EllipticCurvePrivateKey = field(default_factory=_key)

    def certificate(self) -> bytes:
        """Its own, in PEM form."""
        extension = x509.BasicConstraints(ca=True, path_length=None)
        signed = self._begun(self.name, self.key).add_extension(extension, critical=True)
        return signed.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def client(self, file: Path, *names: x509.GeneralName) -> Path:
        """A certificate with these names and its key, in one file."""
        key = _key()
        begun = self._begun("client", key).add_extension(x509.SubjectAlternativeName(names), critical=False)
        signed = begun.sign(self.key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(signed.public_bytes(pem) + private)
        return file

    def _begun(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        begin, number = datetime.now(UTC) - timedelta(hours=1), x509.random_serial_number()
        return x509.CertificateBuilder(
            _named(self.name), _named(name), key.public_key(), number, begin, begin + timedelta(days=1)
        )


def trusting(server: Path, client: Path | None = None) -> ssl.SSLContext:
    """A caller who trusts the server's certificate, and shows one if it is given."""
    context = ssl.create_default_context(cafile=server)
    if client:
        context.load_cert_chain(client)
    return context
