"""Types of appointment: finding them, and what staff change about them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from db.errors import ConstraintViolated
from db.postgres.booking import appointment_types
from db.postgres.booking.appointment_types import AppointmentTypeRow, UsedResourceRow, UsedTypeRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.booking.appointment_types import AppointmentType, Audience, check_number
from server.domain.booking.resources import Occupied, Resource
from server.domain.booking.slots import Period
from server.domain.errors import DomainError, Reason, not_found
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, Owner, require
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class TypeChange:
    """New values of a type, by column; an empty `etag` matches every version."""

    type_id: str
    values: dict[str, Any]
    etag: str


class AppointmentTypes:
    """Lists, adds and changes types of appointment."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id

    async def list(self, caller: Caller, clinic_id: str) -> Sequence[AppointmentTypeRow]:
        """All types of a clinic, by name."""
        require(caller, Action.SEE_SLOTS, Owner(clinic_id=clinic_id))
        return await read(self._engine, lambda pg: appointment_types.of_clinic(pg, clinic_id), Freshness.OWN_WRITES)

    async def create(self, caller: Caller, new: AppointmentTypeRow, write: Write[AppointmentTypeRow, M]) -> M:
        """Add a type, under an id of its own (NOT_ALLOWED, CLINIC_NOT_FOUND, APPOINTMENT_TYPE_EXISTS, too many)."""
        now, row = self._clock(), new._replace(id=self._new_id())

        async def work(pg: Connection, claim: Claim) -> AppointmentTypeRow:
            await claim.wait_or_answer()
            require(caller, Action.EDIT_CATALOGUE, Owner(clinic_id=row.clinic_id))
            check_number(await appointment_types.number_at(pg, row.clinic_id))
            await appointment_types.add(pg, row, now)
            return row

        async with _named_refusals(row.clinic_id):
            return await perform(self._engine, write, work, now)

    async def update(self, caller: Caller, change: TypeChange, write: Write[AppointmentTypeRow, M]) -> M:
        """Change a type (APPOINTMENT_TYPE_NOT_FOUND, NOT_ALLOWED, ETAG_MISMATCH, APPOINTMENT_TYPE_EXISTS).

        Appointments of the type stay as they are.
        """
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> AppointmentTypeRow:
            sent = await appointment_types.lock(pg, change.type_id)
            await claim.wait_or_answer()
            row = await sent.fetchone()
            if row is None:
                raise not_found(Reason.APPOINTMENT_TYPE_NOT_FOUND, "appointment_type", change.type_id)
            require(caller, Action.EDIT_CATALOGUE, Owner(clinic_id=row.clinic_id))
            check_etag(row.version, change.etag)
            changed = row._replace(**change.values)
            await appointment_types.put(pg, changed, now)
            return changed._replace(version=row.version + 1)

        async with _named_refusals(""):
            return await perform(self._engine, write, work, now)


@asynccontextmanager
async def _named_refusals(clinic_id: str) -> AsyncIterator[None]:
    try:
        yield
    except ConstraintViolated as violated:
        if violated.constraint == "appointment_types_clinic_fkey":
            raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id) from None
        if violated.constraint == "appointment_types_one_name":
            message = "the clinic has a type of that name: choose another name, or change that type"
            raise DomainError(Reason.APPOINTMENT_TYPE_EXISTS, message) from None
        raise


def type_of(found: UsedTypeRow | None) -> AppointmentType | None:
    """The type with its resources, as rules about slots need it."""
    if found is None:
        return None
    row = found.type
    return AppointmentType(
        id=row.id,
        clinic_id=row.clinic_id,
        name=row.name,
        minutes=row.minutes,
        buffer_minutes=row.buffer_minutes,
        staff_only=row.staff_only,
        audience=Audience(row.audience),
        active=row.active,
        kinds=tuple(row.resource_kinds),
        resources=[resource_of(each) for each in found.resources],
    )


def resource_of(row: UsedResourceRow) -> Resource:
    """A resource in use, as rules need it."""
    return Resource(row.id, row.kind, row.name, [_occupied(*each) for each in row.occupied or ()])


def _occupied(appointment_id: str, start: float, end: float, held_until: float | None) -> Occupied:
    start_at, end_at = (datetime.fromtimestamp(each, UTC) for each in (start, end))
    return Occupied(
        appointment_id,
        Period(start_at, end_at),
        None if held_until is None else datetime.fromtimestamp(held_until, UTC),
    )
