"""The type of appointment that a booking asks for: what it needs beside the doctor's time, read under the locks."""

from dataclasses import dataclass

from db.postgres.booking import appointment_types, booked_patients
from db.postgres.cluster.engines import Connection, Sent
from server.domain.booking.appointment_types import AppointmentType, Audience, check_eligible, check_type
from server.usecases.idempotency import Claim
from server.usecases.schedules.appointment_types import type_of


@dataclass(slots=True)
class TypeToBook:
    """A type, over all attempts of a transaction; with an empty `type_id` it asks for nothing and sends nothing."""

    type_id: str
    found: AppointmentType | None = None
    _was_here: Sent[tuple[bool]] | None = None

    async def read(self, pg: Connection, claim: Claim) -> None:
        """Read the type, in a round trip of its own: its length says which days to lock.

        It takes no lock: who books a type while it is being changed has booked before that.
        """
        if self.type_id:
            sent = await appointment_types.get(pg, self.type_id)
            await claim.wait_or_answer()
            self.found = type_of(await sent.fetchone())

    def at(self, clinic_id: str) -> AppointmentType | None:
        """The type, None for a plain visit (APPOINTMENT_TYPE_NOT_FOUND, APPOINTMENT_TYPE_NOT_OFFERED)."""
        return check_type(self.found, self.type_id, clinic_id) if self.type_id else None

    async def send(self, pg: Connection, patient_id: str, *, for_others: bool) -> None:
        """Send the questions whose answers decide who may book it; the patient must be locked already."""
        self._was_here = None
        if self.found and self.found.audience is not Audience.ALL and not for_others:
            self._was_here = await booked_patients.was_here(pg, patient_id, self.found.clinic_id)

    async def check(self, *, for_others: bool) -> None:
        """Wait for the answers (APPOINTMENT_TYPE_NOT_OFFERED)."""
        if self.found:
            answer = await self._was_here.fetchone() if self._was_here else None
            check_eligible(self.found, was_here=bool(answer and answer[0]), for_others=for_others)
