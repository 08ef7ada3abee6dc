"""A self-signed certificate for development."""

import ipaddress
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from server.addresses import is_ip
from server.local import secret

HERE = ("localhost", "127.0.0.1")
VALID = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$)(\*\.)?{_LABEL}(\.{_LABEL})*")


def is_name(text: str) -> bool:
    """Whether a certificate can be for it: the name of a host, with `*.` at most in front, or an IP address."""
    return _HOST.fullmatch(text) is not None or is_ip(text)


def keep(directory: Path, names: Sequence[str] = HERE, *, valid: timedelta = VALID) -> Path:
    """Return a directory with tls.crt and tls.key for these names; they are made again if they expire within a month.

    One that has to be made is good for `valid`.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, now = directory / "tls.crt", datetime.now(UTC)
    if not path.exists() or _expiry(path) < now + RENEW_BEFORE:
        key = ec.generate_private_key(ec.SECP256R1())
        secret.write(directory / "tls.key", _pem(key))
        path.write_bytes(_signed(key, names, now, valid).public_bytes(serialization.Encoding.PEM))
    return directory


def _signed(key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime, valid: timedelta) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + valid)
        .add_extension(x509.SubjectAlternativeName(map(_general, names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_ip(name) else x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _expiry(path: Path) -> datetime:
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
