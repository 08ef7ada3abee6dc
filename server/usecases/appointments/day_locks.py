"""The locks of a write that books, moves or frees a slot.

Their order is the same everywhere, so that no two writes wait for each other:

1. in an import, the advisory lock that lets one import write at a time (`imports.lock`);
2. the claim of the request;
3. the days of doctors, sorted by (doctor_id, date);
4. the patient;
5. in an import, the appointments that it changes, sorted (`imports.lock_visits`);
6. the practitioner: exclusive for a new name, for opening and closing doctors, and shared by adding one;
7. the doctor: shared by bookings beyond the horizon (`hours.keep`), exclusive for new working hours
   and for a change of the clinic that shows in its doctors;
8. the resources of the kinds that a type of appointment needs, sorted (`resources.lock_kinds`);
9. for a hold, the account (`held.count_of`);
10. the offer to move the appointment (`move_offers`), then the appointment;
11. the day of the doctor's lane (`queue.issuing`);
12. with `history.record_changes`, the feeds of clinics and, by their foreign keys, the clinics, which a change of one
    locks exclusively.

Two patients want the same slot, and two workers send their bookings at the same moment:

    first    raises the day to revision 8     reads: free    inserts    COMMIT
    second   raises the day ...waits................................... to 9    reads: taken    SLOT_TAKEN

The read must be a separate statement, sent after the one that locks. A statement sees only what was committed before it
began, and the second worker's locking statement began before the first worker's COMMIT.
"""

from collections.abc import Sequence
from datetime import date, datetime

from db.errors import Conflict
from db.postgres.booking import booked_patients, days, hours
from db.postgres.booking.days import DayRow, OfferRow
from db.postgres.cluster.engines import Connection
from server.domain.booking.doctor import Doctor, DoctorDay, days_touched
from server.domain.booking.slots import Period
from server.domain.errors import DomainError, Reason, not_found
from server.usecases.idempotency import Claim
from server.usecases.schedules.doctor_mapping import doctor_of


class MoreDays(Conflict):
    """Too few days are locked: the transaction is rolled back and retried with the larger set."""


async def lock_day_of(pg: Connection, appointment_id: str) -> None:
    """Lock the day of an appointment, for a write that raises its version and changes nothing that readers of days see.

    Whoever moves it at the same moment answers with the version that follows the one read under this lock. Raises
    Conflict if the appointment moves to another day while this waits, so that the transaction begins again.
    """
    if not await hours.lock_day_of(pg, appointment_id):
        raise Conflict("the appointment has moved to another day")


class PractitionerSchedule:
    """One practitioner: the practitioner's doctors, one per clinic, and what occupies the practitioner around a day."""

    def __init__(self, rows: Sequence[OfferRow]) -> None:
        self._rows = {row.doctor_id: row for row in rows}
        self.doctors = {row.doctor_id: doctor_of(row) for row in rows}

    def outlined(self) -> "PractitionerSchedule":
        """The same without what occupies the practitioner: small enough to be remembered."""
        return PractitionerSchedule([row._replace(busy=()) for row in self._rows.values()])

    def row(self, doctor_id: str) -> OfferRow:
        """The offer of one of the doctors (DOCTOR_NOT_FOUND)."""
        if doctor_id not in self._rows:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
        return self._rows[doctor_id]

    def doctor(self, doctor_id: str) -> Doctor:
        """One of the doctors (DOCTOR_NOT_FOUND)."""
        return self.doctors[self.row(doctor_id).doctor_id]

    def days(self, doctor_id: str, day: date, period: Period) -> set[DoctorDay]:
        """The days whose slots change when the practitioner becomes busy or free in a period."""
        return {(doctor_id, day)} | days_touched(self.doctors.values(), period)


class Locks:
    """The locks of a write on days and a patient, over all attempts of its transaction."""

    def __init__(self) -> None:
        self._learned: set[DoctorDay] = set()
        """More days that an earlier attempt turned out to need."""
        self._needed: set[DoctorDay] = set()
        self.revisions: dict[DoctorDay, int] = {}
        self.patient_name = ""
        self._is_bookable = True

    @property
    def were_too_few(self) -> bool:
        """Whether an earlier attempt had locked too few days."""
        return bool(self._learned)

    async def send(self, pg: Connection, needed: set[DoctorDay], patient_id: str, now: datetime) -> None:
        """Send the statements that lock; locking a day also raises its revision.

        Only what is read by statements sent after this stays true until the transaction ends.
        """
        self._needed = needed | self._learned
        self._patient_id = patient_id
        self._sent_days = await days.raise_revisions(pg, self._needed, now)
        self._sent_patient = await booked_patients.lock_patient(pg, patient_id)

    async def take(self, claim: Claim | None = None) -> None:
        """Wait for the locks, after the claim of the request if there is one (PATIENT_NOT_FOUND)."""
        if claim:
            await claim.wait_or_answer()
        self.revisions = {(row.doctor_id, row.date): row.revision for row in await self._sent_days.fetchall()}
        patient = await self._sent_patient.fetchone()
        if patient is None:
            raise not_found(Reason.PATIENT_NOT_FOUND, "patient", self._patient_id)
        self.patient_name, self._is_bookable = patient

    def check_patient_bookable(self) -> None:
        """Refuse to book the patient if there is no such person any more (PATIENT_INACTIVE)."""
        if not self._is_bookable:
            raise DomainError(
                Reason.PATIENT_INACTIVE,
                "the patient is deceased, inactive or was merged into another entry: look the patient up to see which,"
                " then book that other entry, or set the patient active again",
                metadata={"patient_id": self._patient_id},
            )

    def cover(self, needed: set[DoctorDay]) -> None:
        """Check that these days are locked (MoreDays)."""
        if not needed <= self._needed:
            raise self.too_few(needed)

    def too_few(self, needed: set[DoctorDay]) -> MoreDays:
        """The exception to raise so that the next attempt locks these days as well."""
        self._learned |= needed
        return MoreDays("other days are to be locked than was expected")

    def rows(self) -> list[DayRow]:
        """The new revisions, by doctor and date."""
        return [DayRow(doctor_id, day, revision) for (doctor_id, day), revision in sorted(self.revisions.items())]
