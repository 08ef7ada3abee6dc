"""Who may access which records, and on which basis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.postgres.cluster.engines import Connection
from db.postgres.records import records
from db.postgres.records.records import RecordRow, RelationQuery
from server.domain.errors import DomainError, Reason, not_found
from server.domain.identity import Caller, Role
from server.domain.records import GRANT_LASTS, TREATED_FOR, TREATING, Access, Basis, note_of_representative
from server.domain.rights import Action, Owner, may, not_allowed
from server.usecases.records.audit_trail import AuditEntry


@dataclass(frozen=True, slots=True)
class DecryptedRecord:
    """A version of a record with its text."""

    row: RecordRow
    text: str


async def basis_of(
    pg: Connection, caller: Caller, action: Action, patient_id: str, now: datetime, *, author_id: str = ""
) -> Basis | None:
    """The basis on which the caller may do something with a patient's records; None if there is none.

    `author_id` is the doctor who wrote the record, if it is about a single one.
    """
    if may(caller, action, Owner(patient_id=patient_id)):
        return Basis.REPRESENTATIVE if caller.relation_to(patient_id) else Basis.OWN
    if caller.doctor_id is None or not may(caller, action, Owner(treated_by=caller.doctor_id)):
        return None
    since, granted = now - TREATED_FOR, now - GRANT_LASTS
    query = RelationQuery(patient_id, caller.doctor_id, caller.id, list(TREATING), since, granted)
    relation = await records.relation(pg, query)
    if relation.treating:
        return Basis.TREATING
    if author_id == caller.doctor_id:
        return Basis.AUTHOR
    return Basis.BREAK_GLASS if relation.granted else None


async def basis_for_patient(pg: Connection, caller: Caller, action: Action, patient_id: str, now: datetime) -> Basis:
    """As `basis_of`; without a basis NOT_TREATING for doctors, NOT_ALLOWED for others, also for an unknown patient."""
    basis = await basis_of(pg, caller, action, patient_id, now)
    if basis is None:
        raise _not_treating(patient_id) if Role.DOCTOR in caller.roles else not_allowed(action)
    return basis


async def visible(
    pg: Connection, caller: Caller, row: RecordRow | None, record_id: str, now: datetime
) -> tuple[RecordRow, Basis]:
    """A record that the caller may know about, and on which basis (RECORD_NOT_FOUND)."""
    if row is not None:
        basis = await basis_of(pg, caller, Action.SEE_RECORD, row.patient_id, now, author_id=row.doctor_id)
        if basis is not None:
            return row, basis
    raise not_found(Reason.RECORD_NOT_FOUND, "record", record_id)


def entry(
    caller: Caller,
    patient_id: str,
    access: Access,
    basis: Basis,
    record_ids: Sequence[str] = (),
    *,
    version: int | None = None,
    note: str = "",
) -> AuditEntry:
    """The audit entry for an access by the caller."""
    if basis is Basis.REPRESENTATIVE:
        note = note_of_representative(caller.relation_to(patient_id))
    doctor_id = None if basis in {Basis.OWN, Basis.REPRESENTATIVE} else caller.doctor_id
    return AuditEntry(patient_id, caller.id, doctor_id, access, basis, record_ids, version, note)


def _not_treating(patient_id: str) -> DomainError:
    return DomainError(
        Reason.NOT_TREATING,
        "you have no appointment with this patient: in an emergency, call BreakGlass first and give the reason",
        metadata={"patient_id": patient_id},
    )
