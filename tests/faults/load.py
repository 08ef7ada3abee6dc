"""Many patients at once, and what they have to say at the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.faults.history import Slot
from tests.faults.patients import Notes, Patient
from tests.fixtures.workers import Fleet

DOCTORS = 3
TIMES = [f"{hour:02}:{minute:02}" for hour in range(9, 15) for minute in (0, 30)]
SERVES_AGAIN_SECONDS = 30.0
IN_A_ROW = 5


@dataclass(slots=True)
class Load:
    """Patients of a clinic of their own."""

    fleet: Fleet
    clinic_id: str
    doctor_ids: Sequence[str]
    date: str
    notes: Notes = field(default_factory=Notes)

    async def serves_again(self) -> None:
        """Return when writes are acknowledged again."""
        begin, known = time.monotonic(), len(self.notes.written_at)
        while len(self.notes.written_at) < known + IN_A_ROW:
            assert time.monotonic() - begin < SERVES_AGAIN_SECONDS, self.notes.codes
            await asyncio.sleep(0.05)

    async def book(self) -> dict[str, tuple[Slot, str]]:
        """What the book holds: slot and status by appointment."""
        rows = await self.fleet.book.rows(
            "SELECT a.id, a.doctor_id, a.date::text, to_char(a.start_at AT TIME ZONE c.time_zone, 'HH24:MI'), a.status"
            " FROM appointments a JOIN clinics c ON c.id = a.clinic_id WHERE a.clinic_id = %s",
            self.clinic_id,
        )
        return {str(row[0]): (Slot(*map(str, row[1:4])), str(row[4])) for row in rows}

    async def contradictions(self, *, losses: bool = False) -> list[str]:
        """What cannot be true of one book, and answers that nobody should get."""
        return [*self.notes.failures, *self.notes.history.contradictions(await self.book(), losses=losses)]

    def summary(self) -> str:
        """What happened, in one line."""
        history = self.notes.history
        outcomes = [*(each.outcome for each in history.bookings), *(each.outcome for each in history.cancellings)]
        refusals = ", ".join(f"{name} {count}" for name, count in sorted(self.notes.codes.items()))
        return (
            f"{len(self.notes.written_at)} writes acknowledged, {len(history.listings)} reads,"
            f" {outcomes.count('unknown')} outcomes unknown,"
            f" {self.notes.seconds_without_writes():.1f} s without writes;"
            f" refusals: {refusals or 'none'}"
        )


@asynccontextmanager
async def load(fleet: Fleet, *, patients: int = 8, days_ahead: int = 5) -> AsyncIterator[Load]:
    """Patients who live until the end of the block, and then finish what they are at."""
    book = fleet.book
    clinic_id = await book.clinic(max_per_patient_day=1_000)
    doctor_ids = [await book.doctor(clinic_id, [(TIMES[0], "15:00")]) for _ in range(DOCTORS)]
    day = (datetime.now(UTC) + timedelta(days=days_ahead)).date().isoformat()
    running = Load(fleet, clinic_id, doctor_ids, day)
    slots = [Slot(doctor_id, day, time_slot) for doctor_id in doctor_ids for time_slot in TIMES]
    stop = asyncio.Event()
    people = []
    for _ in range(patients):
        patient_id = await book.patient()
        clients = await fleet.clients("patient", patient_id=patient_id)
        people.append(Patient(patient_id, clients, slots, running.notes))
    lives = [asyncio.create_task(each.live(stop)) for each in people]
    try:
        yield running
    finally:
        stop.set()
        await asyncio.gather(*lives)
