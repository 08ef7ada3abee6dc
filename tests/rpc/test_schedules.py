"""Working hours, and the days they make."""

import grpc

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.schedule_pb2 import CLOSED_REASON_NOT_WORKING, CLOSED_REASON_PAST, Session

SPRING, AUTUMN = "2026-03-08", "2026-11-01"


async def schedule(scene: Scene, doctor_id: str = "") -> object:
    request = pb.GetScheduleRequest(doctor_id=doctor_id or scene.doctor_id)
    return (await scene.patient(scene.patient.schedules.GetSchedule, request)).schedule


async def test_new_hours_hold_from_their_first_day_and_raise_every_day_they_touch(scene: Scene) -> None:
    await scene.book_slot("09:00")
    changed = await scene.set_hours([("14:00", "15:00")])
    assert changed.days_changed == 90  # Tuesday is tomorrow; the horizon reaches 90 days from today
    monday, tuesday = await scene.slots("2026-03-02"), await scene.slots(TUESDAY)
    assert (len(monday.slots), monday.revision) == (6, 0)
    assert ([slot.time_slot for slot in tuesday.slots], tuesday.revision) == (["14:00", "14:30"], 2)
    assert len((await scene.list()).appointments) == 1
    refused = await refusal(scene.book_slot("09:30"))
    assert refused.reason == "SLOT_NOT_OFFERED"


async def test_new_hours_name_the_appointments_that_they_no_longer_cover(scene: Scene) -> None:
    out = await scene.book_slot("09:30")
    inside = await scene.book_slot("10:00", patient_id=scene.other_id)
    changed = await scene.set_hours([("10:00", "11:00")], minutes=20)
    assert [each.appointment_id for each in changed.uncovered] == [out.appointment.id]
    assert changed.uncovered[0].start_time == out.appointment.start_time
    assert changed.uncovered_count == 1
    changed = await scene.set_hours([("14:00", "15:00")])
    assert [each.appointment_id for each in changed.uncovered] == [inside.appointment.id]
    assert await scene.book.rows("SELECT status FROM appointments") == [("scheduled",)] * 2


async def test_schedule_shows_the_set_in_force_and_later_ones(scene: Scene) -> None:
    await scene.set_hours([("14:00", "15:00")], valid_from="2026-04-01")
    await scene.set_hours([], valid_from="2026-05-01")
    found = await schedule(scene)
    starts = [(each.valid_from, len(each.sessions)) for each in found.working_hours]  # type: ignore[attr-defined]
    assert starts == [("2020-01-01", 7), ("2026-04-01", 7), ("2026-05-01", 0)]
    assert (await scene.slots("2026-05-02")).closed_reason == CLOSED_REASON_NOT_WORKING


async def test_hours_are_set_by_staff_of_the_clinic_and_admins(scene: Scene) -> None:
    elsewhere = await scene.worker.client("staff", clinic_ids=[await scene.book.clinic()])
    doctor = await scene.worker.client("doctor", doctor_id=scene.doctor_id)
    for caller in (elsewhere, doctor, scene.patient):
        refused = await refusal(scene.set_hours([], client=caller))
        assert refused.reason == "NOT_ALLOWED"
    await scene.set_hours([], client=await scene.worker.client("admin"))


