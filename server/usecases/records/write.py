"""Writing medical records: versions are added, never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.postgres.booking import appointments
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.records import records
from db.postgres.records.records import NewRecord
from server.domain.errors import Reason, not_found
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.records import Access, Basis
from server.domain.rights import Action, Owner, require
from server.usecases.idempotency import Claim, Write
from server.usecases.reach import reach
from server.usecases.records.access import DecryptedRecord, basis_for_patient, entry, visible
from server.usecases.records.audit_trail import AuditEntry, AuditTrail
from server.usecases.records.encryption import RecordCipher, TextLocation
from server.usecases.unit_of_work import perform

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class NewText:
    """What to write about a patient, with or without an appointment."""

    patient_id: str
    appointment_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Amendment:
    """The new text of a record; an empty `etag` matches every version."""

    record_id: str
    text: str
    etag: str


class RecordWriter:
    """Writes and amends medical records. The stored answer of an idempotent write must not contain the text."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, trail: AuditTrail, cipher: RecordCipher) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._trail = trail
        self._cipher = cipher

    async def create(self, caller: Caller, new: NewText, write: Write[DecryptedRecord, M]) -> M:
        """Write a record; errors are those of CreateRecord in the contract."""
        reach(caller, Action.CREATE_RECORD)
        now, record_id = self._clock(), self._new_id()

        async def work(pg: Connection, claim: Claim) -> DecryptedRecord:
            await claim.wait_or_answer()
            basis = await basis_for_patient(pg, caller, Action.CREATE_RECORD, new.patient_id, now)
            await _check_appointment(pg, caller, new)
            version = await self._cipher.seal(pg, TextLocation(new.patient_id, record_id, 1, now), new.text, now)
            author = caller.doctor_id or ""
            record = NewRecord(record_id, new.patient_id, author, new.appointment_id or None, now)
            await records.add(pg, record, version)
            access = entry(caller, new.patient_id, Access.CREATED, basis, [record_id], version=1)
            return await self._written(pg, access, new.text, now)

        return await perform(self._engine, self._blinded(write), work, now)

    async def amend(self, caller: Caller, amendment: Amendment, write: Write[DecryptedRecord, M]) -> M:
        """Add a version to a record; errors are those of AmendRecord in the contract."""
        reach(caller, Action.AMEND_RECORD)
        now, record_id = self._clock(), amendment.record_id

        async def work(pg: Connection, claim: Claim) -> DecryptedRecord:
            await claim.wait_or_answer()
            await records.lock(pg, record_id)
            row, _ = await visible(pg, caller, await records.get(pg, record_id), record_id, now)
            require(caller, Action.AMEND_RECORD, Owner(doctor_id=row.doctor_id))
            check_etag(row.version, amendment.etag)
            place = TextLocation(row.patient_id, record_id, row.version + 1, now)
            await records.amend(pg, await self._cipher.seal(pg, place, amendment.text, now))
            access = entry(caller, row.patient_id, Access.AMENDED, Basis.AUTHOR, [record_id], version=place.version)
            return await self._written(pg, access, amendment.text, now)

        return await perform(self._engine, self._blinded(write), work, now)

    async def _written(self, pg: Connection, access: AuditEntry, text: str, now: datetime) -> DecryptedRecord:
        [record_id] = access.record_ids
        row = await records.get(pg, record_id)
        if row is None:
            raise AssertionError("what was written is there")
        await self._trail.append(pg, access, now)
        return DecryptedRecord(row, text)

    def _blinded(self, write: Write[DecryptedRecord, M]) -> Write[DecryptedRecord, M]:
        """The digest of the request is stored too, and a plain one would let anybody check a guess at the text."""
        return write._replace(content=self._cipher.blinded(write.content))


async def _check_appointment(pg: Connection, caller: Caller, new: NewText) -> None:
    if not new.appointment_id:
        return
    row = await (await appointments.get(pg, new.appointment_id)).fetchone()
    if row is None or (row.patient_id, row.doctor_id) != (new.patient_id, caller.doctor_id):
        raise not_found(Reason.APPOINTMENT_NOT_FOUND, "appointment", new.appointment_id)
