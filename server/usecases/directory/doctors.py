"""Clinics and doctors: finding them, and what staff change about doctors."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from db.errors import Conflict, ConstraintViolated
from db.postgres.booking import hours
from db.postgres.booking.days import DayRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import clinics, doctors, practitioners
from db.postgres.directory.clinics import ClinicRow
from db.postgres.directory.doctors import DoctorRow
from server.domain.booking.policies import today
from server.domain.errors import DomainError, Reason, not_found
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, Owner, may, require
from server.usecases import paging
from server.usecases.directory.profile_cache import ProfileCache
from server.usecases.idempotency import Claim, Write
from server.usecases.reach import reach
from server.usecases.schedules.specialties import check_specialty
from server.usecases.unit_of_work import Announce, Changes, perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class DoctorListing:
    """Which doctors to list; an empty clinic or specialty means all."""

    clinic_id: str
    specialty: str
    size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class NewDoctor:
    """A doctor to add: a new practitioner with that name or, without a name, the existing one with that id."""

    clinic_id: str
    name: str
    practitioner_id: str
    specialty: str


@dataclass(frozen=True, slots=True)
class DoctorChange:
    """New values of a doctor, of which only those named in `fields` are used; an empty `etag` matches every version."""

    doctor_id: str
    fields: frozenset[str]
    name: str
    specialty: str
    active: bool
    etag: str

    def of(self, row: DoctorRow) -> DoctorRow:
        """The doctor after the change."""
        return row._replace(**{field: getattr(self, field) for field in self.fields})


@dataclass(frozen=True, slots=True)
class DoctorChanged:
    """The doctor after a change, the practitioner's other doctors whose name it changed, and the days it changed."""

    doctor: DoctorRow
    namesakes: Sequence[str]
    changes: Changes


class Directory:
    """Finds clinics and doctors, adds and changes doctors."""

    def __init__(
        self, engine: Engine, clock: Clock, new_id: IdMaker, announce: Announce, profiles: ProfileCache[DoctorRow]
    ) -> None:
        self._profiles = profiles
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._announce = announce

    async def list_clinics(self, caller: Caller, size: int, page_token: str) -> tuple[Sequence[ClinicRow], str]:
        """A page of clinics by name, and the token of the next page, empty if there is none (PAGE_TOKEN_INVALID)."""
        reached = reach(caller, Action.SEE_CLINICS)
        only = None if reached.everything else reached.clinic_ids
        size, filters = paging.page_size(size), "clinics"
        after_id = paging.after_id(page_token, filters)
        rows = await read(self._engine, lambda pg: clinics.page(pg, after_id, size + 1, only), Freshness.OWN_WRITES)
        return paging.cut(rows, size, filters)

    async def list_doctors(self, caller: Caller, listing: DoctorListing) -> tuple[Sequence[DoctorRow], str]:
        """A page of active doctors by name, and the token of the next page, empty if there is none.

        Raises PAGE_TOKEN_INVALID and SPECIALTY_NOT_FOUND.
        """
        reached = reach(caller, Action.SEE_DOCTORS)
        if listing.clinic_id:
            require(caller, Action.SEE_DOCTORS, Owner(clinic_id=listing.clinic_id))
        only = None if reached.everything else reached.clinic_ids
        clinic_id, specialty = listing.clinic_id, listing.specialty
        size, filters = paging.page_size(listing.size), ("doctors", clinic_id, specialty)
        after_id = paging.after_id(listing.page_token, filters)

        async def work(pg: Connection) -> list[DoctorRow]:
            return await doctors.page(pg, clinic_id, specialty, after_id, size + 1, only)

        rows = await read(self._engine, work, Freshness.OWN_WRITES)
        if not rows and specialty:
            await check_specialty(self._engine, specialty, reached)
        return paging.cut(rows, size, filters)

    async def get_doctor(self, caller: Caller, doctor_id: str) -> DoctorRow:
        """One doctor, active or not (DOCTOR_NOT_FOUND, NOT_ALLOWED)."""
        row = await self._profiles.get(doctor_id, lambda: self._load(doctor_id))
        if row is None:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
        require(caller, Action.SEE_DOCTORS, Owner(clinic_id=row.clinic_id))
        return row

    async def _load(self, doctor_id: str) -> DoctorRow | None:
        async def work(pg: Connection) -> DoctorRow | None:
            return await (await doctors.get(pg, doctor_id)).fetchone()

        return await read(self._engine, work, Freshness.PRIMARY_FIRST)

    async def create_doctor(self, caller: Caller, new: NewDoctor, write: Write[DoctorRow, M]) -> M:
        """Add a doctor; errors are those of CreateDoctor in the contract."""
        require(caller, Action.EDIT_DOCTOR, Owner(clinic_id=new.clinic_id))
        now, doctor_id, practitioner_id = self._clock(), self._new_id(), new.practitioner_id or self._new_id()

        async def work(pg: Connection, claim: Claim) -> DoctorRow:
            await claim.wait_or_answer()
            if not new.practitioner_id:
                await practitioners.add(pg, practitioner_id, new.name, now)
            elif not await doctors.id_at(pg, practitioner_id, new.clinic_id):
                await _require_whole_person(pg, caller, practitioner_id, now)
            await doctors.add(
                pg,
                doctor_id,
                practitioner_id=practitioner_id,
                clinic_id=new.clinic_id,
                specialty=new.specialty,
                now=now,
            )
            return await _doctor(pg, doctor_id)

        async with self._addable(practitioner_id, new.clinic_id):
            return await perform(self._engine, write, work, now)

    async def update_doctor(self, caller: Caller, change: DoctorChange, write: Write[DoctorChanged, M]) -> M:
        """Change a doctor; errors are those of UpdateDoctor in the contract."""
        now = self._clock()
        async with self._profiles.change() as replace_profile:

            async def work(pg: Connection, claim: Claim) -> DoctorChanged:
                await claim.wait_or_answer()
                changed = await _update(pg, caller, change, now)
                await replace_profile(changed.doctor, changed.namesakes)
                return changed

            return await perform(self._engine, write, work, now, lambda done: self._announce(done.changes))

    @asynccontextmanager
    async def _addable(self, practitioner_id: str, clinic_id: str) -> AsyncIterator[None]:
        """Turn violations of constraints into the errors of the contract."""
        try:
            yield
        except ConstraintViolated as violated:
            match violated.constraint:
                case "doctors_clinic_fkey":
                    raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id) from None
                case "doctors_practitioner_fkey":
                    raise not_found(Reason.PRACTITIONER_NOT_FOUND, "practitioner", practitioner_id) from None
                case "doctors_one_per_clinic":
                    found = await read(self._engine, lambda pg: doctors.id_at(pg, practitioner_id, clinic_id))
                    raise _doctor_exists(found or "") from None
            raise


