"""Random histories of a clinic, compared with a simple model: bookings, series, holds, moves, hours and time off."""

import asyncio
from typing import Any

import grpc
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from db.postgres.cluster.engines import create_engine
from server.wiring import wired
from tests.fixtures.book import Book, Clock
from tests.fixtures.worker import settings_for
from tests.rpc.booking_model import (
    DAYS,
    HOURS,
    KINDS,
    PATIENTS,
    Hours,
    Kind,
    Place,
)
from tests.rpc.modelled_clinic import PLACES
from tests.rpc.modelled_series import OVERRIDES, SeriesAndTimeOff
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules


class Machine(SeriesAndTimeOff):
    """Does the same to the server and to the model."""

    @rule(
        place=PLACES,
        patient=st.integers(0, PATIENTS - 1),
        override=OVERRIDES,
        kind=st.sampled_from([None, *KINDS]),
    )
    def book_a_slot(self, place: Place, patient: int, override: str, kind: Kind | None) -> None:
        wanted = self.wanted(patient, place, kind)
        request = pb.CreateAppointmentRequest(
            patient_id=self.patients[patient], override_reason=override, **self.fields(wanted)
        )
        refusal = self.model.refusal(wanted, override=bool(override))
        answer = self.expect(refusal, self.staff.appointments.CreateAppointment, request)
        if answer:
            self.model.booked[answer.appointment.id] = wanted

    @rule(place=PLACES, patient=st.integers(0, PATIENTS - 1))
    def book_a_slot_as_a_patient(self, place: Place, patient: int) -> None:
        wanted = self.wanted(patient, place)
        request = pb.CreateAppointmentRequest(patient_id=self.patients[patient], **self.fields(wanted))
        refusal = self.model.refusal(wanted, by_patient=True)
        caller = self.callers[patient]
        answer = self.expect(refusal, caller.appointments.CreateAppointment, request, caller)
        if answer:
            self.model.booked[answer.appointment.id] = wanted

    @rule(place=PLACES, patient=st.integers(0, PATIENTS - 1), kind=st.sampled_from([None, *KINDS]))
    def hold_a_slot(self, place: Place, patient: int, kind: Kind | None) -> None:
        wanted = self.wanted(patient, place, kind)
        wanted.held = True
        request = pb.HoldSlotRequest(patient_id=self.patients[patient], **self.fields(wanted))
        answer = self.expect(self.model.refusal(wanted), self.staff.appointments.HoldSlot, request)
        if answer:
            self.model.booked[answer.appointment.id] = wanted

    @precondition(lambda self: self.model.booked)
    @rule(data=st.data(), confirming=st.booleans())
    def end_a_hold(self, data: st.DataObject, confirming: bool) -> None:
        key = self.pick(data)
        held = self.model.booked[key]
        refusal = "" if held.active and held.held else "STATUS_FORBIDS"
        if confirming:
            request: Any = pb.ConfirmHoldRequest(appointment_id=key)
            answer = self.expect(refusal, self.staff.appointments.ConfirmHold, request)
        else:
            request = pb.ReleaseHoldRequest(appointment_id=key)
            answer = self.expect(refusal, self.staff.appointments.ReleaseHold, request)
        if answer:
            held.held, held.active, held.version = False, confirming, held.version + 1

    @rule(doctor=st.integers(0, 1), hours=st.sampled_from(HOURS))
    def set_hours(self, doctor: int, hours: Hours) -> None:
        self.run(self.set_hours_of(doctor, hours))
        self.model.hours[doctor] = hours

    @precondition(lambda self: self.model.booked)
    @rule(data=st.data(), place=PLACES)
    def move_an_appointment(self, data: st.DataObject, place: Place) -> None:
        key = self.pick(data)
        old = self.model.booked[key]
        wanted = self.wanted(old.patient, place, old.kind)
        wanted.held, wanted.series = old.held, old.series
        fields = {name: value for name, value in self.fields(wanted).items() if name != "appointment_type_id"}
        request = pb.RescheduleAppointmentRequest(appointment_id=key, **fields)
        answer = self.expect(
            self.model.refusal(wanted, moving=key), self.staff.appointments.RescheduleAppointment, request
        )
        if answer:
            wanted.version = old.version + (old.place != wanted.place)
            assert answer.appointment.etag == str(wanted.version)
            self.model.booked[key] = wanted

    @precondition(lambda self: self.model.booked)
    @rule(data=st.data())
    def cancel_an_appointment(self, data: st.DataObject) -> None:
        key = self.pick(data)
        refusal = "" if self.model.booked[key].active else "STATUS_FORBIDS"
        request = pb.CancelAppointmentRequest(appointment_id=key)
        if self.expect(refusal, self.staff.appointments.CancelAppointment, request):
            self.model.booked[key].active = self.model.booked[key].held = False

    @invariant()
    def days_show_what_is_free(self) -> None:
        if not hasattr(self, "model"):
            return
        for doctor in range(2):
            for day in range(len(DAYS)):
                for kind in (None, *KINDS):
                    request = schedules.ListAvailableSlotsRequest(
                        doctor_id=self.doctors[doctor],
                        date=DAYS[day],
                        appointment_type_id=self.kinds[kind] if kind else "",
                    )
                    found = self.run(self.staff(self.staff.schedules.ListAvailableSlots, request))
                    shown = [(slot.time_slot, slot.seats_free) for slot in found.slots]
                    assert shown == self.model.free(doctor, day, kind)

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
                settings=settings(max_examples=25, stateful_step_count=30, suppress_health_check=list(HealthCheck)),
            )
        finally:
            runner.run(stop())
            runner.run(serving.__aexit__(None, None, None))
