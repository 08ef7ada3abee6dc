"""Booking a slot, as a caller sees it."""

from datetime import UTC, datetime

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from server.domain.booking.alternatives import MOST_DOCTORS_ELSEWHERE
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import APPOINTMENT_STATUS_SCHEDULED
from yoyaku.v1.schedule_pb2 import ALTERNATIVE_REASON_SAME_DOCTOR, AlternativeReason

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
    assert {each.reason for each in refused.alternatives.slots} == {ALTERNATIVE_REASON_SAME_DOCTOR}
    assert not any(each.HasField("doctor") for each in refused.alternatives.slots)


async def leave_only_nine_o_clock(scene: Scene) -> None:
    """Take the doctor's time for weeks, but for one slot."""
    off = '{[2026-03-01,"2026-03-03 00:00+00"),["2026-03-03 00:30+00",2026-03-20)}'
    await scene.book.run("UPDATE doctors SET time_off = %s::tstzmultirange WHERE id = %s", off, scene.doctor_id)


async def test_a_doctor_without_any_free_slot_has_alternatives_of_others_that_say_why(scene: Scene) -> None:
    book = scene.book
    colleague, elsewhere = await book.doctor(scene.clinic_id), await book.doctor(await book.clinic("Asia/Seoul"))
    skin = await book.doctor(scene.clinic_id)
    await book.run("UPDATE doctors SET specialty = 'Dermatology' WHERE id = %s", skin)
    await scene.set_hours([("08:00", "12:00")], doctor_id=elsewhere, client=await scene.worker.client("admin"))
    await leave_only_nine_o_clock(scene)
    await scene.book_slot("09:00")
    refused = await refusal(scene.book_slot("09:00", patient_id=scene.other_id))
    assert refused.alternatives
    assert refused.alternatives.doctor_id == scene.doctor_id
    reasons = {each.doctor.id: AlternativeReason.Name(each.reason) for each in refused.alternatives.slots}
    assert reasons == {
        colleague: "ALTERNATIVE_REASON_SAME_SPECIALTY",
        elsewhere: "ALTERNATIVE_REASON_SOONER_ELSEWHERE",
    }
    starts = [each.start_time.seconds for each in refused.alternatives.slots]
    assert starts == sorted(starts)
    first = refused.alternatives.slots[0]
    assert (first.doctor.id, first.time_slot, first.clinic.time_zone) == (elsewhere, "08:00", "Asia/Seoul")
    booked = await scene.book_slot(
        "", doctor_id=elsewhere, date="", start_time=first.start_time, patient_id=scene.other_id
    )
    assert booked.appointment.start_time == first.start_time


async def test_a_refused_booking_looks_at_twenty_doctors_elsewhere_at_most(scene: Scene) -> None:
    clinic = await scene.book.clinic("Asia/Seoul")
    many = [await scene.book.doctor(clinic, [("11:00", "12:00")]) for _ in range(MOST_DOCTORS_ELSEWHERE + 1)]
    *later, soonest = sorted(many)
    await scene.set_hours([("08:00", "09:00")], doctor_id=soonest, client=await scene.worker.client("admin"))
    await leave_only_nine_o_clock(scene)
    await scene.book_slot("09:00")
    for doctors in (set(later), {soonest, *later[1:]}):
        refused = await refusal(scene.book_slot("09:00", patient_id=scene.other_id))
        assert refused.alternatives
        found = {each.doctor.id for each in refused.alternatives.slots}
        assert found <= doctors
        assert (soonest in found) == (soonest in doctors)
        await scene.book.run("UPDATE doctors SET active = false WHERE id = %s", later[0])


async def test_staff_are_offered_nobody_whom_they_may_not_book(scene: Scene) -> None:
    book = scene.book
    await book.doctor(await book.clinic("Asia/Seoul"))
    await leave_only_nine_o_clock(scene)
    await scene.book_slot("09:00")
    refused = await refusal(scene.book_slot("09:00", scene.staff, patient_id=scene.other_id))
    assert refused.alternatives
    assert not refused.alternatives.slots


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