async def _doctor(pg: Connection, doctor_id: str) -> DoctorRow:
    row = await (await doctors.get(pg, doctor_id)).fetchone()
    if row is None:
        raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
    return row


def _doctor_exists(doctor_id: str) -> DomainError:
    return DomainError(
        Reason.DOCTOR_EXISTS,
        "the practitioner is already a doctor at this clinic: update that doctor instead",
        metadata={"doctor_id": doctor_id},
    )


async def _require_whole_person(pg: Connection, caller: Caller, practitioner_id: str, now: datetime) -> None:
    """Require the right to edit a practitioner at every clinic where the practitioner works (NOT_ALLOWED).

    A name is shown, and appointments take time, at all of these clinics. Where the practitioner works cannot change
    until the transaction ends.
    """
    await practitioners.lock(pg, practitioner_id)
    for clinic_id in await practitioners.clinics_of(pg, practitioner_id, now):
        if not may(caller, Action.EDIT_PRACTITIONER, Owner(clinic_id=clinic_id)):
            raise DomainError(
                Reason.NOT_ALLOWED,
                "this person also works at a clinic that is not yours: ask an admin, or somebody who"
                " works for all of these clinics",
                metadata={"action": Action.EDIT_PRACTITIONER.value},
            )


async def _update(pg: Connection, caller: Caller, change: DoctorChange, now: datetime) -> DoctorChanged:
    seen = await _doctor(pg, change.doctor_id)
    require(caller, Action.EDIT_DOCTOR, Owner(clinic_id=seen.clinic_id, doctor_id=seen.id))
    opens_or_closes = change.of(seen).active != seen.active
    days = await _lock_days(pg, seen, now) if opens_or_closes else ()
    await practitioners.lock(pg, seen.practitioner_id)
    row = await _doctor(pg, seen.id)
    check_etag(row.version, change.etag)
    wanted = change.of(row)
    if wanted.name != row.name or (wanted.active and not row.active):
        await _require_whole_person(pg, caller, row.practitioner_id, now)
    if wanted.active != row.active and not opens_or_closes:
        raise Conflict("the doctor was opened or closed between two statements")
    if wanted == row:
        return DoctorChanged(row, (), Changes(days))
    await doctors.update(pg, wanted, now)
    namesakes = await doctors.rename(pg, wanted, now) if wanted.name != row.name else ()
    return DoctorChanged(await _doctor(pg, row.id), namesakes, Changes(days))


async def _lock_days(pg: Connection, row: DoctorRow, now: datetime) -> Sequence[DayRow]:
    first = today(ZoneInfo(row.time_zone), now)
    # The rest of a session that began yesterday evening opens or closes too.
    yesterday, last = first - timedelta(days=1), first + timedelta(days=row.horizon_days)
    return await hours.raise_revisions(pg, [row.id], hours.dates(yesterday, last), now)
