"""Doctors, as everyone sees them and staff add and change them."""

import asyncio
import uuid
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from db.postgres.cluster.engines import connection
from db.postgres.directory import practitioners
from tests.fixtures.callers import everyone, refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal, first_reasons
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.doctor_pb2 import Doctor

NOBODY = "019ab0c2-7d10-7c3e-9a4f-0242ac120003"


async def get(scene: Scene, doctor_id: str = "", caller: Client | None = None) -> Doctor:
    request = pb.GetDoctorRequest(doctor_id=doctor_id or scene.doctor_id)
    caller = caller or scene.patient
    response: pb.GetDoctorResponse = await caller(caller.directory.GetDoctor, request)
    return response.doctor


async def create(scene: Scene, caller: Client | None = None, **fields: Any) -> Doctor:
    request = pb.CreateDoctorRequest(**{"clinic_id": scene.clinic_id, "specialty": "Cardiology"} | fields)
    caller = caller or scene.staff
    response: pb.CreateDoctorResponse = await caller(caller.directory.CreateDoctor, request)
    return response.doctor


async def update(
    scene: Scene, doctor: Doctor, *paths: str, caller: Client | None = None, doctor_id: str = "", request_id: str = ""
) -> Doctor:
    request = pb.UpdateDoctorRequest(
        doctor_id=doctor_id or scene.doctor_id,
        doctor=doctor,
        update_mask=FieldMask(paths=paths),
        request_id=request_id,
    )
    caller = caller or scene.staff
    response: pb.UpdateDoctorResponse = await caller(caller.directory.UpdateDoctor, request)
    return response.doctor


async def test_a_new_doctor_is_there_with_location_and_etag(scene: Scene) -> None:
    request = pb.CreateDoctorRequest(clinic_id=scene.clinic_id, name="Abe Daichi", specialty="Cardiology")
    call = scene.staff.directory.CreateDoctor(request, metadata=scene.staff.metadata)
    doctor = (await call).doctor
    headers = dict(list(await call.trailing_metadata()))
    assert (headers["location"], headers["etag"]) == (f"/api/doctors/{doctor.id}", 'W/"1"')
    assert await get(scene, doctor.id.upper()) == doctor
    assert (doctor.name, doctor.specialty, doctor.active) == ("Abe Daichi", "Cardiology", True)
    assert (doctor.clinic.id, doctor.clinic.time_zone, doctor.etag) == (scene.clinic_id, "Asia/Tokyo", "1")


async def test_a_practitioner_is_one_doctor_at_each_clinic(scene: Scene) -> None:
    person = await scene.book.practitioner_of(scene.doctor_id)
    admin = await scene.worker.client("admin")
    second = await create(scene, admin, clinic_id=await scene.book.clinic(), practitioner_id=person.upper())
    assert (second.practitioner_id, second.name) == (person, "Mori Hana")
    refused = await refusal(create(scene, practitioner_id=person))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "DOCTOR_EXISTS")
    assert refused.metadata == {"doctor_id": scene.doctor_id}


async def test_doctors_of_unknown_clinics_and_practitioners_are_not_added(scene: Scene) -> None:
    admin = await scene.worker.client("admin")
    refused = await refusal(create(scene, admin, clinic_id=NOBODY, name="Abe Daichi"))
    assert (refused.reason, refused.metadata) == ("CLINIC_NOT_FOUND", {"clinic_id": NOBODY})
    refused = await refusal(create(scene, practitioner_id=NOBODY))
    assert (refused.reason, refused.metadata) == ("PRACTITIONER_NOT_FOUND", {"practitioner_id": NOBODY})
    assert await scene.book.rows("SELECT count(*) FROM practitioners") == [(1,)]
    both = await refusal(create(scene, name="Abe Daichi", practitioner_id=NOBODY))
    assert both.reason == "INVALID_REQUEST"


async def test_a_write_that_comes_again_gets_its_first_answer(scene: Scene) -> None:
    request_id = str(uuid.uuid4())
    first = await create(scene, name="Abe Daichi", request_id=request_id)
    assert await create(scene, name="Abe Daichi", request_id=request_id) == first
    assert (await refusal(create(scene, name="Abe D.", request_id=request_id))).reason == "REQUEST_ID_REUSED"
    request_id = str(uuid.uuid4())
    change = Doctor(specialty="Surgery", etag="1")
    changed = await update(scene, change, "specialty", request_id=request_id)
    assert await update(scene, change, "specialty", request_id=request_id) == changed
    assert await scene.book.rows("SELECT count(*) FROM doctors") == [(2,)]


