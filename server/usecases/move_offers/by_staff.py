"""What staff do with an offer to move: send it again, withdraw it, accept one of its times for the patient."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.postgres.booking import alternatives, appointments, move_offers
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.move_offers import MoveOfferRow
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.availability import Wanted
from server.domain.booking.move_offers import MoveOfferStatus, check_tell_again, not_among_its_times, offer_ended
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, require
from server.usecases.appointments import history
from server.usecases.appointments.changeable import Changed, owner_of, visible
from server.usecases.appointments.day_locks import lock_day_of
from server.usecases.appointments.reschedule import Move, Rescheduler
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import perform

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class AcceptedTime:
    """Which of the times that are held for an appointment its patient accepts."""

    appointment_id: str
    doctor_id: str
    start_at: datetime


class OffersByStaff:
    """Changes offers for staff, who speak to the patient."""

    def __init__(self, engine: Engine, clock: Clock, rescheduler: Rescheduler) -> None:
        self._engine = engine
        self._clock = clock
        self._rescheduler = rescheduler

    async def resend(self, caller: Caller, appointment_id: str, write: Write[AppointmentRow, M]) -> M:
        """Send the message again; errors are those of ResendMoveOffer in the contract."""
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> AppointmentRow:
            row, offer = await _claimed(pg, claim, caller, appointment_id, now)
            check_tell_again(MoveOfferStatus(offer.status), offer.updated_at, now)
            if not await move_offers.tell_again(pg, offer.id, now):
                raise offer_ended()
            await history.record_changes(pg, [history.change_by(caller, row.patient_id, row.id, "move_offered")], now)
            return await _changeable(pg, caller, appointment_id)

        return await perform(self._engine, write, work, now)

    async def withdraw(self, caller: Caller, appointment_id: str, write: Write[AppointmentRow, M]) -> M:
        """End the offer; errors are those of WithdrawMoveOffer in the contract."""
        now = self._clock()

        async def work(pg: Connection, claim: Claim) -> AppointmentRow:
            row, offer = await _claimed(pg, claim, caller, appointment_id, now)
            await move_offers.withdraw(pg, offer.id, now)
            await history.record_changes(pg, [history.change_by(caller, row.patient_id, row.id, "move_declined")], now)
            return row

        return await perform(self._engine, write, work, now)

    async def accept(self, caller: Caller, time: AcceptedTime, write: Write[Changed, M]) -> M:
        """Move the appointment to a time that is held for it; errors are those of AcceptMoveOffer in the contract."""
        now = self._clock()

        async def find_offer(pg: Connection) -> str:
            await _changeable(pg, caller, time.appointment_id)
            offer = await move_offers.open_of(pg, time.appointment_id, now)
            if offer is None:
                raise offer_ended()
            held = await alternatives.held(pg, offer.id, now)
            if (time.doctor_id, time.start_at) not in {(each.doctor_id, each.start_at) for each in held}:
                raise not_among_its_times()
            return offer.id

        wanted = Wanted(None, "", time.start_at)
        move = Move(time.appointment_id, time.doctor_id, wanted, "", find_offer=find_offer)
        return await self._rescheduler.reschedule(caller, move, write)


async def _claimed(
    pg: Connection, claim: Claim, caller: Caller, appointment_id: str, now: datetime
) -> tuple[AppointmentRow, MoveOfferRow]:
    """An appointment, and the offer to move it, both locked (APPOINTMENT_NOT_FOUND, NOT_ALLOWED, OFFER_ENDED)."""
    await claim.wait_or_answer()
    await _changeable(pg, caller, appointment_id)
    await lock_day_of(pg, appointment_id)
    row = await _changeable(pg, caller, appointment_id)
    offer = await move_offers.live_of(pg, appointment_id, now)
    if offer is None:
        raise offer_ended()
    return row, offer


async def _changeable(pg: Connection, caller: Caller, appointment_id: str) -> AppointmentRow:
    row = visible(caller, await (await appointments.get(pg, appointment_id)).fetchone(), appointment_id)
    require(caller, Action.CHANGE_MOVE_OFFER, owner_of(row))
    return row
