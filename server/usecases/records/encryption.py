"""Encrypts the text of medical records: AES-256-GCM with a key for each patient and year, wrapped by a master key."""

import hmac
import secrets
from datetime import datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.postgres.cluster.engines import Connection
from db.postgres.records import record_keys
from db.postgres.records.record_keys import DataKeyRow
from db.postgres.records.records import NewVersion, RecordRow
from server.usecases.keyrings import KEY_BYTES, KeyRing, KeyRingError

SETTING = "YOYAKU_RECORD_MASTER_KEYS"
_NONCE_BYTES = 12


class TextLocation(NamedTuple):
    """The record and version that a text belongs to, and when it was written."""

    patient_id: str
    record_id: str
    version: int
    at: datetime


class RecordCipher:
    """Encrypts and decrypts text; decryption fails if it was moved to another record, version or patient."""

    def __init__(self, masters: KeyRing, blinding_key: bytes) -> None:
        self._masters = masters
        self._blinding_key = blinding_key

    async def seal(self, pg: Connection, place: TextLocation, text: str, now: datetime) -> NewVersion:
        """Encrypt a version with the key of its patient and year, which is created if there is none yet."""
        year = place.at.year
        key = await record_keys.get(pg, place.patient_id, year)
        if key is None:
            await record_keys.add(pg, self._make(place.patient_id, year), now)
            key = await record_keys.get(pg, place.patient_id, year)
        if key is None:
            raise AssertionError("a key that was added is there")
        sealed = _seal(self._unwrap(key), text.encode(), _version_of(place.record_id, place.version, place.patient_id))
        return NewVersion(place.record_id, place.version, year, sealed, place.at)

    def open(self, row: RecordRow) -> str:
        """Decrypt a version; fails if the row was changed or its master key is missing."""
        key = self._unwrap(DataKeyRow(row.patient_id, row.year, row.master_key_id, row.wrapped))
        return _open(key, row.sealed, _version_of(row.id, row.version, row.patient_id)).decode()

    def blinded(self, content: bytes) -> bytes:
        """A keyed digest of a request's content, which does not let anybody check a guess."""
        return hmac.digest(self._blinding_key, content, "sha256")

    async def check(self, pg: Connection) -> None:
        """Check that every master key in use is available (KeyRingError)."""
        missing = sorted(set(await record_keys.master_key_ids(pg)) - self._masters.by_id.keys())
        if missing:
            raise KeyRingError(
                f"{SETTING} lacks the master key {missing[0]}, which wraps keys of medical records: add it at the end"
                " of the list; it can be removed once rotate-record-keys has run"
            )

    async def rewrap(self, pg: Connection, limit: int) -> int | None:
        """Rewrap at most `limit` data keys that an older master key wraps.

        Returns how many: 0 if another process was faster, None if there are none left.
        """
        for old in await record_keys.master_key_ids(pg):
            if old != self._masters.current_id:
                keys = await record_keys.wrapped_by(pg, old, limit)
                await record_keys.rewrap(pg, [self._wrap(key.patient_id, key.year, self._unwrap(key)) for key in keys])
                return len(keys)
        return None

    def _make(self, patient_id: str, year: int) -> DataKeyRow:
        return self._wrap(patient_id, year, secrets.token_bytes(KEY_BYTES))

    def _wrap(self, patient_id: str, year: int, key: bytes) -> DataKeyRow:
        wrapped = _seal(self._masters.current, key, _key_of(patient_id, year))
        return DataKeyRow(patient_id, year, self._masters.current_id, wrapped)

    def _unwrap(self, key: DataKeyRow) -> bytes:
        master = self._masters.by_id.get(key.master_key_id)
        if master is None:
            raise KeyRingError(f"{SETTING} lacks the master key {key.master_key_id}")
        return _open(master, key.wrapped, _key_of(key.patient_id, key.year))


def _seal(key: bytes, content: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to)


def _open(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)


def _version_of(record_id: str, version: int, patient_id: str) -> bytes:
    return f"version {record_id} {version} {patient_id}".encode()


def _key_of(patient_id: str, year: int) -> bytes:
    return f"key {patient_id} {year}".encode()
