"""Doctors who take no more bookings, and still have appointments."""

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.rpc.test_doctors import create, update
from yoyaku.v1.doctor_pb2 import Doctor


async def test_a_clinic_where_somebody_still_has_appointments_has_a_say_in_the_name(scene: Scene) -> None:
    booked = (await scene.book_slot("10:00")).appointment
    person = await scene.book.practitioner_of(scene.doctor_id)
    await update(scene, Doctor(), "active")
    theirs = await scene.book.clinic()
    their_staff = await scene.worker.client("staff", clinic_ids=[theirs])
    refused = await refusal(create(scene, their_staff, clinic_id=theirs, practitioner_id=person))
    assert (refused.reason, refused.metadata) == ("NOT_ALLOWED", {"action": "edit_practitioner"})
    admin = await scene.worker.client("admin")
    shared = await create(scene, admin, clinic_id=theirs, practitioner_id=person)
    refused = await refusal(update(scene, Doctor(name="Mallory"), doctor_id=shared.id, caller=their_staff))
    assert refused.metadata == {"action": "edit_practitioner"}
    assert [each.doctor.name for each in (await scene.list()).appointments] == ["Mori Hana"]
    await scene.cancel(booked)
    renamed = await update(scene, Doctor(name="Mori Hanako"), doctor_id=shared.id, caller=their_staff)
    assert renamed.name == "Mori Hanako"
