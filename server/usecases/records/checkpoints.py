"""Checkpoints of the audit trail: how far each chain had come at a time, signed, to be stored outside the database."""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server.usecases.keyrings import KeyRing


class CheckpointError(Exception):
    """A file is not a checkpoint, or was changed; the text says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The number and the MAC of the last row of each patient's chain."""

    made_at: datetime
    heads: Mapping[str, tuple[int, bytes]]
    previous: str
    """Digest of the previous checkpoint; empty for the first."""


class CheckpointFile(NamedTuple):
    """A checkpoint that was read from a file."""

    name: str
    digest: str
    checkpoint: Checkpoint


class Head(NamedTuple):
    """The entry of one checkpoint for a patient's chain."""

    seq: int
    mac: bytes
    file: str


class Witnesses:
    """The entries of several checkpoints, and where they contradict each other."""

    def __init__(self, files: Iterable[CheckpointFile] = ()) -> None:
        self.heads = defaultdict[str, list[Head]](list)
        """By patient, without duplicates, in the order of the checkpoints."""
        self.contradictions: list[str] = []
        self.last_digest = ""
        last_name = ""
        for file in sorted(files, key=lambda each: each.checkpoint.made_at):
            if last_name and file.checkpoint.previous != self.last_digest:
                self.contradictions.append(
                    f"{file.name} does not follow {last_name}: a checkpoint between them is missing here, or one of the"
                    " two was made apart from the other"
                )
            self._compare(file)
            last_name, self.last_digest = file.name, file.digest

    def heads_of(self, patient_id: str) -> Sequence[Head]:
        """The entries of the checkpoints for a patient's chain."""
        return self.heads.get(patient_id, ())

    def _compare(self, file: CheckpointFile) -> None:
        stated = file.checkpoint.heads
        for patient_id in sorted(self.heads.keys() - stated.keys()):
            self._contradict(patient_id, self.heads[patient_id][-1], f"{file.name} lacks it")
        for patient_id, (seq, mac) in stated.items():
            head, before = Head(seq, mac, file.name), self.heads_of(patient_id)[-1:]
            for last in before:
                if seq < last.seq:
                    self._contradict(patient_id, last, f"{file.name}, made later, ends at row {seq}")
                elif seq == last.seq and mac != last.mac:
                    self._contradict(patient_id, last, f"{file.name} has another row {seq}")
            if not before or before[0][:2] != (seq, mac):
                self.heads[patient_id].append(head)

    def _contradict(self, patient_id: str, last: Head, but: str) -> None:
        self.contradictions.append(f"patient {patient_id}: {last.file} ends at row {last.seq}, but {but}")


def encode(checkpoint: Checkpoint, keys: KeyRing) -> bytes:
    """A checkpoint as lines of JSON: a header, a line for each patient, and a signature over all of it."""
    header = {
        "made_at": checkpoint.made_at.isoformat(),
        "key_id": keys.current_id,
        "previous": checkpoint.previous,
    }
    heads = ([patient_id, seq, mac.hex()] for patient_id, (seq, mac) in checkpoint.heads.items())
    content = _lines([header, *heads])
    return content + _lines([{"signature": hmac.digest(keys.current, content, "sha256").hex()}])


def decode(name: str, content: bytes, keys: KeyRing) -> CheckpointFile:
    """Parse and verify the content of a checkpoint file (CheckpointError)."""
    try:
        *lines, last = content.splitlines(keepends=True)
        header, *heads = map(json.loads, lines)
        key, signature = keys.by_id.get(header["key_id"]), bytes.fromhex(json.loads(last)["signature"])
        checkpoint = Checkpoint(
            datetime.fromisoformat(header["made_at"]),
            {patient_id: (seq, bytes.fromhex(mac)) for patient_id, seq, mac in heads},
            str(header["previous"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(f"{name} is not an audit trail checkpoint") from None
    if key is None:
        raise CheckpointError(
            f"{name} was signed with the key {header['key_id']}, which YOYAKU_RECORD_AUDIT_KEYS lacks"
        )
    if not hmac.compare_digest(hmac.digest(key, b"".join(lines), "sha256"), signature):
        raise CheckpointError(f"{name} has been changed since it was signed")
    return CheckpointFile(name, hashlib.sha256(content).hexdigest(), checkpoint)


def _lines(values: Iterable[object]) -> bytes:
    return "".join(json.dumps(value, separators=(",", ":")) + "\n" for value in values).encode()
