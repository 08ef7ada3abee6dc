"""How far a visit has come: check-in, start, end, no-show, and the step back from each."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from db.errors import ConstraintViolated
from db.postgres.booking import appointments, booked_patients, days, resources
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.appointment import (
    ACTIVE,
    AppointmentStatus,
    check_self_check_in,
    check_step,
    check_still,
    check_time_of_step,
    status_before,
)
from server.domain.booking.seating import Place, Seat, ran_out, seat_again
from server.domain.errors import DomainError, Reason
from server.domain.etags import check_etag
from server.domain.identity import Caller, Role
from server.domain.ids import Clock, IdMaker
from server.domain.reasons import check_reason
from server.domain.rights import Action, acts_for_others
from server.usecases.appointments import history
from server.usecases.appointments.changeable import Changeable, ChangeableQuery, Changed, owner_of
from server.usecases.appointments.day_locks import Locks
from server.usecases.appointments.holds import expiry
from server.usecases.idempotency import Claim, Write
from server.usecases.queue import issuing
from server.usecases.schedules.doctor_mapping import busy_at, visits_of
from server.usecases.unit_of_work import Announce, perform

M = TypeVar("M")

_EVENTS = {
    AppointmentStatus.CHECKED_IN: "checked_in",
    AppointmentStatus.IN_PROGRESS: "started",
    AppointmentStatus.COMPLETED: "completed",
    AppointmentStatus.NO_SHOW: "missed",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an appointment to another status, or back by one, which takes a reason; an empty `etag` matches all."""

    appointment_id: str
    to: AppointmentStatus | None
    """None for the step back."""
    etag: str
    reason: str = ""
    action: Action = Action.CHANGE_STATUS
    only_from: AppointmentStatus | None = None
    """If it is given, the step is refused from any other status."""


