"""Patients: registering and finding them, as far as the caller may."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import patients
from db.postgres.directory.patients import FullPatientRow, PatientRow, TermSearch
from server.domain.errors import DomainError, Reason, invalid
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.people import search_terms
from server.domain.people.search_terms import MOST_MATCHES, Terms
from server.domain.rights import Action, Owner, may, require
from server.usecases import paging
from server.usecases.directory.identifier_systems import check_written
from server.usecases.directory.patient_checks import check_birth_date, known, unique_identifiers, visible
from server.usecases.directory.profile_cache import ProfileCache
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class PatientData:
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
    birth_precision: str = "day"
    """How much of `birth_date` is known."""


@dataclass(frozen=True, slots=True)
class PatientSearch:
    """Which patients to find: by `identifier`, or by all else that is not empty."""

    identifier: tuple[str, str] | None
    name: str
    birth_date: str
    """YYYY-MM-DD, YYYY-MM or YYYY."""
    phone: str
    """The last digits of the number."""
    language: str
    """Whose order to sort in: `ja` by the reading of the name, where there is one; else by name."""
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

    async def register(self, caller: Caller, new: PatientData, write: Write[FullPatientRow, M]) -> M:
        """Add a patient; errors are those of RegisterPatient in the contract."""
        require(caller, Action.REGISTER_PATIENT)
        now, patient_id = self._clock(), self._new_id()
        check_birth_date("birth_date", new.birth_date, now)
        row = PatientRow(
            patient_id,
            new.name,
            new.birth_date,
            new.phone,
            new.email,
            new.language,
            name_kana=new.name_kana,
            birth_precision=new.birth_precision,
        )

        async def work(pg: Connection, claim: Claim) -> FullPatientRow:
            await claim.wait_or_answer()
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
        """A page of patients, sorted, and the token of the next page, empty if there is none.

        Errors are those of SearchPatients in the contract.
        """
        require(caller, Action.SEARCH_PATIENTS)
        size = paging.page_size(search.size)
        filters = ("patients", replace(search, size=0, page_token=""))
        after_id = paging.after_id(search.page_token, filters)
        wanted = TermSearch(_terms(search), search.language == "ja", MOST_MATCHES, after_id, size + 1)

        async def work(pg: Connection) -> list[FullPatientRow] | None:
            if search.identifier:
                return await patients.by_identifier(pg, *search.identifier)
            return await patients.by_terms(pg, wanted)

        rows = await read(self._engine, work, Freshness.OWN_WRITES)
        if rows is None:
            raise _too_broad()
        return paging.cut(rows, size, filters)


def _terms(search: PatientSearch) -> Terms:
    terms = list(search_terms.by_name(search.name))
    if search.name and not terms:
        raise invalid("name", "has no letters to search for: write a part of the name")
    if search.birth_date:
        terms += search_terms.by_birth_date(search.birth_date)
    return [*terms, *search_terms.by_phone(search.phone)] if search.phone else terms


def _too_broad() -> DomainError:
    return DomainError(
        Reason.SEARCH_TOO_BROAD,
        f"more than {MOST_MATCHES:,} patients match: add another part of the name, the birth date or the last digits of"
        " the phone number",
        metadata={"limit": str(MOST_MATCHES)},
    )
