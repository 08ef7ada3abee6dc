"""Holds alternatives for patients who are offered a move, and queues the notice that tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

from db.postgres.booking import alternatives, days, move_offers
from db.postgres.booking.alternatives import HeldRow
from db.postgres.booking.appointments import AppointmentRow
from db.postgres.booking.feed import AppointmentChange
from db.postgres.booking.move_offers import MoveOfferRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from server.domain.booking.appointment import AppointmentStatus
from server.domain.booking.availability import Wanted
from server.domain.booking.move_offers import MoveOfferStatus, lasts_until
from server.domain.booking.slots import Slot
from server.domain.errors import DomainError, Reason
from server.domain.identity import ALL_CLINICS, Caller, Role
from server.domain.ids import Clock
from server.usecases.appointments import history
from server.usecases.appointments.alternatives import alternatives_of, others_at_clinic
from server.usecases.appointments.book import Booker, NewBooking
from server.usecases.appointments.booked import Booked
from server.usecases.appointments.changeable import Changeable, ChangeableQuery
from server.usecases.appointments.day_locks import lock_day_of
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.idempotency import Write
from server.usecases.unit_of_work import database_failures_as_domain_errors, read

ACTOR = "move-offer"
"""Who holds alternatives and offers a move, in the history of appointments."""
_LEASE = timedelta(seconds=60)
"""How long one worker may look for alternatives before another one tries."""
_FAILURES = {Reason.TRANSACTION_CONFLICT, Reason.OVERLOADED, Reason.DEADLINE_PASSED, Reason.DATABASE_UNAVAILABLE}
"""Errors that say nothing of a time: the offer is made once its lease has ended."""


@dataclass(frozen=True, slots=True)
class _Choice:
    doctor_id: str
    start_at: datetime


class OfferMaker:
    """Makes the offers that wait to be made; any number of workers may do it at once.

    What is held is found again by the offer, so a worker that takes over from one that died makes nothing twice.
    """

    def __init__(self, engine: Engine, clock: Clock, booker: Booker) -> None:
        self._engine = engine
        self._clock = clock
        self._booker = booker

    async def make(self) -> bool:
        """Make the next offer; False if none waits."""
        now = self._clock()
        with database_failures_as_domain_errors():
            offer = await transact(self._engine, lambda pg: move_offers.take(pg, now, _LEASE))
        if offer is None:
            return False
        found = await read(self._engine, lambda pg: self._appointment(pg, offer))
        until = lasts_until(offer.start_at, now)
        row = found.row
        if row.status != AppointmentStatus.SCHEDULED or row.start_at != offer.start_at or until <= now:
            await self._end(offer, MoveOfferStatus.WITHDRAWN)
        elif held_until := await self._hold(offer, found, until):
            await self._open(offer, min(held_until))
        else:
            await self._end(offer, MoveOfferStatus.NONE_FREE)
        return True

    async def _appointment(self, pg: Connection, offer: MoveOfferRow) -> Changeable:
        return await (await ChangeableQuery.send(pg, offer.appointment_id, days.NOTHING_BUSY)).fetch(self._caller())

    async def _hold(self, offer: MoveOfferRow, found: Changeable, until: datetime) -> list[datetime]:
        """Hold alternatives, with those that are held already; until when each is held.

        Another worker may do the same, once the lease of this one has ended: both together hold no more than one would.
        """
        for choice in await read(self._engine, lambda pg: self._choices(pg, offer, found, until)):
            try:
                await self._booker.create(self._caller(), _booking(offer, found.row, choice, until), _ONCE)
            except DomainError as refusal:
                if refusal.reason in _FAILURES:
                    raise
                if refusal.reason is Reason.TOO_MANY_HOLDS:
                    break
                # Somebody was faster, or the patient is elsewhere at that time.
        return [each.held_until for each in await read(self._engine, lambda pg: self._held(pg, offer))]

    async def _held(self, pg: Connection, offer: MoveOfferRow) -> Sequence[HeldRow]:
        return await alternatives.held(pg, offer.id, self._clock())

    async def _choices(
        self, pg: Connection, offer: MoveOfferRow, found: Changeable, until: datetime
    ) -> Sequence[_Choice]:
        """Free slots that begin after the offer has ended, in turn of the doctor and of others at the clinic.

        Those of the doctor are near the appointment or after the doctor is back, the nearest first.
        """
        row, slot, now = found.row, found.slot, self._clock()
        wanted = TypeToBook(row.type_id or "")
        await wanted.read(pg)
        own: list[Slot] = []
        for near in (slot, *_later(slot, offer.back_at)):
            around = await alternatives_of(pg, row.doctor_id, near, now, wanted.found)
            own += around.slots if around else ()
        own.sort(key=lambda each: abs(each.start_at - row.start_at))
        asked = found.practitioner.row(row.doctor_id)
        others = await others_at_clinic(pg, self._caller(), asked, slot, now, wanted.found)
        others.sort(key=lambda each: abs(each.slot.start_at - row.start_at))
        of_doctor = [_Choice(row.doctor_id, each.start_at) for each in own]
        of_others = [_Choice(each.other.id, each.slot.start_at) for each in others]
        in_turn = (each for pair in zip_longest(of_doctor, of_others) for each in pair)
        return [each for each in in_turn if each and each.start_at > until]

    async def _open(self, offer: MoveOfferRow, until: datetime) -> None:
        """Let the patient answer, and queue the notice; if the appointment has changed meanwhile, nothing happens."""
        now = self._clock()

        async def work(pg: Connection) -> None:
            await lock_day_of(pg, offer.appointment_id)
            if await move_offers.make_open(pg, offer.id, until, now):
                await history.record_changes(pg, [AppointmentChange(offer.appointment_id, "move_offered", ACTOR)], now)

        with database_failures_as_domain_errors():
            await transact(self._engine, work)

    async def _end(self, offer: MoveOfferRow, status: MoveOfferStatus) -> None:
        now = self._clock()
        with database_failures_as_domain_errors():
            await transact(self._engine, lambda pg: move_offers.give_up(pg, offer.id, status, now))

    def _caller(self) -> Caller:
        return Caller(ACTOR, frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, self._clock())


def _later(slot: Slot, back_at: datetime | None) -> list[Slot]:
    """The time at which the doctor is back, to look around it as well."""
    if back_at is None or back_at <= slot.start_at:
        return []
    return [slot._replace(date=slot.date + (back_at.date() - slot.start_at.date()), start_at=back_at)]


def _booking(offer: MoveOfferRow, row: AppointmentRow, choice: _Choice, until: datetime) -> NewBooking:
    wanted = Wanted(None, "", choice.start_at)
    held = (alternatives.held_by(offer.id), until)
    return NewBooking(
        row.patient_id, choice.doctor_id, wanted, row.reason, "", row.type_id or "", hold=True, offer=held
    )


def _nothing(_: Booked | None) -> None:
    """The answer is not needed."""


_ONCE: Write[Booked, None] = Write("", "", b"", render=_nothing, dump=lambda _: b"", load=lambda _: None)
