"""What a caller gets when a slot is unavailable: the reason, and the nearest available slots."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Protocol

from db.errors import ConstraintViolated
from db.postgres.booking import appointment_types, days, spans
from db.postgres.booking.days import OfferRow
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.alternatives import (
    DAYS_OF_ALTERNATIVES,
    MOST_DOCTORS_ELSEWHERE,
    Alternative,
    OfferOfOther,
    OtherDoctor,
    at_clinic,
    with_sooner,
)
from server.domain.booking.appointment_types import AppointmentType
from server.domain.booking.availability import nearest
from server.domain.booking.resources import resource_taken
from server.domain.booking.seating import patient_busy, slot_taken
from server.domain.booking.slots import Slot
from server.domain.errors import Alternatives, DomainError, Reason
from server.domain.identity import Caller
from server.domain.rights import Action, Owner, may
from server.usecases.appointments.day_locks import Locks
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.schedules.appointment_types import type_of
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.unit_of_work import read


class SlotRequest(Protocol):
    """A write, with the slot that it wants once that is known."""

    caller: Caller
    now: datetime
    doctor_id: str
    slot: Slot | None

    @property
    def of_type(self) -> AppointmentType | None:
        """Its type, if it has one."""


@dataclass(slots=True)
class SlotWrite:
    """A write that learns its slot, and the type that the appointment keeps or gets, once it runs."""

    caller: Caller
    now: datetime
    locks: Locks = field(default_factory=Locks, init=False)
    doctor_id: str = field(default="", init=False)
    slot: Slot | None = field(default=None, init=False)
    type: TypeToBook = field(default_factory=lambda: TypeToBook(""), init=False)

    @property
    def of_type(self) -> AppointmentType | None:
        """Its type, if it has one."""
        return self.type.found


class _WithAlternatives:
    """Not a generator: every booking enters it, and a generator takes three times as long."""

    __slots__ = ("_engine", "_write")

    def __init__(self, engine: Engine, write: SlotRequest) -> None:
        self._engine = engine
        self._write = write

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        slot = self._write.slot
        if isinstance(error, ConstraintViolated) and slot is not None and error.constraint in _OVERLAPS:
            refusal = _OVERLAPS[error.constraint](self._write.doctor_id, slot)
        elif isinstance(error, DomainError):
            refusal = error
        else:
            return
        if refusal.reason in {Reason.SLOT_TAKEN, Reason.RESOURCE_TAKEN} and slot is not None:
            refusal.alternatives = await _alternatives(self._engine, self._write, slot)
        if refusal is not error:
            raise refusal from None


def with_alternatives(engine: Engine, write: SlotRequest) -> AbstractAsyncContextManager[None]:
    """Turn a violation of an exclusion constraint, which is the final guard, into its error, and add alternatives."""
    return _WithAlternatives(engine, write)


async def _alternatives(engine: Engine, write: SlotRequest, slot: Slot) -> Alternatives | None:
    async def work(pg: Connection) -> Alternatives | None:
        async with pg.pipeline():
            found = await alternatives_of(pg, write.doctor_id, slot, write.now, write.of_type)
        return found if found is None or found.slots else replace(found, others=await _others(pg, write, slot))

    return await read(engine, work)


async def alternatives_of(
    pg: Connection, doctor_id: str, slot: Slot, now: datetime, of_type: AppointmentType | None
) -> Alternatives | None:
    """The nearest available slots of a doctor, for visits of a type if that is given."""
    first, last = _dates(slot)
    sent = await days.offer(pg, doctor_id, first, last)
    sent_type = await appointment_types.get(pg, of_type.id, days.around(first, last)) if of_type else None
    row, in_use = await sent.fetchone(), type_of(await sent_type.fetchone()) if sent_type else None
    return row and nearest(doctor_of(row), slot, busy_of(row.busy), now, DAYS_OF_ALTERNATIVES, in_use)


async def _others(pg: Connection, write: SlotRequest, slot: Slot) -> Sequence[Alternative]:
    """Slots of other doctors of the specialty whom the caller may book."""
    first, last = _dates(slot)
    row = await (await days.offer(pg, write.doctor_id, first, first)).fetchone()
    if row is None or not row.specialty:
        return ()
    here = await others_at_clinic(pg, write.caller, row, slot, write.now, write.of_type)
    if write.of_type:  # another clinic has other types
        return here
    # Only what is sooner matters.
    until = min((each.slot.date for each in here), default=last)
    rows = await spans.elsewhere(pg, row.clinic_id, row.specialty, first, until, most=MOST_DOCTORS_ELSEWHERE)
    return with_sooner(here, _bookable(write.caller, rows, row), slot, write.now)


async def others_at_clinic(
    pg: Connection, caller: Caller, asked: OfferRow, slot: Slot, now: datetime, of_type: AppointmentType | None
) -> list[Alternative]:
    """The nearest slots of other doctors of the specialty at the clinic, whom the caller may book."""
    first, last = _dates(slot)
    in_use = None
    if of_type:
        in_use = type_of(await (await appointment_types.get(pg, of_type.id, days.around(first, last))).fetchone())
    rows = await days.offers_of_group(pg, asked.clinic_id, asked.specialty, first, last)
    return at_clinic(_bookable(caller, rows, asked), slot, now, in_use)


def _bookable(caller: Caller, rows: Iterable[OfferRow], asked: OfferRow) -> Iterator[OfferOfOther]:
    for row in rows:
        owner = Owner(clinic_id=row.clinic_id, doctor_id=row.doctor_id, patient_id=caller.patient_id)
        if row.doctor_id != asked.doctor_id and may(caller, Action.CREATE_APPOINTMENT, owner):
            named = (row.doctor_id, row.doctor_name, row.specialty, row.clinic_id, row.clinic_name, row.time_zone)
            yield OfferOfOther(OtherDoctor(*named), doctor_of(row), busy_of(row.busy))


def _dates(slot: Slot) -> tuple[date, date]:
    return slot.date - timedelta(days=1), slot.date + timedelta(days=DAYS_OF_ALTERNATIVES)


_OVERLAPS: dict[str, Callable[[str, Slot], DomainError]] = {
    "appointments_no_overlap": slot_taken,
    "appointments_practitioner_no_overlap": slot_taken,
    "appointment_resources_no_overlap": lambda _, slot: resource_taken("", slot.visit),
    "appointments_patient_no_overlap": lambda _, slot: patient_busy(slot),
}
