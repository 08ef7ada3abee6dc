"""Secrets at rest: encrypted if they are needed again, hashed if they are only compared."""

import hashlib
import secrets
import uuid

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from db.valkey.signer import Signer

_NONCE_BYTES = 12
_SECRET_BYTES = 32


class Seal:
    """AES-GCM with a key derived for one purpose."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._cipher = AESGCM(derived(key, purpose))

    def seal(self, content: bytes) -> bytes:
        """The content, encrypted."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def open(self, sealed: bytes) -> bytes:
        """The decrypted content (InvalidTag if it was sealed with another key)."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)


def derived(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose."""
    return HKDF(SHA256(), 32, None, purpose.encode()).derive(key)


def signer_of_valkey(key: bytes) -> Signer:
    """Signs what processes put into Valkey; `key` is the key encryption key, which all of them have."""
    return Signer(derived(key, "values in Valkey"))


def new_secret() -> str:
    """A random text that nobody can guess."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def new_token(owner_id: str) -> str:
    """A secret that says what it belongs to: `ID.SECRET`."""
    return f"{owner_id}.{new_secret()}"


def owner_of(token: str) -> str:
    """The UUID of what a token says that it belongs to; empty if it says none."""
    try:
        return str(uuid.UUID(token.partition(".")[0]))
    except ValueError:
        return ""


def digest(secret: str) -> bytes:
    """The hash stored for a random secret: without salt or a slow function, because such a secret cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()
