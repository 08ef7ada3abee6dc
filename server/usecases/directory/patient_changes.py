"""Changes of patients, by themselves and by others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.cluster.transaction import transact
from db.postgres.directory import contact_changes, patients
from db.postgres.directory.contact_changes import CodeEntry
from db.postgres.directory.patients import FullPatientRow
from db.postgres.identity import representatives
from server.domain.errors import DomainError, Reason, not_found
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.records import Access, Basis, note_of_representative
from server.domain.rights import Action, Owner, may, not_allowed
from server.usecases.directory import contacts
from server.usecases.directory.identifier_systems import check_written
from server.usecases.directory.patient_checks import check_birth_date, known, locked, unique_identifiers, visible
from server.usecases.directory.patient_clinics import check_given, is_strange
from server.usecases.directory.patients import PatientData
from server.usecases.directory.profile_cache import ProfileCache
from server.usecases.idempotency import Claim, Write
from server.usecases.links import link_invalid
from server.usecases.records.audit_trail import AuditEntry, AuditTrail
from server.usecases.represented import acting
from server.usecases.sealing import digest, owner_of
from server.usecases.unit_of_work import database_failures_as_domain_errors, perform, read

M = TypeVar("M")

_OWN_CONTACT = frozenset({"phone", "email", "language"})


@dataclass(frozen=True, slots=True)
class PatientChange:
    """New values of a patient, of which those named in `fields` are used; an empty `etag` matches every version."""

    patient_id: str
    fields: frozenset[str]
    new: PatientData
    etag: str
    reason: str
    """Why, if the patient belongs to other clinics."""

    @property
    def is_contact(self) -> bool:
        """Whether it changes only what patients may change themselves."""
        return self.fields <= _OWN_CONTACT

    def of(self, row: FullPatientRow) -> FullPatientRow:
        """The patient after the change."""
        stored = {*self.fields, "birth_precision"} if "birth_date" in self.fields else self.fields
        return row._replace(**{field: getattr(self.new, field) for field in stored})


class PatientEditor:
    """Changes patients, and confirms their new addresses and numbers."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        new_id: IdMaker,
        profiles: ProfileCache[FullPatientRow],
        trail: AuditTrail,
    ) -> None:
        self._profiles = profiles
        self._trail = trail
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    async def update(self, caller: Caller, change: PatientChange, write: Write[FullPatientRow, M]) -> M:
        """Change a patient; errors are those of UpdatePatient in the contract."""
        now = self._clock()
        if "birth_date" in change.fields:
            check_birth_date("patient.birth_date", change.new.birth_date, now)
        async with (
            unique_identifiers(self._engine, change.new.identifiers, change.patient_id),
            self._profiles.change() as replace_profile,
        ):

            async def work(pg: Connection, claim: Claim) -> FullPatientRow:
                await claim.wait_or_answer()
                row = await self._update(pg, caller, change, now)
                await replace_profile(row)
                return row

            return await perform(self._engine, write, work, now)

    async def _update(self, pg: Connection, caller: Caller, change: PatientChange, now: datetime) -> FullPatientRow:
        await visible(pg, caller, change.patient_id)
        _require_editable(caller, change)
        row = await locked(pg, change.patient_id)
        await _check_acts(pg, caller, row.id, now)
        is_own = change.is_contact and may(caller, Action.EDIT_OWN_CONTACT, Owner(patient_id=row.id))
        strange = not is_own and await is_strange(pg, caller, row.id, now)
        if strange:
            check_given(change.reason)
        check_etag(row.version, change.etag)
        vouched = may(caller, Action.EDIT_PATIENT_ELSEWHERE) and not strange
        wanted = await contacts.hold_back(
            pg, self._new_id, row, change.of(row), change.fields, vouched=vouched, by_stranger=strange, now=now
        )
        if wanted == row:
            return row
        await check_written(pg, row.identifiers, wanted.identifiers)
        await patients.update(pg, wanted, now)
        if wanted.identifiers != row.identifiers:
            await patients.replace_identifiers(pg, row.id, wanted.identifiers)
        if strange:
            await self._keep_and_tell(pg, caller, row, change, now)
        elif is_own and (relation := caller.relation_to(row.id)):
            await self._record_representative(pg, caller, row.id, relation, change.fields, now)
            if change.fields & {"phone", "email"}:
                await contacts.warn_where_patient_signs_in(pg, self._new_id, row, now)
        return known(await (await patients.get(pg, row.id)).fetchone(), row.id)

    async def _keep_and_tell(
        self, pg: Connection, caller: Caller, row: FullPatientRow, change: PatientChange, now: datetime
    ) -> None:
        """Notify the patient, and record in the audit trail who changed what, and why."""
        await contacts.notify_of_change(pg, self._new_id, row, now)
        note = f"{', '.join(sorted(change.fields))}: {change.reason}"
        entry = AuditEntry(row.id, caller.id, None, Access.PATIENT_CHANGED, Basis.REASON, note=note)
        await self._trail.append(pg, entry, now)

    async def _record_representative(
        self, pg: Connection, caller: Caller, patient_id: str, relation: str, fields: Collection[str], now: datetime
    ) -> None:
        note = note_of_representative(relation, ", ".join(sorted(fields)))
        entry = AuditEntry(patient_id, caller.id, None, Access.PATIENT_CHANGED, Basis.REPRESENTATIVE, note=note)
        await self._trail.append(pg, entry, now)

    async def confirm_contact(self, caller: Caller, patient_id: str, code: str, write: Write[FullPatientRow, M]) -> M:
        """Use a patient's new address or number from now on; errors are those of ConfirmContact in the contract."""
        now = self._clock()
        is_own = may(caller, Action.EDIT_OWN_CONTACT, Owner(patient_id=patient_id))
        entry = CodeEntry(patient_id, caller.id, by_patient=is_own)
        if not is_own:
            await read(self._engine, lambda pg: _check_confirmable(pg, caller, patient_id, now), Freshness.OWN_WRITES)
        # Counted before the code is compared, in a transaction of its own: parallel calls get no extra attempts.
        with database_failures_as_domain_errors():
            await transact(self._engine, lambda pg: contact_changes.count_try(pg, entry))
        async with self._profiles.change() as replace_profile:

            async def work(pg: Connection, claim: Claim) -> FullPatientRow:
                await claim.wait_or_answer()
                before = await locked(pg, patient_id)
                await _check_acts(pg, caller, patient_id, now)
                row = await contacts.confirmed(pg, before, code, entry, now)
                await patients.update(pg, row, now)
                if relation := caller.relation_to(patient_id):
                    fields = {each for each in _OWN_CONTACT if getattr(row, each) != getattr(before, each)}
                    await self._record_representative(pg, caller, patient_id, relation, fields, now)
                row = known(await (await patients.get(pg, patient_id)).fetchone(), patient_id)
                await replace_profile(row)
                return row

            return await perform(self._engine, write, work, now)

    async def confirm_contact_by_link(self, link_token: str) -> None:
        """Use the new address to which a link was sent from now on (LINK_INVALID)."""
        change_id, link_hash, now = owner_of(link_token), digest(link_token), self._clock()
        async with self._profiles.change() as replace_profile:

            async def work(pg: Connection) -> None:
                change = await contact_changes.by_link(pg, change_id, link_hash, now) if change_id else None
                if change is None:
                    raise link_invalid()
                row = await locked(pg, change.patient_id)
                await contacts.drop_ended(pg, row.id, now)
                # It may have been confirmed or replaced until the patient was locked.
                if not await contact_changes.by_link(pg, change_id, link_hash, now):
                    raise link_invalid()
                await contact_changes.drop(pg, row.id, change.kind)
                changed = contacts.with_contact(row, change.kind, change.value, former="", pending="")
                await patients.update(pg, changed, now)
                await replace_profile(known(await (await patients.get(pg, row.id)).fetchone(), row.id))

            with database_failures_as_domain_errors():
                await transact(self._engine, work)


