"""What a caller is told when a slot is unavailable: the reason, and the nearest available slots."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol

from db.errors import ConstraintViolated
from db.postgres.booking import appointment_types, days
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.appointment_types import AppointmentType
from server.domain.booking.availability import nearest
from server.domain.booking.resources import resource_taken
from server.domain.booking.seating import patient_busy, slot_taken
from server.domain.booking.slots import Slot
from server.domain.errors import Alternatives, DomainError, Reason
from server.usecases.schedules.appointment_types import type_of
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.unit_of_work import read

_DAYS_OF_ALTERNATIVES = 7


class SlotRequest(Protocol):
    """A write, with the slot that it wants once that is known."""

    now: datetime
    doctor_id: str
    slot: Slot | None

    @property
    def of_type(self) -> AppointmentType | None:
        """Its type, if it has one."""


@asynccontextmanager
async def with_alternatives(engine: Engine, write: SlotRequest) -> AsyncIterator[None]:
    """Turn a violation of an exclusion constraint, which is the final guard, into its error, and add alternatives."""
    refusal: DomainError | None = None
    try:
        yield
    except ConstraintViolated as violated:
        if write.slot is None or violated.constraint not in _OVERLAPS:
            raise
        refusal = _OVERLAPS[violated.constraint](write.doctor_id, write.slot)
    except DomainError as error:
        refusal = error
    if refusal is not None:
        if refusal.reason in {Reason.SLOT_TAKEN, Reason.RESOURCE_TAKEN} and write.slot is not None:
            refusal.alternatives = await _alternatives(engine, write, write.slot)
        raise refusal


async def _alternatives(engine: Engine, write: SlotRequest, slot: Slot) -> Alternatives | None:
    async def work(pg: Connection) -> Alternatives | None:
        async with pg.pipeline():
            return await alternatives_of(pg, write.doctor_id, slot, write.now, write.of_type)

    return await read(engine, work)


async def alternatives_of(
    pg: Connection, doctor_id: str, slot: Slot, now: datetime, of_type: AppointmentType | None
) -> Alternatives | None:
    """The nearest available slots of a doctor, for visits of a type if that is given."""
    first, last = slot.date - timedelta(days=1), slot.date + timedelta(days=_DAYS_OF_ALTERNATIVES)
    sent = await days.offer(pg, doctor_id, first, last)
    sent_type = await appointment_types.get(pg, of_type.id, days.around(first, last)) if of_type else None
    row, in_use = await sent.fetchone(), type_of(await sent_type.fetchone()) if sent_type else None
    return row and nearest(doctor_of(row), slot, busy_of(row.busy), now, _DAYS_OF_ALTERNATIVES, in_use)


_OVERLAPS: dict[str, Callable[[str, Slot], DomainError]] = {
    "appointments_no_overlap": slot_taken,
    "appointments_practitioner_no_overlap": slot_taken,
    "appointment_resources_no_overlap": lambda _, slot: resource_taken("", slot.visit),
    "appointments_patient_no_overlap": lambda _, slot: patient_busy(slot),
}
