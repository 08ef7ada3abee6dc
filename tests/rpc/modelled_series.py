"""Series and time off, compared with the model."""

from typing import Any

from google.rpc import error_details_pb2
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from server.rpc.messages.convert import to_timestamp
from tests.rpc.booking_model import DAYS, KINDS, PATIENTS, Kind, ModelAppointment, clock_time, minutes_of
from tests.rpc.modelled_clinic import ModelledClinic, instant
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules

OVERRIDES = st.sampled_from(["", "", "acute pain"])


class SeriesAndTimeOff(ModelledClinic):
    """What happens to series, and to days of which a part is time off."""

    @rule(doctor=st.integers(0, 1), day=st.integers(0, len(DAYS) - 1), start=st.sampled_from([540, 570, 585]))
    def take_time_off_or_come_back(self, doctor: int, day: int, start: int) -> None:
        if off := self.times_off.pop((doctor, day), ""):
            self.run(self.staff(self.staff.schedules.DeleteTimeOff, schedules.DeleteTimeOffRequest(time_off_id=off)))
            del self.model.off[doctor, day]
            return
        minutes = range(start, start + 15)
        request = schedules.CreateTimeOffRequest(
            doctor_id=self.doctors[doctor],
            start_time=to_timestamp(instant(DAYS[day], minutes.start)),
            end_time=to_timestamp(instant(DAYS[day], minutes.stop)),
        )
        answer = self.run(self.staff(self.staff.schedules.CreateTimeOff, request))
        self.model.off[doctor, day] = minutes
        self.times_off[doctor, day] = answer.time_off.id
        met = {
            key
            for key, each in self.model.booked.items()
            if each.active and (each.doctor, each.day) == (doctor, day)
            and set(each.minutes) & set(minutes)
        }  # fmt: skip
        assert met == {each.appointment_id for each in answer.appointments}

    @rule(
        doctor=st.integers(0, 1),
        number=st.integers(0, 2),
        patient=st.integers(0, PATIENTS - 1),
        kind=st.sampled_from([None, *KINDS]),
        override=OVERRIDES,
        skip=st.booleans(),
    )
    def book_a_series(
        self, doctor: int, number: int, patient: int, kind: Kind | None, override: str, skip: bool
    ) -> None:
        dates = [self.wanted(patient, (doctor, day, number), kind) for day in (0, len(DAYS) - 1)]
        request = pb.CreateAppointmentSeriesRequest(
            patient_id=self.patients[patient],
            recurrence=pb.Recurrence(frequency=pb.FREQUENCY_WEEKLY, count=len(dates)),
            override_reason=override,
            skip_refused=skip,
            **self.fields(dates[0]),
        )
        expected = [self.model.refusal(each, override=bool(override)) for each in dates]
        answer = self.run(self.staff(self.staff.appointments.CreateAppointmentSeries, request))
        assert [_reason(each) for each in answer.occurrences] == expected
        assert bool(answer.series_id) == (not any(expected) or (skip and not all(expected)))
        for wanted, each in zip(dates, answer.occurrences, strict=True):
            if each.HasField("appointment"):
                wanted.series = answer.series_id
                self.model.booked[each.appointment.id] = wanted

    @precondition(lambda self: self.model.booked)
    @rule(data=st.data(), later=st.sampled_from([-30, 30, 60]), override=OVERRIDES, skip=st.booleans())
    def move_the_rest_of_a_series(self, data: st.DataObject, later: int, override: str, skip: bool) -> None:
        key = self.pick(data)
        first = self.model.booked[key]
        request = pb.RescheduleAppointmentSeriesRequest(
            appointment_id=key,
            date=DAYS[first.day],
            time_slot=clock_time(minutes_of(first.slot) + later),
            override_reason=override,
            skip_refused=skip,
        )
        refusal = "" if first.active and not first.held else "STATUS_FORBIDS"
        answer = self.expect(refusal, self.staff.appointments.RescheduleAppointmentSeries, request)
        if not answer:
            return
        before = dict(self.model.booked)
        keys = self.model.remaining(key)
        expected: dict[str, str] = {}
        for each in reversed(keys) if later > 0 else keys:
            wanted = self.moved(before[each], later)
            expected[each] = self.model.refusal(wanted, moving=each, override=bool(override))
            if not expected[each]:
                self.model.booked[each] = wanted
        assert [(each.appointment_id, _reason(each)) for each in answer.moves] == [
            (each, expected[each]) for each in keys
        ]
        if any(expected.values()) and not skip:
            self.model.booked = before

    @precondition(lambda self: self.model.booked)
    @rule(data=st.data())
    def cancel_the_rest_of_a_series(self, data: st.DataObject) -> None:
        key = self.pick(data)
        first = self.model.booked[key]
        refusal = "" if first.active and not first.held else "STATUS_FORBIDS"
        request = pb.CancelAppointmentSeriesRequest(appointment_id=key)
        answer = self.expect(refusal, self.staff.appointments.CancelAppointmentSeries, request)
        if answer:
            keys = self.model.remaining(key)
            assert [each.id for each in answer.appointments] == keys
            for each in keys:
                self.model.booked[each].active = False

    def moved(self, old: ModelAppointment, later: int) -> ModelAppointment:
        """An appointment at another time of the same day, as long as visits are there now."""
        length = old.kind.length if old.kind else self.model.hours[old.doctor].minutes
        slot = clock_time(minutes_of(old.slot) + later)
        return ModelAppointment(
            old.patient, old.doctor, old.day, slot, length, version=old.version + 1, kind=old.kind, series=old.series
        )


def _reason(answer: Any) -> str:
    if not answer.HasField("error"):
        return ""
    info = error_details_pb2.ErrorInfo()
    answer.error.details[0].Unpack(info)
    return str(info.reason)
