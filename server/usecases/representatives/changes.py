"""What each change of a representative causes: entries with the account and the patient, and notices to both."""

from datetime import datetime

from db.postgres.cluster.engines import Connection
from db.postgres.directory.patients import FullPatientRow
from db.postgres.identity.representatives import RepresentativeRow
from server.domain.identity import Caller
from server.domain.ids import IdMaker
from server.domain.notices import NoticeKind
from server.domain.records import Access, Basis, note_of_representative
from server.usecases.directory import contacts
from server.usecases.identity import security_events
from server.usecases.records.audit_trail import AuditEntry, AuditTrail


class RepresentativeChanges:
    """Records changes of representatives, and tells whom they concern."""

    def __init__(self, new_id: IdMaker, trail: AuditTrail) -> None:
        self._new_id = new_id
        self._trail = trail

    async def record(
        self,
        pg: Connection,
        caller: Caller,
        row: RepresentativeRow,
        patient: FullPatientRow,
        change: Access,
        text: str,
        now: datetime,
    ) -> None:
        """Record a change with the account, whose owner is told by that, and in the audit trail; tell the patient.

        The patient is not told what it did itself. It locks the patient's audit chain, so it comes last.
        """
        kind = NoticeKind(change.value)
        await security_events.record(pg, self._new_id, row.account_id, kind, actor=caller.id, now=now)
        if caller.patient_id != row.patient_id:
            await contacts.tell(pg, self._new_id, patient, kind, now)
        note = note_of_representative(row.relation, text)
        entry = AuditEntry(row.patient_id, caller.id, None, change, _basis(caller, row), note=note)
        await self._trail.append(pg, entry, now)


def _basis(caller: Caller, row: RepresentativeRow) -> Basis:
    if caller.patient_id == row.patient_id:
        return Basis.OWN
    return Basis.REPRESENTATIVE if caller.patient_id == row.account_patient_id else Basis.REASON