async def test_a_mask_says_what_changes(scene: Scene) -> None:
    changed = await update(scene, Doctor(name="No One", specialty="Surgery"), "specialty")
    assert (changed.name, changed.specialty, changed.active, changed.etag) == ("Mori Hana", "Surgery", True, "2")
    assert await get(scene) == changed


async def test_without_a_mask_what_is_set_changes(scene: Scene) -> None:
    changed = await update(scene, Doctor(name="Mori H.", etag='W/"1"'))
    assert (changed.name, changed.specialty, changed.active, changed.etag) == ("Mori H.", "General practice", True, "2")
    again = await update(scene, changed)
    assert again == changed


@pytest.mark.parametrize(
    ("doctor", "paths", "field"),
    [
        (Doctor(name="x"), ["clinic"], "update_mask"),
        (Doctor(name="x"), ["*"], "update_mask"),
        (Doctor(), [], "update_mask"),
        (Doctor(), ["name"], "doctor.name"),
        (Doctor(name="x" * 201), [], "doctor.name"),
        (Doctor(name=" "), [], "doctor.name"),
        (Doctor(specialty="\u3000"), [], "doctor.specialty"),
        (Doctor(specialty="Surg\u200bery"), [], "doctor.specialty"),
        (Doctor(name="Mo\u00adri"), [], "doctor.name"),
        (Doctor(), ["specialty"], "doctor.specialty"),
    ],
)
async def test_a_change_that_cannot_be_made_names_the_field(
    scene: Scene, doctor: Doctor, paths: list[str], field: str
) -> None:
    refused = await refusal(update(scene, doctor, *paths))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert list(refused.violations) == [field]
    if field == "update_mask":
        assert "name, specialty, active" in refused.message


async def test_of_two_changes_of_what_was_seen_one_is_refused(scene: Scene) -> None:
    changes = [update(scene, Doctor(specialty=f"Specialty {n}", etag="1")) for n in range(4)]
    results = await asyncio.gather(*changes, return_exceptions=True)
    assert first_reasons(results) == ["ETAG_MISMATCH"] * 3
    refused = next(result for result in results if isinstance(result, Refusal))
    assert (refused.code, refused.metadata) == (grpc.StatusCode.ABORTED, {"etag": "2"})


async def test_a_new_name_is_the_person_s_at_every_clinic(scene: Scene) -> None:
    person = await scene.book.practitioner_of(scene.doctor_id)
    twin = await scene.book.doctor(await scene.book.clinic(), practitioner_id=person)
    admin = await scene.worker.client("admin")
    await update(scene, Doctor(name="Mori Hanako", specialty="Surgery"), caller=admin)
    found = [await get(scene), await get(scene, twin)]
    assert [(doctor.name, doctor.etag) for doctor in found] == [("Mori Hanako", "2")] * 2
    assert [doctor.specialty for doctor in found] == ["Surgery", "General practice"]


async def test_staff_of_one_clinic_neither_rename_nor_adopt_somebody_of_another(scene: Scene) -> None:
    theirs, third = await scene.book.clinic(), await scene.book.clinic()
    person = await scene.book.practitioner_of(await scene.book.doctor(theirs))
    adopt: dict[str, Any] = {"practitioner_id": person}
    shared = await create(scene, await scene.worker.client("admin"), **adopt)
    both = await scene.worker.client("staff", clinic_ids=[scene.clinic_id, theirs])
    group_desk = await scene.book.account("staff")
    await scene.book.run("UPDATE accounts SET all_clinics = true WHERE id = %s", group_desk)
    everywhere = await scene.worker.client_of(group_desk)
    their_staff = await scene.worker.client("staff", clinic_ids=[theirs, third])
    for attempt in (
        update(scene, Doctor(name="Mallory"), doctor_id=shared.id),
        create(scene, their_staff, clinic_id=third, **adopt),
    ):
        refused = await refusal(attempt)
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
        assert refused.metadata == {"action": "edit_practitioner"}
    assert (await update(scene, Doctor(specialty="Surgery"), doctor_id=shared.id)).name == "Mori Hana"
    for caller in (both, everywhere):
        await update(scene, Doctor(name=f"Mori {caller is both}"), doctor_id=shared.id, caller=caller)


