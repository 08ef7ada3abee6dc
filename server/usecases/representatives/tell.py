"""What each change of a representative causes, besides its entry in the patient's audit trail."""

from datetime import datetime

from db.postgres.cluster.engines import Connection
from db.postgres.directory.patients import FullPatientRow
from db.postgres.identity.representatives import RepresentativeRow
from server.domain.identity import Caller
from server.domain.ids import IdMaker
from server.domain.notices import NoticeKind
from server.usecases.directory import contacts
from server.usecases.identity import security_events


async def tell(
    pg: Connection,
    new_id: IdMaker,
    caller: Caller,
    row: RepresentativeRow,
    patient: FullPatientRow,
    kind: NoticeKind,
    now: datetime,
) -> None:
    """Record it with the account, whose owner is told by that, and tell the patient what others did."""
    await security_events.record(pg, new_id, row.account_id, kind, actor=caller.id, now=now)
    if caller.patient_id != row.patient_id:
        await contacts.tell(pg, new_id, patient, kind, now)
