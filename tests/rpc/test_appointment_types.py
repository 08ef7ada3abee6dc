"""Types of appointment: longer than a slot, with a buffer of their own, and not for everybody."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from server.domain.booking.appointment_types import MOST_OF_CLINIC
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.worker import Refusal
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.appointment_type_pb2 import AppointmentType


async def create(scene: Scene, name: str = "First visit", minutes: int = 60, **fields: Any) -> AppointmentType:
    request = pb.CreateAppointmentTypeRequest(clinic_id=scene.clinic_id, name=name, minutes=minutes, **fields)
    answer = await scene.staff(scene.staff.schedules.CreateAppointmentType, request)
    created: AppointmentType = answer.appointment_type
    return created


async def update(scene: Scene, type_id: str, **fields: Any) -> AppointmentType:
    request = pb.UpdateAppointmentTypeRequest(
        appointment_type_id=type_id,
        appointment_type=AppointmentType(**fields),
        update_mask=FieldMask(paths=[each for each in fields if each != "etag"]),
    )
    answer = await scene.staff(scene.staff.schedules.UpdateAppointmentType, request)
    changed: AppointmentType = answer.appointment_type
    return changed


async def test_a_long_visit_takes_all_the_slots_that_it_spans(scene: Scene) -> None:
    hour = await scene.book.appointment_type(scene.clinic_id, minutes=60, name="Hour")
    booked = await scene.book_slot("09:30", appointment_type_id=hour)
    assert (booked.appointment.end_time.seconds - booked.appointment.start_time.seconds) == 3600
    assert (booked.appointment.appointment_type.id, booked.appointment.appointment_type.name) == (hour, "Hour")
    assert await scene.free() == ["09:00", "10:30", "11:00", "11:30"]
    [listed] = (await scene.list()).appointments
    assert listed == booked.appointment


async def test_a_long_visit_is_offered_where_all_its_slots_are_free_to_the_end(scene: Scene) -> None:
    hour = await scene.book.appointment_type(scene.clinic_id, minutes=60)
    await scene.book_slot("10:00")
    slots = (await scene.slots(type_id=hour)).slots
    assert [slot.time_slot for slot in slots] == ["09:00", "10:30", "11:00"]
    assert {slot.end_time.seconds - slot.start_time.seconds for slot in slots} == {3600}
    refused = await refusal(scene.book_slot("09:30", scene.other, patient_id=scene.other_id, appointment_type_id=hour))
    assert refused.reason == "SLOT_TAKEN"
    assert refused.alternatives
    assert [slot.time_slot for slot in refused.alternatives.slots][-3:] == ["09:00", "10:30", "11:00"]
    over_the_end = await refusal(
        scene.book_slot("11:30", scene.other, patient_id=scene.other_id, appointment_type_id=hour)
    )
    assert over_the_end.reason == "SLOT_NOT_OFFERED"


async def test_a_visit_never_spans_a_break(scene: Scene) -> None:
    doctor_id = await scene.book.doctor(scene.clinic_id, [("09:00", "10:00"), ("10:30", "11:30")])
    long = await scene.book.appointment_type(scene.clinic_id, minutes=45)
    assert await scene.free(doctor_id=doctor_id, type_id=long) == ["09:00", "10:30"]


async def test_heads_count_and_not_seats_for_a_long_visit(scene: Scene) -> None:
    hour = await scene.book.appointment_type(scene.clinic_id, minutes=60)
    doctor_id = await scene.book.doctor(scene.clinic_id, capacity=2)
    await scene.book_slot("09:00", scene.other, patient_id=scene.other_id, doctor_id=doctor_id)
    leaving = await scene.book_slot("09:30", doctor_id=doctor_id)
    await scene.book_slot("09:30", scene.staff, patient_id=await scene.book.patient(), doctor_id=doctor_id)
    await scene.cancel(leaving.appointment)
    # Two patients on two seats, but never at the same time.
    assert (await scene.free(doctor_id=doctor_id, type_id=hour))[0] == "09:00"
    await scene.book_slot("09:00", doctor_id=doctor_id, appointment_type_id=hour)
    assert (await scene.free(doctor_id=doctor_id))[0] == "10:00"


async def test_the_buffer_of_a_type_keeps_the_time_after_it_free(scene: Scene) -> None:
    scan = await scene.book.appointment_type(scene.clinic_id, minutes=30, buffer_minutes=15)
    await scene.book_slot("09:00", appointment_type_id=scan)
    assert (await scene.free())[0] == "10:00"
    await scene.book_slot("10:30", scene.other, patient_id=scene.other_id)
    assert await scene.free(type_id=scan) == ["11:00", "11:30"]  # at 10:00 its buffer would meet the visit at 10:30


async def test_a_search_finds_where_a_long_visit_fits(scene: Scene) -> None:
    long = await scene.book.appointment_type(scene.clinic_id, minutes=90)
    await scene.book_slot("10:00")
    request = pb.SearchAvailableSlotsRequest(
        clinic_id=scene.clinic_id, from_date=TUESDAY, to_date=TUESDAY, appointment_type_id=long
    )
    found = (await scene.patient(scene.patient.schedules.SearchAvailableSlots, request)).slots
    assert [each.slot.time_slot for each in found] == ["10:30"]


async def test_a_moved_appointment_keeps_its_type_and_length(scene: Scene) -> None:
    hour = await scene.book.appointment_type(scene.clinic_id, minutes=60)
    booked = await scene.book_slot("09:00", appointment_type_id=hour)
    await scene.book_slot("11:00", scene.other, patient_id=scene.other_id)
    assert (await refusal(scene.move(booked.appointment, "10:30"))).reason == "SLOT_TAKEN"
    moved = (await scene.move(booked.appointment, "09:30")).appointment
    assert (moved.end_time.seconds - moved.start_time.seconds, moved.appointment_type.id) == (3600, hour)
    assert await scene.free() == ["09:00", "10:30", "11:30"]
    elsewhere = await scene.book.doctor(await scene.book.clinic())
    refused = await refusal(scene.move(moved, "09:00", doctor_id=elsewhere))
    assert refused.reason == "APPOINTMENT_TYPE_NOT_FOUND"


async def test_a_long_visit_follows_the_clock_when_it_is_put_forward(scene: Scene) -> None:
    """In New York 02:00 to 03:00 does not exist on 2026-03-08: 01:30 is followed by 03:00."""
    clinic_id = await scene.book.clinic("America/New_York")
    doctor_id = await scene.book.doctor(clinic_id, [("01:00", "04:00")])
    hour = await scene.book.appointment_type(clinic_id, minutes=60)
    slots = (await scene.slots("2026-03-08", doctor_id, type_id=hour)).slots
    assert [slot.time_slot for slot in slots] == ["01:00", "01:30", "03:00"]
    assert {slot.end_time.seconds - slot.start_time.seconds for slot in slots} == {3600}


async def test_only_staff_book_a_type_for_staff(scene: Scene) -> None:
    surgery = await scene.book.appointment_type(scene.clinic_id, staff_only=True)
    refused = await refusal(scene.book_slot("09:00", appointment_type_id=surgery))
    assert (refused.reason, refused.metadata["rule"]) == ("APPOINTMENT_TYPE_NOT_OFFERED", "staff_only")
    await scene.book_slot("09:00", scene.staff, appointment_type_id=surgery)


async def test_who_was_here_is_no_new_patient_unless_all_was_called_off(scene: Scene) -> None:
    first = await scene.book.appointment_type(scene.clinic_id, minutes=30, audience="new")
    again = await scene.book.appointment_type(scene.clinic_id, minutes=30, audience="known")
    refused = await refusal(scene.book_slot("09:00", appointment_type_id=again))
    assert (refused.reason, refused.metadata["rule"]) == ("APPOINTMENT_TYPE_NOT_OFFERED", "known_patients")
    booked = await scene.book_slot("09:00", appointment_type_id=first)
    refused = await refusal(scene.book_slot("10:00", appointment_type_id=first))
    assert (refused.reason, refused.metadata["rule"]) == ("APPOINTMENT_TYPE_NOT_OFFERED", "new_patients")
    await scene.book_slot("10:00", appointment_type_id=again)
    await scene.book_slot("10:30", scene.staff, appointment_type_id=first)  # staff know whom they book
    for appointment in (await scene.list()).appointments:
        await scene.cancel(appointment)
    assert (await scene.book_slot("11:00", appointment_type_id=first)).appointment.id != booked.appointment.id


async def test_a_type_of_another_clinic_is_not_found(scene: Scene) -> None:
    elsewhere = await scene.book.appointment_type(await scene.book.clinic())
    for type_id in (elsewhere, str(uuid4())):
        assert (await refusal(scene.book_slot("09:00", appointment_type_id=type_id))).reason == (
            "APPOINTMENT_TYPE_NOT_FOUND"
        )
        assert (await refusal(scene.slots(type_id=type_id))).reason == "APPOINTMENT_TYPE_NOT_FOUND"


async def test_staff_add_and_change_types_and_booked_ones_stay(scene: Scene) -> None:
    created = await create(scene, "First visit", name_ja="初診", buffer_minutes=10)
    booked = (await scene.book_slot("09:00", appointment_type_id=created.id)).appointment
    assert (await refusal(create(scene, "First visit"))).reason == "APPOINTMENT_TYPE_EXISTS"
    changed = await update(scene, created.id, minutes=30, active=False, etag=created.etag)
    assert (changed.minutes, changed.active, changed.name_ja, changed.buffer_minutes) == (30, False, "初診", 10)
    assert (await refusal(update(scene, created.id, minutes=45, etag=created.etag))).reason == "ETAG_MISMATCH"
    request = pb.ListAppointmentTypesRequest(clinic_id=scene.clinic_id)
    listed = await scene.patient(scene.patient.schedules.ListAppointmentTypes, request)
    assert list(listed.appointment_types) == [changed]
    [kept] = (await scene.list()).appointments
    assert kept == booked
    refused = await refusal(scene.book_slot("10:30", appointment_type_id=created.id))
    assert (refused.reason, refused.metadata["rule"]) == ("APPOINTMENT_TYPE_NOT_OFFERED", "inactive")


@pytest.mark.parametrize("fields", [{"minutes": 4}, {"minutes": 481}, {"name": ""}, {"buffer_minutes": 241}])
async def test_values_out_of_range_are_refused_when_a_type_is_added_and_when_it_is_changed(
    scene: Scene, fields: dict[str, Any]
) -> None:
    created = await create(scene)
    assert (await refusal(create(scene, **{"name": "Other"} | fields))).reason == "INVALID_REQUEST"
    assert (await refusal(update(scene, created.id, **fields))).reason == "INVALID_REQUEST"


async def test_a_clinic_has_so_many_types_at_most_also_if_two_add_one_at_once(scene: Scene) -> None:
    await scene.book.run(
        "INSERT INTO appointment_types (id, clinic_id, name, name_ja, minutes, buffer_minutes, staff_only, audience,"
        " active, version, resource_kinds, created_at, updated_at)"
        " SELECT gen_random_uuid(), %s, 'Type ' || number, '', 30, 0, false, 'all', false, 1, '{}', now(), now()"
        " FROM generate_series(1, %s) AS number",
        scene.clinic_id, MOST_OF_CLINIC - 1,
    )  # fmt: skip
    both = await asyncio.gather(*(create(scene, name) for name in ("A", "B")), return_exceptions=True)
    [refused] = [each for each in both if isinstance(each, Refusal)]
    assert refused.reason == "INVALID_REQUEST"
    assert "has 200 types of appointment" in str(refused.violations)