async def test_hours_that_cannot_be_are_refused_with_a_reason(scene: Scene) -> None:
    refused = await refusal(scene.set_hours([("09:00", "12:00"), ("11:00", "13:00")]))
    assert (refused.reason, refused.metadata) == ("SESSIONS_OVERLAP", {"weekday": "1", "start": "11:00"})
    refused = await refusal(scene.set_hours([("09:00", "10:00")], minutes=61))
    assert list(refused.violations) == ["sessions[0].slot_minutes"]
    refused = await refusal(scene.set_hours([], valid_from="2026-03-01"))
    assert (refused.reason, refused.metadata) == ("VALID_FROM_IN_PAST", {"today": "2026-03-02"})
    refused = await refusal(scene.set_hours([], etag="7"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")
    assert (await schedule(scene)).etag == "0"  # type: ignore[attr-defined]
    refused = await refusal(
        scene.staff(
            scene.staff.schedules.SetWorkingHours,
            pb.SetWorkingHoursRequest(
                doctor_id=scene.doctor_id, valid_from=TUESDAY, sessions=[Session(start="9:00", end="12:00")]
            ),
        )
    )
    assert set(refused.violations) == {
        "sessions[0].weekday",
        "sessions[0].start",
        "sessions[0].slot_minutes",
    }


async def test_a_past_day_is_closed(scene: Scene) -> None:
    assert (await scene.slots("2026-03-01")).closed_reason == CLOSED_REASON_PAST


async def test_min_revision_that_was_never_reached_is_refused(scene: Scene) -> None:
    booked = await scene.book_slot("10:00")
    request = pb.ListAvailableSlotsRequest(doctor_id=scene.doctor_id, date=TUESDAY, min_revision=booked.revision)
    assert (await scene.patient(scene.patient.schedules.ListAvailableSlots, request)).revision == booked.revision
    request.min_revision += 1
    refused = await refusal(scene.patient(scene.patient.schedules.ListAvailableSlots, request))
    assert refused.reason == "REVISION_NOT_REACHED"


async def test_new_york_s_changes_of_clocks(scene: Scene) -> None:
    clinic = await scene.book.clinic("America/New_York", horizon_days=365)
    doctor = await scene.book.doctor(clinic, [("01:00", "03:00"), ("13:00", "18:00")])
    spring = await scene.slots(SPRING, doctor)
    assert [slot.time_slot for slot in spring.slots][:3] == ["01:00", "01:30", "13:00"]
    assert spring.slots[2].start_time.ToJsonString() == "2026-03-08T17:00:00Z"
    assert spring.slots[-1].end_time.ToJsonString() == "2026-03-08T22:00:00Z"
    refused = await refusal(scene.book_slot("02:30", doctor_id=doctor, date=SPRING))
    assert refused.reason == "SLOT_NOT_OFFERED"

    autumn = await scene.slots(AUTUMN, doctor)
    twice = [slot for slot in autumn.slots if slot.time_slot == "01:30"]
    assert [slot.start_time.ToJsonString() for slot in twice] == ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]
    refused = await refusal(scene.book_slot("01:30", doctor_id=doctor, date=AUTUMN))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "AMBIGUOUS_LOCAL_TIME")
    assert refused.alternatives
    assert [each.start_time for each in refused.alternatives.slots] == [each.start_time for each in twice]
    assert (refused.alternatives.doctor_id, refused.alternatives.time_zone) == (doctor, "America/New_York")
    for slot, patient in zip(twice, (scene.patient_id, scene.other_id), strict=True):
        fields = {"doctor_id": doctor, "patient_id": patient, "date": "", "start_time": slot.start_time}
        booked = await scene.book_slot("", **fields)
        assert (booked.appointment.date, booked.appointment.time_slot) == (AUTUMN, "01:30")
    assert "01:30" not in await scene.free(AUTUMN, doctor)


async def test_a_night_session_belongs_to_the_day_it_starts(scene: Scene) -> None:
    night = await scene.book.doctor(scene.clinic_id, [("22:00", "02:00")])
    assert await scene.free(doctor_id=night) == ["22:00", "22:30", "23:00", "23:30", "00:00", "00:30", "01:00", "01:30"]
    booked = await scene.book_slot("01:00", doctor_id=night)
    assert booked.appointment.start_time.ToJsonString() == "2026-03-03T16:00:00Z"  # 01:00 of the 4th in Tokyo
    assert booked.appointment.date == TUESDAY
    assert "01:00" not in await scene.free(doctor_id=night)
    assert "01:00" in await scene.free("2026-03-04", night)
    start = booked.appointment.start_time
    await scene.cancel(booked.appointment)
    again = await scene.book_slot("", date="", start_time=start, doctor_id=night)
    assert again.appointment.date == TUESDAY
