"""The keys that a backup needs: noted beside it, without being in it, so that a restore can ask for them first."""

import base64
import json
from pathlib import Path

from db.postgres.recovery.steps import KeysNeeded
from server.backups import BackupError
from server.backups.files import put
from server.config import Settings
from server.usecases.identity.signing_keys import KeyEncryptionKeyError, key_encryption_key, opened
from server.usecases.keyrings import KeyRing, KeyRingError, key_ring

_FILE = "keys-needed.json"
_RINGS = (
    ("YOYAKU_RECORD_MASTER_KEYS", "record_master_keys", "master_key_ids"),
    ("YOYAKU_RECORD_AUDIT_KEYS", "record_audit_keys", "audit_key_ids"),
)


def note(home: Path, needed: KeysNeeded) -> None:
    """Write down which keys the present data need: ids, and a signing key as it is in the database, encrypted."""
    sealed = base64.b64encode(needed.sealed_signing_key).decode()
    put(home / _FILE, json.dumps(needed._asdict() | {"sealed_signing_key": sealed}))


def check(home: Path, settings: Settings) -> None:
    """Refuse a restore without the keys: BackupError names the first that is missing."""
    try:
        noted = json.loads((home / _FILE).read_text())
    except FileNotFoundError:
        raise BackupError(f"{home / _FILE} is missing: {home} is not a directory of backups") from None
    try:
        secret = key_encryption_key(settings.key_encryption_key.get_secret_value())
        if noted["signing_key_id"]:
            opened(secret, noted["signing_key_id"], base64.b64decode(noted["sealed_signing_key"]))
        rings = {ids: _ring(setting, field, settings, secret) for setting, field, ids in _RINGS}
    except (KeyEncryptionKeyError, KeyRingError) as error:
        raise BackupError(
            f"the key encryption key is not the one of this backup ({error}): set YOYAKU_KEY_ENCRYPTION_KEY from its"
            " escrow (docs/backups.md), or nobody can sign in; nothing was restored"
        ) from None
    for setting, _, ids in _RINGS:
        if missing := sorted(set(noted[ids]) - rings[ids].by_id.keys()):
            raise BackupError(
                f"{setting} lacks the key {missing[0]}, without which medical records of this backup cannot be used:"
                " take it from its escrow (docs/backups.md); nothing was restored"
            )


def _ring(setting: str, field: str, settings: Settings, secret: bytes) -> KeyRing:
    return key_ring(setting, getattr(settings, field).get_secret_value(), secret)
