"""Staff let the account of a patient act for another patient."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from db.postgres.booking import booked_patients
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.directory import clinics, patients
from db.postgres.directory.patients import FullPatientRow
from db.postgres.identity import representatives
from db.postgres.identity.representatives import NewRepresentativeRow, RepresentativeRow, RepresentingRow
from server.domain.errors import DomainError, Reason, invalid, not_found
from server.domain.identity import Caller, Relation
from server.domain.ids import Clock, IdMaker
from server.domain.reasons import says_something
from server.domain.records import Access
from server.domain.representatives import BirthDate, Terms, check_number_of_account, check_number_of_patient, granted
from server.domain.rights import Action, Owner, not_allowed, require
from server.usecases.directory.clinics import representative_policy_of
from server.usecases.directory.patient_checks import known
from server.usecases.directory.patient_clinics import is_strange
from server.usecases.idempotency import Claim, Write
from server.usecases.representatives.changes import RepresentativeChanges
from server.usecases.representatives.read import Representative, seen
from server.usecases.represented import terms_of
from server.usecases.unit_of_work import perform

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class NewRepresentative:
    """Who is to act for whom; without a last day until the age limit."""

    patient_id: str
    email: str
    relation: Relation
    last_day: date | None
    clinic_id: str
    note: str


class RepresentativeAdder:
    """Adds representatives."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, changes: RepresentativeChanges) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._changes = changes

    async def add(self, caller: Caller, new: NewRepresentative, write: Write[Representative, M]) -> M:
        """Let an account act for a patient; errors are those of AddRepresentative in the contract."""
        require(caller, Action.ADD_REPRESENTATIVE, Owner(clinic_id=new.clinic_id))
        if not says_something(new.note):
            raise invalid("note", "does not say what you saw: write it in words, such as birth certificate")
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> Representative:
            locked = await booked_patients.lock_patient(pg, new.patient_id)
            await claim.wait_or_answer()
            _, is_in_use = await locked.fetchone() or ("", False)
            patient = known(await (await patients.get(pg, new.patient_id)).fetchone(), new.patient_id)
            if await is_strange(pg, caller, patient.id, now):
                raise not_allowed(Action.ADD_REPRESENTATIVE)
            if not is_in_use:
                raise _inactive(patient.id)
            terms = await _terms(pg, new, patient, now)
            # Before the email is looked up, so that nobody tries emails without each owner hearing of it.
            of_patient = await representatives.of_patient(pg, patient.id, ended=False, limit=None)
            check_number_of_patient(_acting(of_patient, now))
            account = await _account(pg, new, patient)
            await _make_room(pg, patient, account, now)
            what = (new.relation, new.clinic_id, new.note, terms.of_minor, terms.ends_at, now)
            row = NewRepresentativeRow(self._new_id(), account.id, patient.id, *what)
            return await self._add(pg, caller, row, patient)

        return await perform(self._engine, write, work, now)

    async def _add(
        self, pg: Connection, caller: Caller, new: NewRepresentativeRow, patient: FullPatientRow
    ) -> Representative:
        await representatives.add(pg, new)
        row = await representatives.get(pg, new.id)
        if row is None:
            raise AssertionError("what was added is there")
        what = f"account {new.account_id}, {new.note}"
        await self._changes.record(pg, caller, row, patient, Access.REPRESENTATIVE_ADDED, what, new.created_at)
        return seen(row, new.created_at)


async def _terms(pg: Connection, new: NewRepresentative, patient: FullPatientRow, now: datetime) -> Terms:
    clinic = await clinics.get(pg, new.clinic_id)
    if clinic is None:
        raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", new.clinic_id)
    policy = representative_policy_of(clinic)
    birth = BirthDate(patient.birth_date, patient.birth_precision)
    return granted(new.relation, new.last_day, birth, policy, ZoneInfo(clinic.time_zone), now)


async def _account(pg: Connection, new: NewRepresentative, patient: FullPatientRow) -> RepresentingRow:
    account = await representatives.lock_account(pg, new.email)
    if account is None:
        raise DomainError(
            Reason.ACCOUNT_NOT_FOUND,
            "no patient signs in with this email: ask the person to register, or have an admin invite them",
        )
    if account.patient_id == patient.id:
        raise invalid("email", "is that of the patient's own account: enter the one of the person who is to act")
    return account


async def _make_room(pg: Connection, patient: FullPatientRow, account: RepresentingRow, now: datetime) -> None:
    """Check for how many the account acts, with both sides locked; what has ended by itself counts no more."""
    of_account = await representatives.of_account(pg, account.id)
    for row in of_account:
        if row.patient_id != patient.id:
            continue
        if terms_of(row).at(now):
            raise DomainError(
                Reason.REPRESENTATIVE_EXISTS,
                "this account acts for the patient already: end that first, to add it with another relation or end",
                metadata={"representative_id": row.id},
            )
        await representatives.end(pg, row.id, now)
    check_number_of_account(_acting(of_account, now))


def _acting(rows: Iterable[RepresentativeRow], now: datetime) -> int:
    return sum(terms_of(row).at(now) is not None for row in rows)


def _inactive(patient_id: str) -> DomainError:
    return DomainError(
        Reason.PATIENT_INACTIVE,
        "the patient is deceased, inactive or was merged into another entry: look the patient up to see which",
        metadata={"patient_id": patient_id},
    )