async def test_who_has_left_a_clinic_comes_back_only_with_the_right_at_the_present_ones(scene: Scene) -> None:
    person = await scene.book.practitioner_of(scene.doctor_id)
    await update(scene, Doctor(), "active")
    theirs = await scene.book.clinic()
    their_staff = await scene.worker.client("staff", clinic_ids=[theirs])
    now_there = await create(scene, their_staff, clinic_id=theirs, practitioner_id=person)
    await update(scene, Doctor(name="Mori Hanako"), doctor_id=now_there.id, caller=their_staff)
    refused = await refusal(update(scene, Doctor(active=True)))
    assert refused.metadata == {"action": "edit_practitioner"}
    assert (await update(scene, Doctor(active=True), caller=await scene.worker.client("admin"))).active


async def test_of_two_clinics_that_adopt_somebody_at_once_one_is_refused(scene: Scene) -> None:
    person = await scene.book.practitioner_of(scene.doctor_id)
    await update(scene, Doctor(), "active")
    places = [await scene.book.clinic() for _ in range(4)]
    staff = [await scene.worker.client("staff", clinic_ids=[place]) for place in places]
    results = await asyncio.gather(
        *(create(scene, who, clinic_id=at, practitioner_id=person) for who, at in zip(staff, places, strict=True)),
        return_exceptions=True,
    )
    assert first_reasons(results) == ["NOT_ALLOWED"] * 3


async def test_who_takes_no_more_bookings_offers_none_on_any_day(scene: Scene) -> None:
    booked = await scene.book_slot("10:00")
    assert (await update(scene, Doctor(), "active")).active is False
    day = await scene.slots()
    assert (list(day.slots), day.revision) == ([], booked.revision + 1)
    refused = await refusal(scene.book_slot("11:00"))
    assert refused.reason == "SLOT_NOT_OFFERED"
    [[days, first, last]] = await scene.book.rows(
        "SELECT count(*), min(date)::text, max(date)::text FROM schedule_days"
    )
    assert (days, first, last) == (92, "2026-03-01", "2026-05-31")
    await update(scene, Doctor(active=True), "active")
    assert "11:00" in await scene.free(TUESDAY)
    assert (await scene.slots()).revision == booked.revision + 2


async def test_an_opening_that_meets_a_closing_still_raises_the_days(scene: Scene) -> None:
    person = await scene.book.practitioner_of(scene.doctor_id)
    async with connection(scene.book.engine) as pg:
        await pg.execute("BEGIN")
        await practitioners.lock(pg, person)
        await pg.execute("UPDATE doctors SET active = false")
        opening = asyncio.create_task(update(scene, Doctor(active=True)))
        await until(scene.book.waits_for_a_lock)
        await pg.execute("COMMIT")
    assert (await opening).active
    assert (await scene.slots()).revision == 1


async def test_a_change_of_name_leaves_revisions_alone(scene: Scene) -> None:
    await update(scene, Doctor(name="Mori H.", specialty="Surgery", active=True))
    assert (await scene.slots()).revision == 0


async def test_unknown_doctors_are_not_found(scene: Scene) -> None:
    for call in (get(scene, NOBODY), update(scene, Doctor(name="x"), doctor_id=NOBODY)):
        refused = await refusal(call)
        assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "DOCTOR_NOT_FOUND")
        assert refused.metadata == {"doctor_id": NOBODY}


async def test_staff_of_the_clinic_and_admins_change_doctors_and_all_see_them(scene: Scene) -> None:
    for name, caller in (await everyone(scene)).items():
        assert (await get(scene, caller=caller)).id == scene.doctor_id, name
        calls = [create(scene, caller, name="Abe Daichi"), update(scene, Doctor(specialty=name), caller=caller)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        expected = [] if name in {"staff", "admin"} else ["NOT_ALLOWED"] * 2
        assert first_reasons(results) == expected, name