class StatusChanger:
    """Takes appointments from one status to the next."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._announce = announce

    async def change(self, caller: Caller, step: Step, write: Write[Changed, M]) -> M:
        """Take a step; errors are those of CheckInAppointment and RevertStatus in the contract."""
        if step.to is None:
            check_reason("reason", step.reason)
        attempt = _StepWrite(caller, self._clock(), step, self._new_id)
        async with _refusals():
            return await perform(
                self._engine, write, attempt.run, attempt.now, lambda changed: self._announce(changed.changes)
            )


@dataclass(slots=True)
class _StepWrite:
    caller: Caller
    now: datetime
    step: Step
    new_id: IdMaker
    locks: Locks = field(default_factory=Locks)

    async def run(self, pg: Connection, claim: Claim) -> Changed:
        seen = await self._look(pg, claim)
        found, seat = await self._lock_and_read(pg, claim, seen)
        following = self._check(found)
        await self._check_window(pg, found)
        expired = await self._make_way(pg, found) if _counts_again(found, following) else []
        return await self._write(pg, found, following, self._seat(found, seat, following), expired)

    async def _look(self, pg: Connection, claim: Claim) -> Changeable:
        reading = await ChangeableQuery.send(pg, self.step.appointment_id, days.NOTHING_BUSY)
        await claim.wait_or_answer()
        return await reading.fetch(self.caller, self.step.action)

    async def _lock_and_read(self, pg: Connection, claim: Claim, seen: Changeable) -> tuple[Changeable, int]:
        """Lock the days where the appointment was seen and read it again; it may have moved since (MoreDays)."""
        row = seen.row
        await self.locks.send(pg, seen.days(), row.patient_id, self.now)
        reading = await ChangeableQuery.send(pg, row.id, days.period(row.start_at, row.busy_until))
        sent_seat = await appointments.seat_of(pg, row.id)
        await self.locks.take(claim)
        found = await reading.fetch(self.caller, self.step.action)
        self.locks.cover(found.days())
        seat = await sent_seat.fetchone()
        return found, seat[0] if seat else 1

    def _check(self, found: Changeable) -> AppointmentStatus:
        """The status that follows (ETAG_MISMATCH, STATUS_FORBIDS, TOO_EARLY)."""
        check_etag(found.row.version, self.step.etag)
        current = AppointmentStatus(found.row.status)
        if self.step.only_from is not None:
            check_still(current, self.step.only_from)
        if self.step.to is None:
            return status_before(current)
        check_step(current, self.step.to)
        check_time_of_step(self.step.to, found.row.start_at, self.now)
        return self.step.to

    async def _check_window(self, pg: Connection, found: Changeable) -> None:
        """Patients check in around the start, also at a kiosk (TOO_EARLY, TOO_LATE_TO_CHANGE); desks at any time."""
        row = found.row
        alone = self.caller.roles == {Role.KIOSK}
        if not alone and acts_for_others(self.caller, self.step.action, owner_of(row)):
            return
        rules = issuing.rules_of(await issuing.place_of(pg, row.doctor_id, self.now))
        check_self_check_in(row.start_at, row.end_at, timedelta(minutes=rules.check_in_minutes), self.now)

    async def _make_way(self, pg: Connection, found: Changeable) -> list[AppointmentChange]:
        """Expire the holds that have run out and stand in the way of a visit that counts again (MoreDays)."""
        row, slot = found.row, found.slot
        visits = visits_of(await (await booked_patients.of_patient_around(pg, row.patient_id, row.date)).fetchall())
        busy = busy_at(found.practitioner.row(row.doctor_id).busy, slot)
        place = Place(found.practitioner.doctor(row.doctor_id), slot, busy, visits, row.id)
        if row.type_id:
            await resources.leave_lapsed(pg, row.id, self.now)
        return await expiry.expire(pg, place, self.locks, self.now)

    def _seat(self, found: Changeable, seat: int, following: AppointmentStatus) -> Seat:
        """Its seat: the one it has, unless it counts again only now and somebody else sits there."""
        if not _counts_again(found, following):
            return Seat(seat, is_extra=False)
        row = found.row
        busy = busy_at(found.practitioner.row(row.doctor_id).busy, found.slot)
        return seat_again(
            seat, [each.seat for each in busy if each.doctor_id == row.doctor_id and not ran_out(each, self.now)]
        )

    async def _write(
        self,
        pg: Connection,
        found: Changeable,
        following: AppointmentStatus,
        seat: Seat,
        expired: Sequence[AppointmentChange],
    ) -> Changed:
        row = found.row
        await appointments.step(pg, row.id, following, seat.number, self.now)
        ticket = await issuing.follow(pg, self.new_id, row, following, self.caller.id, self.now)
        event = _EVENTS[following] if self.step.to else "reverted"
        note = ", ".join(filter(None, ("extra seat" if seat.is_extra else "", self.step.reason)))
        change = history.change_by(self.caller, row.patient_id, row.id, event, note)
        await history.record_changes(pg, [*expired, change], self.now)
        row = row._replace(status=following, version=row.version + 1, updated_at=self.now)
        return Changed(row, self.locks.rows(), ticket)


def _counts_again(found: Changeable, following: AppointmentStatus) -> bool:
    return AppointmentStatus(found.row.status) not in ACTIVE and following in ACTIVE


@asynccontextmanager
async def _refusals() -> AsyncIterator[None]:
    """Turn an overlap of an appointment that counts again into PATIENT_BUSY or SLOT_TAKEN."""
    try:
        yield
    except ConstraintViolated as violated:
        if violated.constraint == "appointments_patient_no_overlap":
            raise DomainError(
                Reason.PATIENT_BUSY,
                "the patient has another appointment at that time by now: cancel or move one of the two first",
            ) from None
        if violated.constraint == "appointment_resources_no_overlap":
            raise DomainError(
                Reason.RESOURCE_TAKEN,
                "a room or device of the visit belongs to another one by now: book the visit again",
            ) from None
        if violated.constraint == "appointments_practitioner_no_overlap":
            raise DomainError(
                Reason.SLOT_TAKEN,
                "the doctor is booked at another clinic at that time by now: book another slot",
            ) from None
        raise
