"""Patients who book, cancel and read all the time, and record the answers that they get."""

import asyncio
import itertools
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc

from tests.faults.history import Booking, Cancelling, History, Listing, Slot
from tests.fixtures.worker import Client, Refusal
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import AppointmentStatus

CALL_SECONDS = 5.0
GIVE_UP_SECONDS = 8.0
PAUSE_SECONDS = 0.05
# Nothing was changed, or nobody knows: the same request again, until there is an answer.
AGAIN = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.CANCELLED,
}


@dataclass(slots=True)
class Notes:
    """What all patients have recorded, besides the history."""

    history: History = field(default_factory=History)
    failures: list[str] = field(default_factory=list)
    """Answers that nobody should get."""
    written_at: list[float] = field(default_factory=list)
    """When writes were acknowledged."""
    codes: dict[str, int] = field(default_factory=dict)
    failed_reads: int = 0

    def seconds_without_writes(self) -> float:
        """The longest time between two acknowledgements."""
        times = sorted(self.written_at)
        return max((later - earlier for earlier, later in itertools.pairwise(times)), default=0.0)


@dataclass(slots=True)
class Patient:
    """One patient with one account, who calls any of the workers."""

    id: str
    clients: Sequence[Client]
    slots: Sequence[Slot]
    notes: Notes
    booked: list[Booking] = field(default_factory=list)

    async def live(self, stop: asyncio.Event) -> None:
        """Do one thing after the other."""
        while not stop.is_set():
            choice = random.random()
            if choice < 0.4 or not self.booked:
                await self.book(random.choice(self.slots))
            elif choice < 0.6:
                await self.cancel(self.booked.pop(random.randrange(len(self.booked))))
            await self.look()
            await asyncio.sleep(random.random() * PAUSE_SECONDS)

    async def book(self, slot: Slot) -> None:
        """Ask for a slot."""
        booking = Booking(self.id, slot, time.monotonic())
        self.notes.history.bookings.append(booking)
        request = pb.CreateAppointmentRequest(
            patient_id=self.id,
            doctor_id=slot.doctor_id,
            date=slot.date,
            time_slot=slot.time,
            request_id=str(uuid.uuid4()),
        )
        answer = await self._until_answered(lambda client: client.appointments.CreateAppointment, request, booking)
        if answer:
            booking.appointment_id, booking.revision = answer.appointment.id, answer.revision
            self.booked.append(booking)

    async def cancel(self, booking: Booking) -> None:
        """Call an appointment off."""
        cancelling = Cancelling(booking, time.monotonic())
        self.notes.history.cancellings.append(cancelling)
        request = pb.CancelAppointmentRequest(appointment_id=booking.appointment_id, request_id=str(uuid.uuid4()))
        answer = await self._until_answered(lambda client: client.appointments.CancelAppointment, request, cancelling)
        if answer:
            cancelling.revision = answer.revision

    async def look(self) -> None:
        """Read all that is booked, and forget it if there is no answer."""
        start, seen = time.monotonic(), dict[str, str]()
        token = ""
        client = random.choice(self.clients)
        try:
            while True:
                request = pb.ListAppointmentsRequest(patient_id=self.id, size=100, page_token=token)
                answer = await client(client.appointments.ListAppointments, request, CALL_SECONDS)
                for each in answer.appointments:
                    seen[each.id] = AppointmentStatus.Name(each.status).removeprefix("APPOINTMENT_STATUS_").lower()
                token = answer.next_page_token
                if not token:
                    break
        except Refusal as refusal:
            self.notes.failed_reads += 1
            return self._count(refusal)
        self.notes.history.listings.append(Listing(self.id, start, time.monotonic(), seen))
        return None

    async def _until_answered(
        self, method: Callable[[Client], Callable[..., Awaitable[Any]]], request: Any, note: Booking | Cancelling
    ) -> Any:
        """Send a write until its outcome is known, or for some seconds."""
        while time.monotonic() < note.start + GIVE_UP_SECONDS:
            client = random.choice(self.clients)
            try:
                answer = await client(method(client), request, CALL_SECONDS)
            except Refusal as refusal:
                self._count(refusal)
                if refusal.code not in AGAIN:
                    note.outcome, note.end = "refused", time.monotonic()
                    if isinstance(note, Booking):
                        note.reason = refusal.reason
                    return None
                await asyncio.sleep(0.1 + random.random() * 0.1)
            else:
                note.outcome, note.end = "done", time.monotonic()
                self.notes.written_at.append(note.end)
                return answer
        return None

    def _count(self, refusal: Refusal) -> None:
        name = refusal.reason or refusal.code.name
        self.notes.codes[name] = self.notes.codes.get(name, 0) + 1
        if refusal.code in {grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT}:
            self.notes.failures.append(f"{refusal.code.name} {refusal.reason}: {refusal.message}")
