"""The audit trail of medical records: who accessed which, when and why; a chain for each patient reveals any change."""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from db.postgres.cluster.engines import Connection
from db.postgres.records import audit
from db.postgres.records.audit import AuditRow
from server.domain.records import Access, Basis
from server.usecases.keyrings import KeyRing


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What somebody is about to do with a patient's records; `note` holds the reason for breaking the glass."""

    patient_id: str
    actor: str
    doctor_id: str | None
    access: Access
    basis: Basis
    record_ids: Sequence[str] = ()
    version: int | None = None
    note: str = ""


class AuditTrail:
    """Writes the trail. Text may be returned only after the transaction with its entry has committed on the primary."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def append(self, pg: Connection, entry: AuditEntry, now: datetime) -> None:
        """Add an entry. It locks the patient's chain, so it comes last in its transaction.

        ConstraintViolated (record_audit_chains_patient_fkey) if there is no such patient.
        """
        seq, previous = await audit.next_place(pg, entry.patient_id)
        row = AuditRow(
            patient_id=entry.patient_id,
            seq=seq,
            happened_at=now,
            actor=entry.actor,
            doctor_id=entry.doctor_id,
            access=entry.access,
            basis=entry.basis,
            record_ids=entry.record_ids,
            version=entry.version,
            note=entry.note,
            key_id=self._keys.current_id,
            mac=b"",
        )
        await audit.add(pg, row._replace(mac=mac_of(self._keys.current, row, previous)))


def mac_of(key: bytes, row: AuditRow, previous: bytes) -> bytes:
    """The MAC of a row: over all its columns and the MAC of the row before it, which is empty for the first."""
    instant = row.happened_at.astimezone(UTC).isoformat(timespec="microseconds")
    columns = row._replace(happened_at=instant, record_ids=list(row.record_ids), mac=previous.hex())  # type: ignore[arg-type]
    return hmac.digest(key, json.dumps(columns, separators=(",", ":")).encode(), "sha256")
