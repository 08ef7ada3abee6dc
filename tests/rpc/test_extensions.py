"""Phone numbers with an extension: kept, searched, and never sent a text message."""

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.rpc.patients import get, names, register, update
from yoyaku.v1.patient_pb2 import Patient

SWITCHBOARD = "+81312345678;ext=12"


async def test_a_number_with_an_extension_is_kept_and_found_by_its_last_digits(scene: Scene) -> None:
    patient = await register(scene, phone=SWITCHBOARD)
    assert patient.phone == (await get(scene.staff, patient.id)).phone == SWITCHBOARD
    assert await names(scene, phone="5678") == ["Kato Mei"]


async def test_it_gets_neither_codes_nor_warnings(scene: Scene) -> None:
    patient = await register(scene, phone=SWITCHBOARD)
    changed = await update(scene, Patient(phone="+819012345678"), patient_id=patient.id)
    assert (changed.phone, changed.pending_phone) == (SWITCHBOARD, "+819012345678")
    refused = await refusal(update(scene, Patient(phone="+81312345678;ext=13"), patient_id=patient.id))
    assert refused.reason == "INVALID_REQUEST"
    assert await scene.book.rows("SELECT kind, recipient FROM notifications") == [("contact_code", "+819012345678")]
