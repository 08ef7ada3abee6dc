"""Checkpoints of the audit trail: how far each chain went at a time, signed, to be kept away from the database."""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from server.usecases.keyrings import KeyRing


class CheckpointError(Exception):
    """A file is no checkpoint, or not as it was written; the text says so."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The number and the mac of the last row of each patient's chain."""

    made_at: datetime
    heads: Mapping[str, tuple[int, bytes]]


def encode(checkpoint: Checkpoint, keys: KeyRing) -> bytes:
    """A checkpoint as lines of JSON: a header, a line for each patient, and the signature of all that."""
    header = {"made_at": checkpoint.made_at.isoformat(), "key_id": keys.current_id}
    heads = ([patient_id, seq, mac.hex()] for patient_id, (seq, mac) in checkpoint.heads.items())
    content = _lines([header, *heads])
    return content + _lines([{"signature": hmac.digest(keys.current, content, "sha256").hex()}])


def decode(content: bytes, keys: KeyRing) -> Checkpoint:
    """The checkpoint that lines stand for (CheckpointError)."""
    try:
        *lines, last = content.splitlines(keepends=True)
        header, *heads = map(json.loads, lines)
        key, signature = keys.by_id.get(header["key_id"]), bytes.fromhex(json.loads(last)["signature"])
        checkpoint = Checkpoint(
            datetime.fromisoformat(header["made_at"]),
            {patient_id: (seq, bytes.fromhex(mac)) for patient_id, seq, mac in heads},
        )
    except (ValueError, KeyError, TypeError):
        raise CheckpointError("is not an audit trail checkpoint") from None
    if key is None:
        raise CheckpointError(f"was signed with the key {header['key_id']}, which YOYAKU_RECORD_AUDIT_KEYS lacks")
    if not hmac.compare_digest(hmac.digest(key, b"".join(lines), "sha256"), signature):
        raise CheckpointError("has been changed since it was signed")
    return checkpoint


def _lines(values: Iterable[object]) -> bytes:
    return "".join(json.dumps(value, separators=(",", ":")) + "\n" for value in values).encode()
