"""Booking, overriding, moving, cancelling and new hours, compared with a simple model over long random histories."""

import asyncio
from collections.abc import Coroutine
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
from server.parts import Parts
from server.wiring import wired
from tests.fixtures.book import Book, Clock
from tests.fixtures.worker import Client, Refusal, settings_for
from tests.rpc.booking_model import (
    DAYS,
    HORIZON_DAYS,
    HOURS,
    MAX_PER_DAY,
    NOTICE,
    PATIENTS,
    Hours,
    Model,
    ModelAppointment,
    Place,
    clock_time,
)
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.schedule_pb2 import Session

T = TypeVar("T")


class Machine(RuleBasedStateMachine):
    """Does the same to the server and to the model."""

    runner: asyncio.Runner
    parts: Parts
    book: Book
    channel: grpc.aio.Channel

    places = st.tuples(st.integers(0, 1), st.integers(0, len(DAYS) - 1), st.integers(0, 2))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    @initialize()
    def open_a_clinic(self) -> None:
        self.model = Model()
        self.run(self._open())

    async def _open(self) -> None:
        self.clinic = clinic = await self.book.clinic(
            max_per_patient_day=MAX_PER_DAY, horizon_days=HORIZON_DAYS, min_notice_minutes=NOTICE
        )
        self.doctors = [await self.book.doctor(clinic) for _ in self.model.hours]
        self.patients = [await self.book.patient() for _ in range(PATIENTS)]
        self.staff = await self._client("staff", clinic_ids=[clinic])
        self.callers = [await self._client("patient", patient_id=each) for each in self.patients]
        for doctor, hours in enumerate(self.model.hours):
            await self._set_hours(doctor, hours)

    async def _client(self, role: str, **fields: Any) -> Client:
        token = await self.parts.tokens.issue(await self.book.account(role, **fields))
        assert token
        return Client(self.channel, token)

    async def _set_hours(self, doctor: int, hours: Hours) -> None:
        fields: dict[str, Any] = {"start": clock_time(hours.start), "end": clock_time(hours.end)}
        week = [
            Session(weekday=day, slot_minutes=hours.minutes, capacity=hours.capacity, **fields)  # type: ignore[arg-type]
            for day in range(1, 8)
        ]
        request = schedules.SetWorkingHoursRequest(doctor_id=self.doctors[doctor], valid_from=DAYS[0], sessions=week)
        await self.staff(self.staff.schedules.SetWorkingHours, request)

    @rule(place=places, patient=st.integers(0, PATIENTS - 1), override=st.sampled_from(["", "", "acute pain"]))
    def book_a_slot(self, place: Place, patient: int, override: str) -> None:
        wanted = self._wanted(patient, place)
        request = pb.CreateAppointmentRequest(
            patient_id=self.patients[patient], override_reason=override, **self._fields(wanted)
        )
        refusal = self.model.refusal(wanted, override=bool(override))
        answer = self._expect(refusal, self.staff.appointments.CreateAppointment, request)
        if answer:
            self.model.booked[answer.appointment.id] = wanted

    @rule(place=places, patient=st.integers(0, PATIENTS - 1))
    def book_a_slot_as_a_patient(self, place: Place, patient: int) -> None:
        wanted = self._wanted(patient, place)
        request = pb.CreateAppointmentRequest(patient_id=self.patients[patient], **self._fields(wanted))
        refusal = self.model.refusal(wanted, by_patient=True)
        caller = self.callers[patient]
        answer = self._expect(refusal, caller.appointments.CreateAppointment, request, caller)
        if answer:
            self.model.booked[answer.appointment.id] = wanted

    @rule(doctor=st.integers(0, 1), hours=st.sampled_from(HOURS))
    def set_hours(self, doctor: int, hours: Hours) -> None:
        self.run(self._set_hours(doctor, hours))
        self.model.hours[doctor] = hours

    def _wanted(self, patient: int, place: Place) -> ModelAppointment:
        doctor, day, number = place
        hours = self.model.hours[doctor]
        # One number more than any grid has: a slot that is not offered.
        return ModelAppointment(
            patient, doctor, day, (*hours.grid, "11:00")[min(number, len(hours.grid))], hours.minutes
        )

    def _fields(self, wanted: ModelAppointment) -> dict[str, Any]:
        return {"doctor_id": self.doctors[wanted.doctor], "date": DAYS[wanted.day], "time_slot": wanted.slot}

    @precondition(lambda self: self.model.booked)
    @rule(data=st.data(), place=places)
    def move_an_appointment(self, data: st.DataObject, place: Place) -> None:
        key = self._pick(data)
        old = self.model.booked[key]
        wanted = self._wanted(old.patient, place)
        request = pb.RescheduleAppointmentRequest(appointment_id=key, **self._fields(wanted))
        answer = self._expect(
            self.model.refusal(wanted, moving=key), self.staff.appointments.RescheduleAppointment, request
        )
        if answer:
            wanted.version = old.version + (old.place != wanted.place)
            assert answer.appointment.etag == str(wanted.version)
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

    def _expect(self, refusal: str, method: Any, request: Any, caller: Client | None = None) -> Any:
        answer: Any = None
        reason = ""
        try:
            answer = self.run((caller or self.staff)(method, request))
        except Refusal as refused:
            reason = refused.reason
        assert reason == refusal
        return answer

    @invariant()
    def days_show_what_is_free(self) -> None:
        if not hasattr(self, "model"):
            return
        for doctor in range(2):
            for day in range(len(DAYS)):
                request = schedules.ListAvailableSlotsRequest(doctor_id=self.doctors[doctor], date=DAYS[day])
                found = self.run(self.staff(self.staff.schedules.ListAvailableSlots, request))
                shown = [(slot.time_slot, slot.seats_free) for slot in found.slots]
                assert shown == self.model.free(doctor, day)

    @invariant()
    def a_search_finds_what_days_show(self) -> None:
        if not hasattr(self, "model"):
            return
        request = schedules.SearchAvailableSlotsRequest(
            clinic_id=self.clinic, from_date=DAYS[0], to_date=DAYS[-1], limit=50
        )
        found = self.run(self.staff(self.staff.schedules.SearchAvailableSlots, request)).slots
        shown = [(each.doctor.id, each.date, each.slot.time_slot, each.slot.seats_free) for each in found]
        assert sorted(shown) == sorted(
            (self.doctors[doctor], DAYS[day], *free)
            for doctor in range(2)
            for day in range(len(DAYS))
            for free in self.model.free(doctor, day)
        )


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
