"""Booking a slot, as a caller sees it."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import APPOINTMENT_STATUS_SCHEDULED
from yoyaku.v1.schedule_pb2 import CLOSED_REASON_BEYOND_HORIZON

ALL = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


def instant(*parts: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type,misc]
    return stamp


async def test_a_listed_slot_is_booked_and_gone(scene: Scene) -> None:
    assert await scene.free() == ALL
    booked = await scene.book_slot("10:00", reason="cough")
    assert booked.revision == 1
    appointment = booked.appointment
    assert (appointment.patient.name, appointment.doctor.name) == ("Sato Ken", "Mori Hana")
    assert (appointment.date, appointment.time_slot, appointment.reason) == (TUESDAY, "10:00", "cough")
    assert appointment.start_time == instant(2026, 3, 3, 1, 0)
    assert appointment.status == APPOINTMENT_STATUS_SCHEDULED
    day = await scene.slots()
    assert [slot.time_slot for slot in day.slots] == [each for each in ALL if each != "10:00"]
    assert (day.revision, day.epoch, day.time_zone) == (1, 1, "Asia/Tokyo")


async def test_the_answer_of_create_is_what_get_gives(scene: Scene) -> None:
    booked = await scene.book_slot("10:00")
    got = await scene.patient(
        scene.patient.appointments.GetAppointment, pb.GetAppointmentRequest(appointment_id=booked.appointment.id)
    )
    assert (got.appointment, got.revision) == (booked.appointment, booked.revision)


async def test_second_patient_cannot_take_a_booked_slot_and_is_offered_the_nearest(scene: Scene) -> None:
    await scene.book_slot("10:00")
    refused = await refusal(scene.book_slot("10:00", patient_id=scene.other_id))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "SLOT_TAKEN")
    assert refused.metadata == {"doctor_id": scene.doctor_id, "start_time": "2026-03-03T01:00:00Z"}
    assert refused.alternatives
    assert [slot.time_slot for slot in refused.alternatives.slots] == [
        "09:00",
        "09:30",
        "10:30",
        "11:00",
        "11:30",
    ]


async def test_alternatives_reach_into_the_days_around(scene: Scene) -> None:
    doctor = await scene.book.doctor(scene.clinic_id, [("09:00", "09:30")])
    await scene.book_slot("09:00", doctor_id=doctor)
    refused = await refusal(scene.book_slot("09:00", doctor_id=doctor, patient_id=scene.other_id))
    assert refused.alternatives
    starts = [slot.start_time.ToDatetime(UTC).day for slot in refused.alternatives.slots]
    assert starts == [2, 4, 5, 6, 7]


async def test_a_slot_is_booked_by_its_start_time(scene: Scene) -> None:
    booked = await scene.book_slot("", date="", start_time=instant(2026, 3, 3, 2, 30))
    assert booked.appointment.time_slot == "11:30"


@pytest.mark.parametrize(
    "fields",
    [
        {"time_slot": "10:15"},
        {"time_slot": "12:00"},
        {"time_slot": "", "date": "", "start_time": instant(2026, 3, 3, 1, 1)},
    ],
)
async def test_only_offered_slots_are_booked(scene: Scene, fields: dict[str, object]) -> None:
    refused = await refusal(scene.book_slot(**fields))  # type: ignore[arg-type]
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SLOT_NOT_OFFERED")


async def test_a_patient_cannot_be_in_two_places(scene: Scene) -> None:
    elsewhere = await scene.book.doctor(scene.clinic_id, [("09:15", "12:15")])
    await scene.book_slot("10:00")
    refused = await refusal(scene.book_slot("09:45", doctor_id=elsewhere))
    assert refused.reason == "PATIENT_BUSY"
    await scene.book_slot("10:45", doctor_id=elsewhere)


async def test_one_person_at_two_clinics_has_one_time(scene: Scene) -> None:
    person = await scene.book.practitioner_of(scene.doctor_id)
    abroad = await scene.book.clinic("Asia/Seoul")
    twin = await scene.book.doctor(abroad, [("09:15", "12:15")], practitioner_id=person)
    assert "09:15" in await scene.free(doctor_id=twin)
    booked = await scene.book_slot("09:30")
    day = await scene.slots(doctor_id=twin)
    assert [slot.time_slot for slot in day.slots][:1] == ["10:15"]
    assert day.revision == 1
    refused = await refusal(scene.book_slot("09:15", doctor_id=twin, patient_id=scene.other_id))
    assert refused.reason == "SLOT_TAKEN"
    await scene.cancel(booked.appointment)
    day = await scene.slots(doctor_id=twin)
    assert (day.slots[0].time_slot, day.revision) == ("09:15", 2)


async def test_capacity_three_gives_three_seats(scene: Scene) -> None:
    group = await scene.book.doctor(scene.clinic_id, capacity=3)
    for left in (2, 1):
        patient = await scene.book.patient()
        await scene.book_slot("09:00", scene.staff, doctor_id=group, patient_id=patient)
        assert (await scene.slots(doctor_id=group)).slots[0].seats_free == left
    await scene.book_slot("09:00", doctor_id=group)
    refused = await refusal(scene.book_slot("09:00", doctor_id=group, patient_id=scene.other_id))
    assert refused.reason == "SLOT_TAKEN"


async def test_what_a_worker_has_seen_of_a_doctor_decides_nothing(scene: Scene) -> None:
    await scene.book_slot("09:00")
    await scene.set_hours([("09:00", "12:00")], minutes=45)
    refused = await refusal(scene.book_slot("11:30"))
    assert refused.reason == "SLOT_NOT_OFFERED"
    booked = await scene.book_slot("11:15")
    assert booked.appointment.end_time == instant(2026, 3, 3, 3, 0)
    await scene.set_hours([("11:00", "12:00")], minutes=60)
    refused = await refusal(scene.book_slot("11:00"))
    assert refused.reason == "SLOT_TAKEN"


async def test_a_slot_of_a_day_with_room_for_hundreds_is_booked_like_any_other(scene: Scene) -> None:
    crowd = await scene.book.doctor(scene.clinic_id, capacity=40)
    for time_slot, patient_id in (("09:00", scene.patient_id), ("09:00", scene.other_id), ("11:30", scene.other_id)):
        booked = await scene.book_slot(time_slot, scene.staff, doctor_id=crowd, patient_id=patient_id)
        day = await scene.slots(doctor_id=crowd, min_revision=booked.revision)
    assert [slot.seats_free for slot in day.slots] == [38, 40, 40, 40, 40, 39]


async def test_staff_takes_a_patient_into_a_full_slot_with_a_reason_that_is_kept(scene: Scene) -> None:
    await scene.book_slot("10:00")
    fields = {"patient_id": scene.other_id, "override_reason": "acute pain"}
    refused = await refusal(scene.book_slot("10:00", scene.other, **fields))
    assert refused.reason == "NOT_ALLOWED"
    booked = await scene.book_slot("10:00", scene.staff, **fields)
    rows = await scene.book.rows(
        "SELECT seat, event, note FROM appointments a JOIN appointment_events ON appointment_id = a.id WHERE a.id = %s",
        booked.appointment.id,
    )
    assert rows == [(2, "overridden", "acute pain")]


async def test_fewer_seats_than_before_do_not_make_room_when_somebody_leaves(scene: Scene) -> None:
    doctor = await scene.book.doctor(scene.clinic_id, capacity=2)
    first = await scene.book_slot("09:00", doctor_id=doctor)
    await scene.book_slot("09:00", doctor_id=doctor, patient_id=scene.other_id)
    await scene.set_hours([("09:00", "12:00")], doctor_id=doctor)  # with one seat
    await scene.cancel(first.appointment)
    assert "09:00" not in await scene.free(doctor_id=doctor)
    assert await refused(scene, "09:00", doctor_id=doctor) == "SLOT_TAKEN"


async def test_an_override_keeps_the_slot_full_when_the_patient_before_it_leaves(scene: Scene) -> None:
    first = await scene.book_slot("09:00")
    await scene.book_slot("09:00", scene.staff, patient_id=scene.other_id, override_reason="acute pain")
    await scene.cancel(first.appointment)
    assert "09:00" not in await scene.free()
    assert await refused(scene, "09:00") == "SLOT_TAKEN"


async def test_patients_in_one_half_each_of_a_longer_slot_take_one_seat_of_it(scene: Scene) -> None:
    doctor = await scene.book.doctor(scene.clinic_id, capacity=2)
    third = await scene.book.patient()
    await scene.book_slot("09:00", doctor_id=doctor)
    await scene.book_slot("09:30", doctor_id=doctor, patient_id=scene.other_id)
    await scene.set_hours([("09:00", "12:00")], minutes=60, capacity=2, doctor_id=doctor)
    assert (await scene.slots(doctor_id=doctor, min_revision=3)).slots[0].seats_free == 1
    await scene.book_slot("09:00", scene.staff, doctor_id=doctor, patient_id=third)
    assert await refused(scene, "09:00", doctor_id=doctor, patient_id=await scene.book.patient()) == "SLOT_TAKEN"


async def refused(scene: Scene, time_slot: str, **fields: str) -> str:
    """Why staff cannot book a slot for a patient who is free then."""
    patient = {"patient_id": await scene.book.patient()}
    return (await refusal(scene.book_slot(time_slot, scene.staff, **patient | fields))).reason


async def test_policies_of_the_clinic_are_kept(scene: Scene) -> None:
    strict = await scene.book.clinic(min_notice_minutes=60, horizon_days=10, max_per_patient_day=1)
    doctor = await scene.book.doctor(strict)
    today, last, beyond = "2026-03-02", "2026-03-12", "2026-03-13"  # the clock shows 09:00 of today

    async def reason_of(time_slot: str, date: str) -> str:
        refused = await refusal(scene.book_slot(time_slot, doctor_id=doctor, date=date))
        return refused.reason

    assert (await scene.free(today, doctor))[0] == "10:00"
    assert await reason_of("09:30", today) == "TOO_SHORT_NOTICE"
    assert (await scene.slots(beyond, doctor)).closed_reason == CLOSED_REASON_BEYOND_HORIZON
    assert await reason_of("09:00", beyond) == "BEYOND_HORIZON"
    await scene.book_slot("10:00", doctor_id=doctor, date=today)
    assert await reason_of("11:00", today) == "DAILY_LIMIT_REACHED"
    await scene.book_slot("09:00", doctor_id=doctor, date=last)


async def test_a_hold_that_ran_out_makes_way(scene: Scene, clock: Clock) -> None:
    held = await scene.book_slot("10:00", patient_id=scene.other_id)
    await scene.book.run(
        "UPDATE appointments SET status = 'held', held_until = %s WHERE id = %s",
        clock.now + timedelta(minutes=5),
        held.appointment.id,
    )
    await scene.book.run("UPDATE schedule_days SET revision = 2")
    day = await scene.slots(min_revision=2)
    assert "10:00" not in [slot.time_slot for slot in day.slots]
    assert day.valid_until.ToDatetime(UTC) == clock.now + timedelta(minutes=5)
    clock.advance(timedelta(minutes=5))
    assert "10:00" in await scene.free()
    await scene.book_slot("10:00")
    assert await scene.book.rows("SELECT status FROM appointments WHERE id = %s", held.appointment.id) == [("expired",)]


async def test_unknown_doctor_and_patient_are_not_found(scene: Scene) -> None:
    nobody = "019ab0c2-7d10-7c3e-9a4f-0242ac120003"
    refused = await refusal(scene.book_slot("10:00", doctor_id=nobody))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "DOCTOR_NOT_FOUND")
    refused = await refusal(scene.book_slot("10:00", scene.staff, patient_id=nobody))
    assert refused.reason == "PATIENT_NOT_FOUND"
    assert (await scene.slots()).revision == 0


async def test_nobody_books_for_others_without_the_right(scene: Scene) -> None:
    stranger_clinic = await scene.book.clinic()
    callers = {
        "patient": scene.other,
        "staff elsewhere": await scene.worker.client("staff", clinic_ids=[stranger_clinic]),
        "doctor": await scene.worker.client("doctor", doctor_id=scene.doctor_id),
        "admin": await scene.worker.client("admin"),
        "display": await scene.worker.client("display", clinic_ids=[scene.clinic_id]),
    }
    for caller in callers.values():
        refused = await refusal(scene.book_slot("10:00", caller))
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
    system = await scene.worker.client("system", clinic_ids=[scene.clinic_id])
    await scene.book_slot("10:00", system)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"date": "2026-02-30"}, "date"),
        ({"date": "3.3.2026"}, "date"),
        ({"time_slot": "25:00"}, "time_slot"),
        ({"patient_id": "me"}, "patient_id"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "cough\0"}, "reason"),
        ({"reason": "cough\x1b[31m"}, "reason"),
        ({"reason": " \u200b"}, "reason"),
        ({"time_slot": ""}, ""),
        ({"request_id": "1"}, "request_id"),
        ({"start_time": Timestamp(seconds=10**12), "date": "", "time_slot": ""}, "start_time"),
        ({"start_time": instant(9999, 12, 31, 23, 59), "date": "", "time_slot": ""}, "start_time"),
        ({"start_time": instant(1, 1, 1), "date": "", "time_slot": ""}, "start_time"),
    ],
)
async def test_malformed_requests_name_the_field(scene: Scene, fields: dict[str, object], field: str) -> None:
    refused = await refusal(scene.book_slot(**{"time_slot": "10:00"} | fields))  # type: ignore[arg-type]
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert list(refused.violations) == [field]
    assert refused.violations[field]
