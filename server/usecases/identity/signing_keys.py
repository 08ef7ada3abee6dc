"""The keys that sign access tokens: encrypted at rest, published before they sign, kept until their tokens expire."""

import base64
import binascii
import secrets
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.cluster.transaction import transact
from db.postgres.identity import accounts
from db.postgres.identity.accounts import SigningKeyRow
from server.domain.ids import Clock
from server.usecases.unit_of_work import read

_NONCE_BYTES = 12
_LONGEST_RELOAD = timedelta(seconds=5)


class KeyEncryptionKeyError(Exception):
    """The key-encryption key is malformed, or not the one that the signing keys were encrypted with."""


class SigningKeys:
    """The Ed25519 keys of access tokens; others cache the published keys for as long as `cache`."""

    def __init__(self, engine: Engine, clock: Clock, encryption_key: bytes, cache: timedelta) -> None:
        self._engine = engine
        self._clock = clock
        self._cipher = AESGCM(encryption_key)
        self._cache = cache
        # A key signs only after two cache times, so every worker has loaded it by then.
        self._reload = min(_LONGEST_RELOAD, cache / 2)
        self._rows: list[SigningKeyRow] = []
        self._public: dict[str, Ed25519PublicKey] = {}
        self._loaded_at = datetime.min.replace(tzinfo=UTC)

    async def ensure(self) -> None:
        """Create the first key unless there is one."""

        async def work(pg: Connection) -> None:
            await accounts.lock_signing_keys(pg)
            if not await accounts.signing_key_rows(pg):
                await accounts.add_signing_key(pg, self._make(self._clock()))

        await transact(self._engine, work)

    async def rotate(self) -> SigningKeyRow:
        """The next key, created unless one is already waiting; it signs once everybody has had time to fetch it."""

        async def work(pg: Connection) -> SigningKeyRow:
            await accounts.lock_signing_keys(pg)
            newest, now = (await accounts.signing_key_rows(pg))[0], self._clock()
            if newest.signs_from > now:
                return newest
            row = self._make(now + 2 * self._cache)
            await accounts.add_signing_key(pg, row)
            return row

        return await transact(self._engine, work)

    async def rows(self) -> list[SigningKeyRow]:
        """The keys, the newest first, as of a few seconds ago at most."""
        now = self._clock()
        if now - self._loaded_at >= self._reload:
            self._rows = await read(self._engine, accounts.signing_key_rows, Freshness.PRIMARY_FIRST)
            self._public = {row.kid: Ed25519PublicKey.from_public_bytes(row.public_key) for row in self._rows}
            self._loaded_at = now
        return self._rows

    def age(self) -> timedelta | None:
        """How long the current key has been signing; None before the keys were read."""
        now = self._clock()
        return next((now - row.signs_from for row in self._rows if row.signs_from <= now), None)

    async def public(self, kid: str) -> Ed25519PublicKey | None:
        """The public key of a token's `kid`, or None."""
        if kid not in self._public:
            await self.rows()
        return self._public.get(kid)

    async def private(self) -> tuple[str, Ed25519PrivateKey]:
        """The current signing key and its id (KeyEncryptionKeyError)."""
        rows, now = await self.rows(), self._clock()
        # By a clock that is behind, no key may sign yet: then use the first one.
        row = next((row for row in rows if row.signs_from <= now), rows[-1])
        return row.kid, _opened(self._cipher, row.kid, row.private_key_encrypted)

    def _make(self, signs_from: datetime) -> SigningKeyRow:
        key = Ed25519PrivateKey.generate()
        kid, nonce = secrets.token_urlsafe(9), secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, key.private_bytes_raw(), kid.encode())
        return SigningKeyRow(kid, key.public_key().public_bytes_raw(), sealed, self._clock(), signs_from)


def opened(encryption_key: bytes, kid: str, sealed: bytes) -> Ed25519PrivateKey:
    """The signing key of this id, from its encrypted form in the database (KeyEncryptionKeyError)."""
    return _opened(AESGCM(encryption_key), kid, sealed)


def _opened(cipher: AESGCM, kid: str, sealed: bytes) -> Ed25519PrivateKey:
    try:
        raw = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], kid.encode())
    except InvalidTag:
        raise KeyEncryptionKeyError("the signing keys were encrypted with another key-encryption key") from None
    return Ed25519PrivateKey.from_private_bytes(raw)


def key_encryption_key(text: str) -> bytes:
    """Decode 32 bytes from base64 text (KeyEncryptionKeyError)."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:  # noqa: PLR2004  # AES-256
        raise KeyEncryptionKeyError("the key-encryption key must be 32 bytes in base64: openssl rand -base64 32")
    return key