async def _check_acts(pg: Connection, caller: Caller, patient_id: str, now: datetime) -> None:
    """Refuse a representative who acts no longer, whatever the access token says (PATIENT_NOT_FOUND).

    It may be valid for some minutes more, and what is changed here outlasts the end.
    """
    if represented := caller.represents.get(patient_id):
        row = await representatives.get(pg, represented.representative_id)
        if row is None or not acting(row, now):
            raise not_found(Reason.PATIENT_NOT_FOUND, "patient", patient_id)


def _require_editable(caller: Caller, change: PatientChange) -> None:
    own = change.is_contact and may(caller, Action.EDIT_OWN_CONTACT, Owner(patient_id=change.patient_id))
    if not own and not may(caller, Action.EDIT_PATIENT_ELSEWHERE):
        raise not_allowed(Action.EDIT_PATIENT)


async def _check_confirmable(pg: Connection, caller: Caller, patient_id: str, now: datetime) -> None:
    """Refuse to compare codes for those to whom the patient is a stranger (NOT_ALLOWED)."""
    await visible(pg, caller, patient_id)
    if not may(caller, Action.EDIT_PATIENT_ELSEWHERE):
        raise not_allowed(Action.EDIT_PATIENT_ELSEWHERE)
    if await is_strange(pg, caller, patient_id, now):
        raise DomainError(
            Reason.NOT_ALLOWED,
            "this patient belongs to other clinics: the patient, or staff of those clinics, can confirm the change",
            metadata={"action": Action.EDIT_PATIENT.value},
        )
