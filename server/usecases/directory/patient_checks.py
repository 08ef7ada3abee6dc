"""What registering, finding and changing patients check alike."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime

from db.errors import ConstraintViolated
from db.postgres.booking import booked_patients
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.directory import patients
from db.postgres.directory.patients import FullPatientRow
from server.domain.errors import DomainError, Reason, invalid, not_found
from server.domain.identity import Caller
from server.domain.rights import Action, Owner, may
from server.person_rules import Unfit, born
from server.usecases.unit_of_work import read


def check_birth_date(field: str, birth_date: date | None, now: datetime) -> None:
    """Refuse a birth date that cannot be (INVALID_REQUEST)."""
    try:
        if birth_date:
            born(birth_date, now)
    except Unfit as unfit:
        raise invalid(field, unfit.reason) from None


def known(row: FullPatientRow | None, patient_id: str) -> FullPatientRow:
    """The patient, who must exist (PATIENT_NOT_FOUND)."""
    if row is None:
        raise not_found(Reason.PATIENT_NOT_FOUND, "patient", patient_id)
    return row


async def locked(pg: Connection, patient_id: str) -> FullPatientRow:
    """The patient, locked until the transaction ends (PATIENT_NOT_FOUND)."""
    await booked_patients.lock_patient(pg, patient_id)
    return known(await (await patients.get(pg, patient_id)).fetchone(), patient_id)


async def visible(pg: Connection, caller: Caller, patient_id: str) -> FullPatientRow:
    """The patient, if the caller may see them (PATIENT_NOT_FOUND); doctors may see those with an appointment."""
    owner = Owner(patient_id=patient_id)
    if not may(caller, Action.SEE_PATIENT, owner) and caller.doctor_id:
        [seen] = await (await patients.is_seen_by(pg, patient_id, caller.doctor_id)).fetchone() or (False,)
        owner = Owner(patient_id=patient_id, doctor_id=caller.doctor_id if seen else None)
    row = await (await patients.get(pg, patient_id)).fetchone()
    return known(row if may(caller, Action.SEE_PATIENT, owner) else None, patient_id)


@asynccontextmanager
async def unique_identifiers(
    engine: Engine, identifiers: Sequence[tuple[str, str]], patient_id: str
) -> AsyncIterator[None]:
    """Turn the constraint violation of an identifier that another patient has into IDENTIFIER_TAKEN."""
    try:
        yield
    except ConstraintViolated as violated:
        if violated.constraint != "patient_identifiers_pkey":
            raise
        system = await read(engine, lambda pg: _system_of_taken(pg, identifiers, patient_id))
        raise DomainError(
            Reason.IDENTIFIER_TAKEN,
            "an identifier already belongs to another patient: search for that patient by the identifier",
            metadata={"system": system},
        ) from None


async def _system_of_taken(pg: Connection, identifiers: Sequence[tuple[str, str]], patient_id: str) -> str:
    for system, value in identifiers:
        if await patients.id_by_identifier(pg, system, value) not in {None, patient_id}:
            return system
    return ""
