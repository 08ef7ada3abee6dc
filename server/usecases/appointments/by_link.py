"""What patients do by the link of a message, without an account: see, confirm, move and cancel it, and check in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol, TypeVar

from db.postgres.booking import alternatives, appointments, linked, move_offers
from db.postgres.booking.alternatives import HeldRow
from db.postgres.booking.feed import AppointmentChange
from db.postgres.booking.linked import LinkedRow
from db.postgres.booking.move_offers import MoveOfferRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.queue import tickets
from db.postgres.queue.tickets import TicketRow
from server.domain.booking.appointment import AppointmentStatus, check_still
from server.domain.booking.availability import Wanted
from server.domain.booking.move_offers import MoveOfferStatus, offer_ended, time_lost
from server.domain.errors import DomainError, Reason
from server.domain.identity import ALL_CLINICS, Caller, Role
from server.domain.ids import Clock
from server.domain.rights import Action
from server.usecases.appointments import history
from server.usecases.appointments.cancel import Cancellation, Canceller
from server.usecases.appointments.changeable import Changed
from server.usecases.appointments.day_locks import lock_day_of
from server.usecases.appointments.reschedule import Move, Rescheduler
from server.usecases.appointments.status import StatusChanger, Step
from server.usecases.idempotency import Write
from server.usecases.links import AppointmentLinks, appointment_of, link_invalid
from server.usecases.queue import issuing
from server.usecases.unit_of_work import database_failures_as_domain_errors, read

M = TypeVar("M")

ACTOR = "link"
"""Who acts, in histories: somebody with the link of a message to the patient."""
ANYBODY = Caller(ACTOR, frozenset({Role.PATIENT}), frozenset(), None, None, datetime.max.replace(tzinfo=UTC))
"""Whoever comes with a link that is yet to be checked."""


@dataclass(frozen=True, slots=True)
class Linked:
    """An appointment as its link shows it."""

    row: LinkedRow
    check_in_opens_at: datetime
    ticket: TicketRow | None
    offer: MoveOfferRow | None
    """The offer to move it, while the patient may answer."""
    held: Sequence[HeldRow] = ()
    """What is held for the offer, by start."""


class SlotLister(Protocol):
    """Lists the free slots of a doctor on a day, as the bytes of a ListAvailableSlotsResponse."""

    async def list_slots(self, caller: Caller, doctor_id: str, day: date, min_revision: int) -> bytes:
        """The slots of the grid."""

    async def list_visits(self, caller: Caller, doctor_id: str, day: date, type_id: str, min_revision: int) -> bytes:
        """The visits of a type that could be booked."""


class LinkAnswers:
    """Answers those who come by a link."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        links: AppointmentLinks,
        canceller: Canceller,
        rescheduler: Rescheduler,
        status: StatusChanger,
        slots: SlotLister,
    ) -> None:
        self._rescheduler = rescheduler
        self._slots = slots
        self._engine = engine
        self._clock = clock
        self._links = links
        self._canceller = canceller
        self._status = status

    async def get(self, token: str) -> Linked:
        """The appointment of a link (LINK_INVALID)."""
        now = self._clock()

        async def work(pg: Connection) -> Linked:
            row = await self._linked(pg, token, now)
            rules = issuing.rules_of(await issuing.place_of(pg, row.doctor_id, now))
            opens_at = row.start_at - timedelta(minutes=rules.check_in_minutes)
            offer = await move_offers.open_of(pg, row.id, now)
            held = await alternatives.held(pg, offer.id, now) if offer else ()
            return Linked(row, opens_at, await tickets.of_appointment(pg, row.id), offer, held)

        return await read(self._engine, work)

    async def confirm(self, token: str) -> Linked:
        """Record that the patient will come; errors are those of ConfirmAppointmentByLink in the contract."""
        now = self._clock()

        async def work(pg: Connection) -> None:
            row = await self._linked(pg, token, now)
            check_still(AppointmentStatus(row.status), AppointmentStatus.SCHEDULED)
            if now >= row.start_at:
                raise DomainError(Reason.TOO_LATE_TO_CHANGE, "the appointment has begun: call the clinic")
            await lock_day_of(pg, row.id)
            if await appointments.confirm(pg, row.id, row.start_at, now):
                change = AppointmentChange(row.id, "attendance_confirmed", ACTOR)
                await history.record_changes(pg, [change], now)

        with database_failures_as_domain_errors():
            # What is confirmed already stays as it is.
            await transact(self._engine, work, replayable=True)
        return await self.get(token)

    async def cancel(self, token: str, write: Write[Changed, M]) -> M:
        """Cancel the appointment; errors are those of CancelAppointmentByLink in the contract."""
        row = await self._read(token)
        # Whom the clinic asks to move may cancel for as long as the offer lasts.
        asked = await read(self._engine, lambda pg: move_offers.open_of(pg, row.id, self._clock()))
        caller = self._clinic() if asked else self._patient(row)
        return await self._canceller.cancel(caller, Cancellation(row.id, "", ""), write)

    async def check_in(self, token: str, write: Write[Changed, M]) -> M:
        """Check the patient in; errors are those of CheckInByLink in the contract."""
        row = await self._read(token)
        step = Step(row.id, AppointmentStatus.CHECKED_IN, "", action=Action.CHECK_IN)
        return await self._status.change(self._patient(row), step, write)

    async def slots(self, token: str, day: date) -> bytes:
        """Free slots of the appointment's doctor, as the bytes of a ListAvailableSlotsResponse (LINK_INVALID)."""
        row = await self._read(token)
        if row.type_id:
            return await self._slots.list_visits(self._patient(row), row.doctor_id, day, row.type_id, 0)
        return await self._slots.list_slots(self._patient(row), row.doctor_id, day, 0)

    async def reschedule(self, token: str, start_at: datetime, write: Write[Changed, M]) -> M:
        """Move the appointment; errors are those of RescheduleByLink in the contract."""
        row = await self._read(token)
        move = Move(row.id, "", Wanted(None, "", start_at), "")
        return await self._rescheduler.reschedule(self._patient(row), move, write)

    async def accept_move(self, token: str, start_at: datetime, write: Write[Changed, M]) -> M:
        """Move the appointment to an alternative that is held; errors are those of AnswerMoveByLink in the contract."""
        linked = await self.get(token)
        chosen = [each for each in linked.held if each.start_at == start_at]
        offer = linked.offer
        if not offer or not chosen:
            raise offer_ended()

        async def find_offer(_: Connection) -> str:
            return offer.id  # the rescheduler checks under its locks that it may still be answered

        move = Move(linked.row.id, chosen[0].doctor_id, Wanted(None, "", start_at), "", find_offer=find_offer)
        try:
            return await self._rescheduler.reschedule(self._clinic(), move, write)
        except DomainError as refusal:
            if refusal.reason is Reason.SLOT_NOT_OFFERED:  # the doctor is away then since a moment ago
                raise time_lost() from None
            raise

    async def decline_move(self, token: str) -> None:
        """Keep the appointment; errors are those of AnswerMoveByLink in the contract."""
        linked, now = await self.get(token), self._clock()

        async def work(pg: Connection) -> None:
            if not linked.offer or not await move_offers.answer(pg, linked.offer.id, MoveOfferStatus.KEPT, now):
                if await move_offers.is_kept(pg, linked.row.id):
                    return  # declined before
                raise offer_ended()
            await history.record_changes(pg, [AppointmentChange(linked.row.id, "move_declined", ACTOR)], now)

        with database_failures_as_domain_errors():
            await transact(self._engine, work)

    async def _read(self, token: str) -> LinkedRow:
        return await read(self._engine, lambda pg: self._linked(pg, token, self._clock()))

    async def _linked(self, pg: Connection, token: str, now: datetime) -> LinkedRow:
        row = await linked.get(pg, appointment_of(token))
        if (
            row is None
            or now >= row.end_at
            or not self._links.fits(token, row.id, row.start_at, (row.email, row.phone))
        ):
            raise link_invalid()
        return row

    def _patient(self, row: LinkedRow) -> Caller:
        """Somebody with the rights of the patient."""
        return replace(ANYBODY, patient_id=row.patient_id, expires_at=self._clock())

    def _clinic(self) -> Caller:
        """The clinic, which has offered what the patient accepts."""
        return Caller(ACTOR, frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, self._clock())
