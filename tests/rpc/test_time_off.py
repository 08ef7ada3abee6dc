"""Time off: which appointments it meets, what happens to them, and which slots come back."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.rpc.test_holds import hold
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import AppointmentStatus
from yoyaku.v1.schedule_pb2 import CLOSED_REASON_NOT_WORKING
from yoyaku.v1.time_off_pb2 import TimeOffAction, TimeOffOutcome

TOKYO = ZoneInfo("Asia/Tokyo")
MORNING = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
KEEP, CANCEL = TimeOffAction.TIME_OFF_ACTION_KEEP, TimeOffAction.TIME_OFF_ACTION_CANCEL


def at(time: str, day: str = TUESDAY) -> datetime:
    """An instant, from the wall time in Tokyo."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=TOKYO)


async def make(scene: Scene, start: datetime, end: datetime, client: Any = None, **fields: Any) -> Any:
    request = pb.CreateTimeOffRequest(**{"doctor_id": scene.doctor_id, "reason": "a course"} | fields)
    request.start_time.FromDatetime(start)
    request.end_time.FromDatetime(end)
    caller = client or scene.staff
    return await caller(caller.schedules.CreateTimeOff, request)


async def preview(scene: Scene, start: datetime, end: datetime) -> Any:
    request = pb.PreviewTimeOffRequest(doctor_id=scene.doctor_id)
    request.start_time.FromDatetime(start)
    request.end_time.FromDatetime(end)
    return await scene.staff(scene.staff.schedules.PreviewTimeOff, request)


async def get(scene: Scene, time_off_id: str) -> Any:
    return await scene.staff(scene.staff.schedules.GetTimeOff, pb.GetTimeOffRequest(time_off_id=time_off_id))


async def delete(scene: Scene, time_off_id: str) -> Any:
    return await scene.staff(scene.staff.schedules.DeleteTimeOff, pb.DeleteTimeOffRequest(time_off_id=time_off_id))


async def listed(scene: Scene, **fields: Any) -> Any:
    request = pb.ListTimeOffRequest(doctor_id=scene.doctor_id, **fields)
    return await scene.staff(scene.staff.schedules.ListTimeOff, request)


async def booked(scene: Scene, *times: str) -> list[Any]:
    """Appointments of as many patients."""
    found = []
    for time in times:
        patient_id = await scene.book.patient(f"Patient of {time}")
        found.append((await scene.book_slot(time, scene.staff, patient_id=patient_id)).appointment)
    return found


async def status_of(scene: Scene, appointment: Any) -> str:
    [(status,)] = await scene.book.rows("SELECT status FROM appointments WHERE id = %s", appointment.id)
    return str(status)


async def test_time_off_names_what_it_overlaps_and_not_what_it_touches(scene: Scene) -> None:
    before, *within, after = await booked(scene, "09:00", "09:30", "10:00", "10:30", "11:00")
    met = (await preview(scene, at("09:30"), at("11:00"))).appointments
    assert [each.appointment_id for each in met] == [each.id for each in within]
    assert met[0].patient.name == "Patient of 09:30"
    assert await scene.free() == ["11:30"]
    made = await make(scene, at("09:30"), at("11:00"), action=CANCEL)
    assert [each.appointment_id for each in made.appointments] == [each.id for each in within]
    assert await status_of(scene, before) == await status_of(scene, after) == "scheduled"
    # Cancelled or not, nobody gets these slots; those beside them are as they were.
    assert await scene.free() == ["11:30"]


async def test_slots_in_time_off_are_not_offered_until_it_is_deleted(scene: Scene) -> None:
    made = (await make(scene, at("09:15"), at("10:30"))).time_off
    assert await scene.free() == ["10:30", "11:00", "11:30"]
    for caller in (scene.patient, scene.staff):
        assert (await refusal(scene.book_slot("09:00", caller))).reason == "SLOT_NOT_OFFERED"
    deleted = (await delete(scene, made.id)).time_off
    assert deleted.HasField("delete_time")
    assert await scene.free() == MORNING
    assert not (await listed(scene)).time_off
    assert (await delete(scene, made.id)).time_off == deleted
    assert await scene.book_slot("09:00")


async def test_a_day_that_is_all_time_off_is_closed_and_days_between_too(scene: Scene) -> None:
    await make(scene, at("12:00", "2026-03-02"), at("09:00", "2026-03-06"))
    for day in ("2026-03-03", "2026-03-04", "2026-03-05"):
        found = await scene.slots(day)
        assert (list(found.slots), found.closed_reason) == ([], CLOSED_REASON_NOT_WORKING)
    assert await scene.free("2026-03-06") == MORNING


async def test_two_times_off_that_overlap_leave_the_rest_when_one_is_deleted(scene: Scene) -> None:
    first = (await make(scene, at("09:00"), at("10:30"))).time_off
    await make(scene, at("10:00"), at("11:30"))
    assert await scene.free() == ["11:30"]
    await delete(scene, first.id)
    assert await scene.free() == ["09:00", "09:30", "11:30"]


async def test_each_appointment_is_kept_or_cancelled_as_the_request_says(scene: Scene) -> None:
    kept, cancelled = await booked(scene, "09:00", "09:30")
    exception = pb.TimeOffException(appointment_id=kept.id, action=KEEP)
    made = await make(scene, at("09:00"), at("12:00"), action=CANCEL, exceptions=[exception])
    assert [each.outcome for each in made.appointments] == [
        TimeOffOutcome.TIME_OFF_OUTCOME_KEPT,
        TimeOffOutcome.TIME_OFF_OUTCOME_CANCELLED,
    ]
    assert (await status_of(scene, kept), await status_of(scene, cancelled)) == ("scheduled", "cancelled")
    events = "SELECT event, note FROM appointment_events WHERE appointment_id = %s ORDER BY id DESC LIMIT 1"
    assert await scene.book.rows(events, cancelled.id) == [("cancelled", "the doctor is away")]
    [(jobs,)] = await scene.book.rows(
        "SELECT count(*) FROM procrastinate_jobs WHERE args->>'kind' = 'cancellation' AND args->>'appointment_id' = %s",
        cancelled.id,
    )
    assert jobs == 1


