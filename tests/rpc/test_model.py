"""Booking, moving and cancelling compared with a simple model, over long random histories."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import grpc
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from db.postgres.cluster.engines import create_engine
from server.wiring import Parts, wired
from tests.fixtures.book import Book, Clock
from tests.fixtures.worker import Client, Refusal, settings_for
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules

T = TypeVar("T")

DAYS = ["2026-03-03", "2026-03-04"]
# The second doctor's slots lie across those of the first, and take two patients each.
HOURS = [("09:00", "11:00", 1), ("09:15", "10:45", 2)]
GRID = [["09:00", "09:30", "10:00", "10:30"], ["09:15", "09:45", "10:15"]]
MAX_PER_DAY = 2


@dataclass
class Booked:
    """An appointment of the model; an index each for patient, doctor and day."""

    patient: int
    doctor: int
    day: int
    slot: str
    active: bool = True

    def overlaps(self, other: "Booked") -> bool:
        apart = abs(_minutes(self.slot) - _minutes(other.slot))
        return self.active and other.active and self.day == other.day and apart < 30


def _minutes(slot: str) -> int:
    moment = datetime.strptime(slot, "%H:%M")  # noqa: DTZ007  # wall time
    return moment.hour * 60 + moment.minute


class Model:
    """What must happen, without a database."""

    def __init__(self) -> None:
        self.booked: dict[str, Booked] = {}

    def refusal(self, wanted: Booked, moving: str = "") -> str:
        """Why an appointment cannot be; empty if it can."""
        others = [each for key, each in self.booked.items() if key != moving and each.active]
        if sum(each.doctor == wanted.doctor and each.overlaps(wanted) for each in others) >= HOURS[wanted.doctor][2]:
            return "SLOT_TAKEN"
        mine = [each for each in others if each.patient == wanted.patient]
        if any(each.overlaps(wanted) for each in mine):
            return "PATIENT_BUSY"
        if sum(each.day == wanted.day for each in mine) >= MAX_PER_DAY:
            return "DAILY_LIMIT_REACHED"
        return ""

    def free(self, doctor: int, day: int) -> list[tuple[str, int]]:
        """(slot, seats left) of a day."""
        taken = [each.slot for each in self.booked.values() if each.active and (each.doctor, each.day) == (doctor, day)]
        left = [(slot, HOURS[doctor][2] - taken.count(slot)) for slot in GRID[doctor]]
        return [each for each in left if each[1]]


class Machine(RuleBasedStateMachine):
    """Does the same to the server and to the model."""

    runner: asyncio.Runner
    parts: Parts
    book: Book
    channel: grpc.aio.Channel

    places = st.sampled_from([(doctor, slot) for doctor in range(2) for slot in GRID[doctor]])

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    @initialize()
    def open_a_clinic(self) -> None:
        self.model = Model()
        self.run(self._open())

    async def _open(self) -> None:
        clinic = await self.book.clinic(max_per_patient_day=MAX_PER_DAY)
        self.doctors = [
            await self.book.doctor(clinic, [(start, end)], capacity=capacity) for start, end, capacity in HOURS
        ]
        self.patients = [await self.book.patient() for _ in range(3)]
        token = await self.parts.tokens.issue(await self.book.account("staff", clinic_ids=[clinic]))
        assert token
        self.staff = Client(self.channel, token)

    @rule(place=places, patient=st.integers(0, 2), day=st.integers(0, 1))
    def book_a_slot(self, place: tuple[int, str], patient: int, day: int) -> None:
        wanted = Booked(patient, place[0], day, place[1])
        request = pb.CreateAppointmentRequest(
            patient_id=self.patients[patient], doctor_id=self.doctors[place[0]], date=DAYS[day], time_slot=place[1]
        )
        answer = self._expect(self.model.refusal(wanted), self.staff.appointments.CreateAppointment, request)
        if answer:
            self.model.booked[answer.appointment.id] = wanted

    @precondition(lambda self: self.model.booked)
    @rule(data=st.data(), place=places, day=st.integers(0, 1))
    def move_an_appointment(self, data: st.DataObject, place: tuple[int, str], day: int) -> None:
        key = self._pick(data)
        old = self.model.booked[key]
        wanted = Booked(old.patient, place[0], day, place[1])
        request = pb.RescheduleAppointmentRequest(
            appointment_id=key, doctor_id=self.doctors[place[0]], date=DAYS[day], time_slot=place[1]
        )
        refusal = self.model.refusal(wanted, moving=key) if old.active else "STATUS_FORBIDS"
        if self._expect(refusal, self.staff.appointments.RescheduleAppointment, request):
            self.model.booked[key] = wanted

    @precondition(lambda self: self.model.booked)
    @rule(data=st.data())
    def cancel_an_appointment(self, data: st.DataObject) -> None:
        key = self._pick(data)
        refusal = "" if self.model.booked[key].active else "STATUS_FORBIDS"
        request = pb.CancelAppointmentRequest(appointment_id=key)
        if self._expect(refusal, self.staff.appointments.CancelAppointment, request):
            self.model.booked[key].active = False

    def _pick(self, data: st.DataObject) -> str:
        # By number: ids differ from run to run.
        return list(self.model.booked)[data.draw(st.integers(0, len(self.model.booked) - 1))]

    def _expect(self, refusal: str, method: Any, request: Any) -> Any:
        answer: Any = None
        reason = ""
        try:
            answer = self.run(self.staff(method, request))
        except Refusal as refused:
            reason = refused.reason
        assert reason == refusal
        return answer

    @invariant()
    def days_show_what_is_free(self) -> None:
        if not hasattr(self, "model"):
            return
        for doctor in range(2):
            for day in range(2):
                request = schedules.ListAvailableSlotsRequest(doctor_id=self.doctors[doctor], date=DAYS[day])
                found = self.run(self.staff(self.staff.schedules.ListAvailableSlots, request))
                shown = [(slot.time_slot, slot.seats_free) for slot in found.slots]
                assert shown == self.model.free(doctor, day)


def test_no_history_of_bookings_differs_from_the_model(database_url: str) -> None:
    with asyncio.Runner() as runner:
        Machine.runner = runner
        clock = Clock()
        engine = create_engine(database_url, size=2, wait_seconds=5, application="tests")
        serving = wired(settings_for(database_url), clock)
        Machine.parts = runner.run(serving.__aenter__())
        Machine.book = Book(engine, clock)

        async def start() -> grpc.aio.Channel:
            await Machine.parts.keys.ensure()
            port = await Machine.parts.server.start("127.0.0.1:0")
            return grpc.aio.insecure_channel(f"127.0.0.1:{port}")

        async def stop() -> None:
            await Machine.channel.close()
            await Machine.parts.server.stop(0)
            await engine.dispose()

        Machine.channel = runner.run(start())
        try:
            run_state_machine_as_test(
                Machine,
                settings=settings(
                    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
                ),
            )
        finally:
            runner.run(stop())
            runner.run(serving.__aexit__(None, None, None))
