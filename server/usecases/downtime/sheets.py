"""What is on a downtime sheet: a doctor's day, read from a replica where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from db.postgres import downtime
from db.postgres.booking import days
from db.postgres.booking.days import OfferRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness, for_nobody
from db.postgres.downtime import SheetClinicRow, SheetVisitRow
from db.postgres.queue import tickets
from db.postgres.queue.tickets import TicketRow
from server.domain.booking.availability import SlotState, day_of
from server.domain.ids import Clock
from server.domain.queue.line import TicketStatus
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.unit_of_work import read


@dataclass(frozen=True, slots=True)
class SheetLine:
    """An appointment with the label of its ticket, if it has one; or, without a visit, a slot that nobody has taken."""

    start_at: datetime
    end_at: datetime
    visit: SheetVisitRow | None = None
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A doctor's day as it was at an instant."""

    doctor_id: str
    doctor_name: str
    specialty: str
    as_of: datetime
    lines: Sequence[SheetLine]
    waiting: Sequence[str]
    """The tickets of who waits, the next one first."""


class Sheets:
    """Reads downtime sheets, a doctor at a time."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def clinics(self) -> Sequence[SheetClinicRow]:
        """All clinics, by name (errors of the database)."""
        with for_nobody():
            return await read(self._engine, downtime.clinics, Freshness.OWN_WRITES)

    async def doctor_ids(self, clinic_id: str) -> Sequence[str]:
        """The doctors of a clinic, by name (errors of the database)."""
        with for_nobody():
            return await read(self._engine, lambda pg: downtime.doctor_ids(pg, clinic_id), Freshness.OWN_WRITES)

    async def sheet(self, doctor_id: str, day: date) -> Sheet | None:
        """A doctor's day; None if there is nothing on it (errors of the database)."""
        now = self._clock()

        async def work(pg: Connection) -> tuple[list[OfferRow], list[SheetVisitRow], list[TicketRow]]:
            offers = await (await days.offer(pg, doctor_id, day, day)).fetchall()
            return offers, await downtime.visits(pg, doctor_id, day), await tickets.in_lanes(pg, [doctor_id], day)

        with for_nobody() as reading:
            offers, visits, line = await read(self._engine, work, Freshness.OWN_WRITES)
        if not offers:
            return None
        [offer] = offers
        labels = {each.appointment_id: f"{each.letter}{each.number}" for each in line}
        lines = [SheetLine(each.start_at, each.end_at, each, labels.get(each.appointment_id, "")) for each in visits]
        lines += _untaken(offer, day, now)
        if not lines:
            return None
        return Sheet(
            doctor_id,
            offer.doctor_name,
            offer.specialty,
            now - timedelta(seconds=reading.staleness or 0),
            sorted(lines, key=lambda each: each.start_at),
            [f"{each.letter}{each.number}" for each in line if each.status == TicketStatus.WAITING],
        )


def _untaken(offer: OfferRow, day: date, now: datetime) -> list[SheetLine]:
    """The slots that are not over and that nobody has taken, also those that patients cannot book any more."""
    slots = day_of(doctor_of(offer), day, busy_of(offer.busy), now).all
    untaken = {SlotState.FREE, SlotState.PAST}
    return [SheetLine(slot.start_at, slot.end_at) for slot, state, _ in slots if state in untaken and slot.end_at > now]
