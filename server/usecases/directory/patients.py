"""Patients: registering, finding and changing them, as far as the caller may."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from db.errors import ConstraintViolated
from db.postgres.booking import appointments
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.cluster.transaction import transact
from db.postgres.directory import contact_changes, patients
from db.postgres.directory.contact_changes import CodeEntry
from db.postgres.directory.patients import FullPatientRow, PatientRow
from server.domain.errors import DomainError, Reason, invalid, not_found
from server.domain.etags import check_etag
from server.domain.identity import Action, Caller, Owner, may, not_allowed, require
from server.domain.ids import Clock, IdMaker
from server.domain.records import Access, Basis
from server.particulars import Unfit, born
from server.usecases import paging
from server.usecases.directory import contacts
from server.usecases.directory.belonging import check_given, is_strange
from server.usecases.directory.identifier_systems import check_written
from server.usecases.directory.profile_cache import ProfileCache
from server.usecases.idempotency import Claim, Write
from server.usecases.records.audit_trail import AuditEntry, AuditTrail
from server.usecases.unit_of_work import database_failures_as_domain_errors, perform, read

M = TypeVar("M")

_OWN_CONTACT = frozenset({"phone", "email", "language"})


@dataclass(frozen=True, slots=True)
class Particulars:
    """The data stored about a patient; unknown text is empty; `identifiers` are (system, value), sorted and unique."""

    name: str
    birth_date: date | None
    phone: str
    email: str
    language: str
    identifiers: Sequence[tuple[str, str]]
    name_kana: str = ""
    deceased: bool = False
    inactive: bool = False


@dataclass(frozen=True, slots=True)
class PatientChange:
    """New values of a patient, of which those named in `fields` are used; an empty `etag` matches every version."""

    patient_id: str
    fields: frozenset[str]
    new: Particulars
    etag: str
    reason: str
    """Why, if the patient belongs to other clinics."""

    @property
    def is_contact(self) -> bool:
        """Whether it changes only what patients may change themselves."""
        return self.fields <= _OWN_CONTACT

    def of(self, row: FullPatientRow) -> FullPatientRow:
        """The patient after the change."""
        return row._replace(**{field: getattr(self.new, field) for field in self.fields})


@dataclass(frozen=True, slots=True)
class PatientSearch:
    """Which patients to find: by `identifier`, or by the beginning of a name with or without a birth date."""

    identifier: tuple[str, str] | None
    name_prefix: str
    birth_date: date | None
    size: int
    page_token: str


class Patients:
    """Registers, finds and changes patients."""

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

    async def register(self, caller: Caller, new: Particulars, write: Write[FullPatientRow, M]) -> M:
        """Add a patient; errors are those of RegisterPatient in the contract."""
        require(caller, Action.REGISTER_PATIENT)
        now, patient_id = self._clock(), self._new_id()
        _check_birth_date("birth_date", new.birth_date, now)
        row = PatientRow(
            patient_id, new.name, new.birth_date, new.phone, new.email, new.language, name_kana=new.name_kana
        )

        async def work(pg: Connection, claim: Claim) -> FullPatientRow:
            await claim.settle()
            await check_written(pg, (), new.identifiers)
            await patients.add(pg, row, new.identifiers, now)
            return _known(await (await patients.get(pg, patient_id)).fetchone(), patient_id)

        async with self._identifiable(new.identifiers, patient_id):
            return await perform(self._engine, write, work, now)

    async def get(self, caller: Caller, patient_id: str) -> FullPatientRow:
        """One patient (PATIENT_NOT_FOUND)."""
        if not may(caller, Action.SEE_PATIENT, Owner(patient_id=patient_id)):
            # A doctor may see only patients with an appointment, which takes a query.
            return await read(self._engine, lambda pg: _visible(pg, caller, patient_id), Freshness.OWN_WRITES)
        return _known(await self._profiles.get(patient_id, lambda: self._load(patient_id)), patient_id)

    async def _load(self, patient_id: str) -> FullPatientRow | None:
        async def work(pg: Connection) -> FullPatientRow | None:
            return await (await patients.get(pg, patient_id)).fetchone()

        return await read(self._engine, work, Freshness.PRIMARY_FIRST)

    async def update(self, caller: Caller, change: PatientChange, write: Write[FullPatientRow, M]) -> M:
        """Change a patient; errors are those of UpdatePatient in the contract."""
        now = self._clock()
        if "birth_date" in change.fields:
            _check_birth_date("patient.birth_date", change.new.birth_date, now)
        async with (
            self._identifiable(change.new.identifiers, change.patient_id),
            self._profiles.change() as replace_profile,
        ):

            async def work(pg: Connection, claim: Claim) -> FullPatientRow:
                await claim.settle()
                row = await self._update(pg, caller, change, now)
                await replace_profile(row)
                return row

            return await perform(self._engine, write, work, now)

    async def _update(self, pg: Connection, caller: Caller, change: PatientChange, now: datetime) -> FullPatientRow:
        await _visible(pg, caller, change.patient_id)
        _require_editable(caller, change)
        row = await _locked(pg, change.patient_id)
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
        return _known(await (await patients.get(pg, row.id)).fetchone(), row.id)

    async def _keep_and_tell(
        self, pg: Connection, caller: Caller, row: FullPatientRow, change: PatientChange, now: datetime
    ) -> None:
        """Notify the patient, and record in the audit trail who changed what, and why."""
        await contacts.tell_of_change(pg, self._new_id, row, now)
        note = f"{', '.join(sorted(change.fields))}: {change.reason}"
        entry = AuditEntry(row.id, caller.id, None, Access.PATIENT_CHANGED, Basis.REASON, note=note)
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
                await claim.settle()
                row = await contacts.confirmed(pg, await _locked(pg, patient_id), code, entry, now)
                await patients.update(pg, row, now)
                row = _known(await (await patients.get(pg, patient_id)).fetchone(), patient_id)
                await replace_profile(row)
                return row

            return await perform(self._engine, write, work, now)

    async def search(self, caller: Caller, search: PatientSearch) -> tuple[Sequence[FullPatientRow], str]:
        """A page of patients by name, and the token of the next page, empty if there is none (PAGE_TOKEN_INVALID)."""
        require(caller, Action.SEARCH_PATIENTS)
        size = paging.page_size(search.size)
        filters = ("patients", search.identifier, search.name_prefix, search.birth_date)
        after_id = paging.after_id(search.page_token, filters)

        async def work(pg: Connection) -> list[FullPatientRow]:
            if search.identifier:
                return await patients.by_identifier(pg, *search.identifier)
            return await patients.by_name(pg, search.name_prefix, search.birth_date, after_id, size + 1)

        return paging.cut(await read(self._engine, work, Freshness.OWN_WRITES), size, filters)

    @asynccontextmanager
    async def _identifiable(self, identifiers: Sequence[tuple[str, str]], patient_id: str) -> AsyncIterator[None]:
        """Turn the constraint violation of an identifier that another patient has into IDENTIFIER_TAKEN."""
        try:
            yield
        except ConstraintViolated as violated:
            if violated.constraint != "patient_identifiers_pkey":
                raise
            system = await read(self._engine, lambda pg: _system_of_taken(pg, identifiers, patient_id))
            raise DomainError(
                Reason.IDENTIFIER_TAKEN,
                "an identifier already belongs to another patient: search for that patient by the identifier",
                metadata={"system": system},
            ) from None


def _check_birth_date(field: str, birth_date: date | None, now: datetime) -> None:
    try:
        if birth_date:
            born(birth_date, now)
    except Unfit as unfit:
        raise invalid(field, unfit.reason) from None


def _known(row: FullPatientRow | None, patient_id: str) -> FullPatientRow:
    if row is None:
        raise not_found(Reason.PATIENT_NOT_FOUND, "patient", patient_id)
    return row


async def _visible(pg: Connection, caller: Caller, patient_id: str) -> FullPatientRow:
    owner = Owner(patient_id=patient_id)
    if not may(caller, Action.SEE_PATIENT, owner) and caller.doctor_id:
        [seen] = await (await patients.is_seen_by(pg, patient_id, caller.doctor_id)).fetchone() or (False,)
        owner = Owner(patient_id=patient_id, doctor_id=caller.doctor_id if seen else None)
    row = await (await patients.get(pg, patient_id)).fetchone()
    return _known(row if may(caller, Action.SEE_PATIENT, owner) else None, patient_id)


async def _locked(pg: Connection, patient_id: str) -> FullPatientRow:
    """Lock a patient until the transaction ends (PATIENT_NOT_FOUND)."""
    await appointments.lock_patient(pg, patient_id)
    return _known(await (await patients.get(pg, patient_id)).fetchone(), patient_id)


def _require_editable(caller: Caller, change: PatientChange) -> None:
    own = change.is_contact and may(caller, Action.EDIT_OWN_CONTACT, Owner(patient_id=change.patient_id))
    if not own and not may(caller, Action.EDIT_PATIENT_ELSEWHERE):
        raise not_allowed(Action.EDIT_PATIENT)


async def _check_confirmable(pg: Connection, caller: Caller, patient_id: str, now: datetime) -> None:
    """Refuse to compare codes for those to whom the patient is a stranger (NOT_ALLOWED)."""
    await _visible(pg, caller, patient_id)
    if not may(caller, Action.EDIT_PATIENT_ELSEWHERE):
        raise not_allowed(Action.EDIT_PATIENT_ELSEWHERE)
    if await is_strange(pg, caller, patient_id, now):
        raise DomainError(
            Reason.NOT_ALLOWED,
            "this is no patient of your clinic: the patient, or staff of the patient's clinics, can confirm the change",
            metadata={"action": Action.EDIT_PATIENT.value},
        )


async def _system_of_taken(pg: Connection, identifiers: Sequence[tuple[str, str]], patient_id: str) -> str:
    for system, value in identifiers:
        if await patients.id_by_identifier(pg, system, value) not in {None, patient_id}:
            return system
    return ""
