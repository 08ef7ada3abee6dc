"""Patients: registering and finding them, as far as the caller may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import patients
from db.postgres.directory.patients import FullPatientRow, PatientRow
from server.domain.identity import Action, Caller, Owner, may, require
from server.domain.ids import Clock, IdMaker
from server.usecases import paging
from server.usecases.directory.identifier_systems import check_written
from server.usecases.directory.patient_checks import check_birth_date, known, unique_identifiers, visible
from server.usecases.directory.profile_cache import ProfileCache
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import perform, read

M = TypeVar("M")


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
class PatientSearch:
    """Which patients to find: by `identifier`, or by the beginning of a name with or without a birth date."""

    identifier: tuple[str, str] | None
    name_prefix: str
    birth_date: date | None
    size: int
    page_token: str


class Patients:
    """Registers and finds patients."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        new_id: IdMaker,
        profiles: ProfileCache[FullPatientRow],
    ) -> None:
        self._profiles = profiles
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    async def register(self, caller: Caller, new: Particulars, write: Write[FullPatientRow, M]) -> M:
        """Add a patient; errors are those of RegisterPatient in the contract."""
        require(caller, Action.REGISTER_PATIENT)
        now, patient_id = self._clock(), self._new_id()
        check_birth_date("birth_date", new.birth_date, now)
        row = PatientRow(
            patient_id, new.name, new.birth_date, new.phone, new.email, new.language, name_kana=new.name_kana
        )

        async def work(pg: Connection, claim: Claim) -> FullPatientRow:
            await claim.settle()
            await check_written(pg, (), new.identifiers)
            await patients.add(pg, row, new.identifiers, now)
            return known(await (await patients.get(pg, patient_id)).fetchone(), patient_id)

        async with unique_identifiers(self._engine, new.identifiers, patient_id):
            return await perform(self._engine, write, work, now)

    async def get(self, caller: Caller, patient_id: str) -> FullPatientRow:
        """One patient (PATIENT_NOT_FOUND)."""
        if not may(caller, Action.SEE_PATIENT, Owner(patient_id=patient_id)):
            # A doctor may see only patients with an appointment, which takes a query.
            return await read(self._engine, lambda pg: visible(pg, caller, patient_id), Freshness.OWN_WRITES)
        return known(await self._profiles.get(patient_id, lambda: self._load(patient_id)), patient_id)

    async def _load(self, patient_id: str) -> FullPatientRow | None:
        async def work(pg: Connection) -> FullPatientRow | None:
            return await (await patients.get(pg, patient_id)).fetchone()

        return await read(self._engine, work, Freshness.PRIMARY_FIRST)

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