async def test_a_hold_in_time_off_ends_without_a_notice(scene: Scene) -> None:
    held = await hold(scene, "09:00")
    made = await make(scene, at("09:00"), at("12:00"), action=CANCEL)
    assert [each.outcome for each in made.appointments] == [TimeOffOutcome.TIME_OFF_OUTCOME_CANCELLED]
    assert await status_of(scene, held) == "expired"
    assert await scene.book.rows("SELECT id FROM procrastinate_jobs WHERE args->>'appointment_id' = %s", held.id) == []


async def test_whoever_has_come_is_kept(scene: Scene) -> None:
    [here] = await booked(scene, "09:00")
    await scene.book.rows("UPDATE appointments SET status = 'checked_in' WHERE id = %s RETURNING id", here.id)
    made = await make(scene, at("09:00"), at("12:00"), action=CANCEL)
    assert made.appointments[0].status == AppointmentStatus.APPOINTMENT_STATUS_CHECKED_IN
    assert await status_of(scene, here) == "checked_in"


async def test_the_account_tells_who_was_kept_cancelled_and_moved_by_now(scene: Scene) -> None:
    moved, cancelled, kept = await booked(scene, "09:00", "09:30", "10:00")
    made = (await make(scene, at("09:00"), at("11:00"))).time_off
    assert (made.kept_count, made.cancelled_count, made.moved_count) == (3, 0, 0)
    await scene.move(moved, "11:30", scene.staff)
    await scene.cancel(cancelled, scene.staff)
    answer = await get(scene, made.id)
    outcomes = {each.appointment_id: TimeOffOutcome.Name(each.outcome)[17:] for each in answer.appointments}
    assert outcomes == {moved.id: "MOVED", cancelled.id: "CANCELLED", kept.id: "KEPT"}
    [row] = (await listed(scene)).time_off
    assert row == answer.time_off
    assert (row.kept_count, row.cancelled_count, row.moved_count, row.reason) == (1, 1, 1, "a course")


async def test_a_cancellation_frees_the_practitioner_at_other_clinics_too(scene: Scene) -> None:
    elsewhere = await scene.book.clinic()
    practitioner_id = await scene.book.practitioner_of(scene.doctor_id)
    there = await scene.book.doctor(elsewhere, practitioner_id=practitioner_id)
    await booked(scene, "09:00")
    assert await scene.free(doctor_id=there) == MORNING[1:]
    await make(scene, at("09:00"), at("10:00"), action=CANCEL)
    assert await scene.free(doctor_id=there) == MORNING


async def test_a_visit_of_a_type_does_not_last_over_time_off_in_a_buffer(scene: Scene) -> None:
    clinic_id = await scene.book.clinic(buffer_minutes=30)
    doctor_id = await scene.book.doctor(clinic_id)
    type_id = await scene.book.appointment_type(clinic_id, 90)
    staff = await scene.worker.client("staff", clinic_ids=[clinic_id])
    assert await scene.free(doctor_id=doctor_id, type_id=type_id) == ["09:00", "10:00"]
    await make(scene, at("09:30"), at("10:00"), staff, doctor_id=doctor_id)
    assert await scene.free(doctor_id=doctor_id) == ["09:00", "10:00", "11:00"]
    assert await scene.free(doctor_id=doctor_id, type_id=type_id) == ["10:00"]


async def test_time_off_is_listed_in_pages_the_latest_first(scene: Scene) -> None:
    made = [(await make(scene, at(time), at("12:00"))).time_off.id for time in ("09:00", "10:00", "11:00")]
    first = await listed(scene, size=2)
    second = await listed(scene, size=2, page_token=first.next_page_token)
    assert [each.id for each in (*first.time_off, *second.time_off)] == made[::-1]
    assert not second.next_page_token


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (at("10:00"), at("10:00"), "end_time"),
        (at("08:00", "2026-03-01"), at("12:00", "2026-03-01"), "end_time"),
        (at("09:00"), at("09:01") + timedelta(days=62), "end_time"),
    ],
)
async def test_time_off_that_is_empty_over_or_too_long_is_refused(
    scene: Scene, start: datetime, end: datetime, field: str
) -> None:
    for call in (make(scene, start, end), preview(scene, start, end)):
        refused = await refusal(call)
        assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", [field])
    assert await make(scene, at("09:00"), at("09:00") + timedelta(days=62))


async def test_the_same_request_twice_is_one_time_off(scene: Scene) -> None:
    request_id = "019ab0c2-7d10-7c3e-9a4f-0242ac12000c"
    first, second = [await make(scene, at("09:00"), at("10:00"), request_id=request_id) for _ in range(2)]
    assert first == second
    assert len((await listed(scene)).time_off) == 1


async def test_time_off_beyond_the_horizon_counts_for_staff_who_book_there(scene: Scene) -> None:
    day = "2026-08-04"
    assert await scene.book_slot("09:00", scene.staff, date=day)
    await make(scene, at("09:30", day), at("12:00", day))
    assert (await refusal(scene.book_slot("09:30", scene.staff, date=day))).reason == "SLOT_NOT_OFFERED"
