"""Patients: registering, changing and finding them, and who may."""

import asyncio
import uuid
from typing import Any

import grpc
import pytest

from tests.fixtures.callers import everyone, refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.worker import Refusal, first_reasons
from tests.rpc.patients import CARD, FILE, NOBODY, get, register, search, update
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.patient_pb2 import Identifier, Patient


async def test_a_registered_patient_is_there_with_location_and_etag(scene: Scene) -> None:
    request = pb.RegisterPatientRequest(
        name="Kato Mei",
        birth_date="2026-03-02",
        phone="+81312345678",
        email="mei@example.org",
        identifiers=[CARD, FILE],
    )
    call = scene.staff.directory.RegisterPatient(request, metadata=scene.staff.metadata)
    patient = (await call).patient
    headers = dict(list(await call.trailing_metadata()))
    assert (headers["location"], headers["etag"]) == (f"/api/patients/{patient.id}", 'W/"1"')
    assert await get(scene.staff, patient.id.upper()) == patient
    assert (patient.name, patient.birth_date, patient.phone) == ("Kato Mei", "2026-03-02", "+81312345678")
    assert (patient.email, list(patient.identifiers), patient.etag) == ("mei@example.org", [FILE, CARD], "1")


async def test_only_the_name_must_be_known(scene: Scene) -> None:
    patient = await register(scene)
    assert (patient.birth_date, patient.phone, patient.email, list(patient.identifiers)) == ("", "", "", [])


async def test_a_write_that_comes_again_gets_its_first_answer(scene: Scene) -> None:
    once: dict[str, Any] = {"request_id": str(uuid.uuid4()), "identifiers": [CARD]}
    twins = await asyncio.gather(*(register(scene, **once) for _ in range(3)))
    assert twins[0] == twins[1] == twins[2]
    assert (await refusal(register(scene, name="Kato M.", **once))).reason == "REQUEST_ID_REUSED"
    request_id = str(uuid.uuid4())
    changed = await update(scene, Patient(phone="+81398765432", etag="1"), request_id=request_id)
    assert await update(scene, Patient(phone="+81398765432", etag="1"), request_id=request_id) == changed


async def test_an_identifier_is_the_same_however_it_is_written(scene: Scene) -> None:
    patient = await register(scene, identifiers=[Identifier(system=" URN:OID:1.2.392", value="Ａ-17 ")])
    assert list(patient.identifiers) == [CARD]
    written = Identifier(system="urn:OID:1.2.392", value="A\u200b-17")
    assert (await refusal(register(scene, identifiers=[written]))).reason == "IDENTIFIER_TAKEN"
    assert list((await search(scene, identifier=written)).patients) == [patient]


async def test_an_identifier_belongs_to_one_patient(scene: Scene) -> None:
    requests = [register(scene, identifiers=[FILE, CARD]) for _ in range(4)]
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert first_reasons(results) == ["IDENTIFIER_TAKEN"] * 3
    fresh = Identifier(system="urn:fresh", value="A-17")
    for call in (register(scene, identifiers=[fresh, CARD]), update(scene, Patient(identifiers=[fresh, CARD]))):
        refused = await refusal(call)
        assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "IDENTIFIER_TAKEN")
        assert refused.metadata == {"system": CARD.system}
        assert CARD.value not in refused.message
    assert list((await get(scene.staff, scene.patient_id)).identifiers) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "\u3000"}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "Mori\nHana"}, "name"),
        ({"name": "Mori\x1b[2J"}, "name"),
        ({"name": "\U0001d159"}, "name"),
        ({"name": "Mo\u200bri"}, "name"),
        ({"name": "Mori\U000e0100"}, "name"),
        ({"name": "42"}, "name"),
        ({"name": "Mori \u202eanaH"}, "name"),
        ({"phone": "+1202555012345"}, "phone"),
        ({"email": "kei,mori@example.com"}, "email"),
        ({"birth_date": "1980-02-30"}, "birth_date"),
        ({"birth_date": "1780-02-03"}, "birth_date"),
        ({"birth_date": "2026-03-03"}, "birth_date"),
        ({"birth_date": "3.3.1980"}, "birth_date"),
        ({"phone": "03-1234-5678"}, "phone"),
        ({"email": "mei"}, "email"),
        ({"identifiers": [CARD, CARD]}, "identifiers"),
        ({"identifiers": [CARD, Identifier(system="URN:oid:1.2.392 ", value="A-17\u200b")]}, "identifiers"),
        ({"identifiers": [Identifier(system="urn:x", value="ﷺ" * 20)]}, "identifiers"),
        ({"identifiers": [Identifier(system="urn:x", value=str(n)) for n in range(21)]}, "identifiers"),
    ],
)
async def test_particulars_that_cannot_be_are_refused_and_not_repeated(
    scene: Scene, fields: dict[str, Any], field: str
) -> None:
    for call, within in ((register(scene, **fields), ""), (update(scene, Patient(**fields), field), "patient.")):
        refused = await refusal(call)
        assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        assert list(refused.violations) == [within + field]
        value = fields[field]
        assert not isinstance(value, str) or not value or value not in refused.message


async def test_a_mask_says_what_changes_and_clears(scene: Scene) -> None:
    await update(scene, Patient(phone="+81312345678", email="ken@example.org"))
    new = Patient(name="No One", email="new@example.org", birth_date="none of your business")
    changed = await update(scene, new, "phone", "email")
    assert (changed.name, changed.birth_date, changed.phone) == ("Sato Ken", "1980-05-17", "")
    assert (changed.email, changed.pending_email, changed.etag) == ("ken@example.org", "new@example.org", "3")
    cleared = await update(scene, Patient(), "birth_date", "email")
    assert (cleared.birth_date, cleared.email) == ("", "")
    assert await get(scene.patient, scene.patient_id) == cleared


async def test_patients_choose_the_language_of_their_notices(scene: Scene) -> None:
    assert (await get(scene.patient, scene.patient_id)).language == "en"
    assert (await update(scene, Patient(language="ja"), caller=scene.patient)).language == "ja"
    assert (await register(scene, language="ja")).language == "ja"
    assert (await refusal(register(scene, language="fr"))).violations.keys() == {"language"}


async def test_without_a_mask_what_is_set_changes_and_identifiers_are_replaced(scene: Scene) -> None:
    first = await update(scene, Patient(name="Sato K.", identifiers=[CARD]))
    assert (first.name, first.birth_date, list(first.identifiers)) == ("Sato K.", "1980-05-17", [CARD])
    assert list((await update(scene, Patient(identifiers=[FILE, CARD]))).identifiers) == [FILE, CARD]
    assert list((await update(scene, Patient(identifiers=[FILE]), "identifiers")).identifiers) == [FILE]
    last = await update(scene, Patient(), "identifiers")
    assert (list(last.identifiers), last.etag) == ([], "5")
    assert await update(scene, last) == last


async def test_changes_of_what_cannot_change_name_the_mask(scene: Scene) -> None:
    for patient, paths in ((Patient(), []), (Patient(), ["id"]), (Patient(), ["etag", "name"])):
        refused = await refusal(update(scene, patient, *paths))
        assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["update_mask"])
        assert "name, birth_date, phone, email, language, identifiers" in refused.message


async def test_an_id_in_the_body_must_be_the_one_in_the_path(scene: Scene) -> None:
    refused = await refusal(update(scene, Patient(id=scene.other_id, phone="+81312345678")))
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["patient.id"])
    changed = await update(scene, Patient(id=scene.patient_id.upper(), phone="+81312345678"))
    assert (changed.id, changed.phone) == (scene.patient_id, "+81312345678")


async def test_of_two_changes_of_what_was_seen_one_is_refused(scene: Scene) -> None:
    changes = [update(scene, Patient(phone=f"+8131234567{n}", etag='W/"1"')) for n in range(4)]
    results = await asyncio.gather(*changes, return_exceptions=True)
    assert first_reasons(results) == ["ETAG_MISMATCH"] * 3
    refused = next(result for result in results if isinstance(result, Refusal))
    assert (refused.code, refused.metadata) == (grpc.StatusCode.ABORTED, {"etag": "2"})


async def test_patients_change_how_they_are_reached_and_nothing_else(scene: Scene) -> None:
    changed = await update(scene, Patient(phone="+81312345678", email="ken@example.org"), caller=scene.patient)
    assert (changed.pending_phone, changed.pending_email) == ("+81312345678", "ken@example.org")
    for patient in (Patient(name="Sato the Great"), Patient(phone="+81312345679", identifiers=[CARD])):
        refused = await refusal(update(scene, patient, caller=scene.patient))
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
    refused = await refusal(update(scene, Patient(phone="+81312345679"), caller=scene.other))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "PATIENT_NOT_FOUND")
    assert (await get(scene.staff, scene.patient_id)) == changed


async def test_who_may_not_know_of_a_patient_finds_none(scene: Scene) -> None:
    await scene.book_slot("09:00")
    sees = {"patient", "doctor", "staff", "staff elsewhere", "admin", "system"}
    edits = sees - {"patient", "doctor", "staff elsewhere"}
    # Whoever may change no patient at all is refused before anything is looked up.
    never = {"doctor", "other doctor", "display"}
    for number, (name, caller) in enumerate((await everyone(scene)).items()):
        renamed = Patient(name=f"Sato {number}")
        calls = [get(caller, scene.patient_id), update(scene, renamed, caller=caller)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        unseen = [] if name in sees else ["NOT_ALLOWED" if name == "display" else "PATIENT_NOT_FOUND"]
        unchanged = [] if name in edits else ["NOT_ALLOWED" if name in sees | never else "PATIENT_NOT_FOUND"]
        if name == "staff elsewhere":
            unchanged = ["REASON_REQUIRED"]
        assert first_reasons(results) == sorted(unseen + unchanged), name
        if name != "display":
            unknown = await refusal(get(caller, NOBODY))
            assert (unknown.reason, unknown.metadata) == ("PATIENT_NOT_FOUND", {"patient_id": NOBODY}), name


async def test_staff_admins_and_systems_register_and_search(scene: Scene) -> None:
    for name, caller in (await everyone(scene)).items():
        calls = [
            register(scene, caller),
            search(scene, caller, name="Sa"),
            search(scene, caller, identifier=CARD),
        ]
        results = await asyncio.gather(*calls, return_exceptions=True)
        permitted = name in {"staff", "staff elsewhere", "admin", "system"}
        assert first_reasons(results) == ([] if permitted else ["NOT_ALLOWED"] * 3), name


async def test_a_doctor_sees_patients_from_booking_until_it_is_called_off(scene: Scene) -> None:
    doctor = await scene.worker.client("doctor", doctor_id=scene.doctor_id)
    assert (await refusal(get(doctor, scene.patient_id))).reason == "PATIENT_NOT_FOUND"
    booked = await scene.book_slot("09:00")
    assert (await get(doctor, scene.patient_id)).name == "Sato Ken"
    assert (await refusal(get(doctor, scene.other_id))).reason == "PATIENT_NOT_FOUND"
    await scene.cancel(booked.appointment)
    assert (await refusal(get(doctor, scene.patient_id))).reason == "PATIENT_NOT_FOUND"


@pytest.mark.parametrize("why", ["deceased", "inactive"])
async def test_a_patient_who_is_no_more_is_marked_and_not_booked(scene: Scene, why: str) -> None:
    before = await scene.book_slot("09:00")
    marked = await update(scene, Patient(deceased=why == "deceased", inactive=why == "inactive"), why)
    assert getattr(marked, why)
    for caller in (scene.patient, scene.staff):
        refused = await refusal(scene.book_slot("10:00", caller))
        assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PATIENT_INACTIVE")
    assert (await refusal(scene.move(before.appointment, "11:00"))).reason == "PATIENT_INACTIVE"
    await scene.cancel(before.appointment)
    await update(scene, Patient(), why)
    await scene.book_slot("10:00")


async def test_a_patient_who_was_merged_points_to_the_entry_that_is_booked(scene: Scene) -> None:
    await scene.book.run("UPDATE patients SET replaced_by = %s WHERE id = %s", scene.other_id, scene.patient_id)
    assert (await refusal(scene.book_slot("10:00"))).reason == "PATIENT_INACTIVE"
    assert (await get(scene.staff, scene.patient_id)).replaced_by == scene.other_id


async def test_the_reading_of_a_name_is_kept_and_changed(scene: Scene) -> None:
    made = await register(scene, name="佐倉 緑", name_kana="サクラ ミドリ")
    assert (await get(scene.staff, made.id)).name_kana == "サクラ ミドリ"
    changed = await update(scene, Patient(name_kana="さくら みどり"), "name_kana", patient_id=made.id)
    assert (changed.name, changed.name_kana) == ("佐倉 緑", "さくら みどり")
    for unfit in ("\u202e", "さ\u200bくら", "42"):
        bad = await refusal(update(scene, Patient(name_kana=unfit), "name_kana", patient_id=made.id))
        assert (bad.reason, list(bad.violations)) == ("INVALID_REQUEST", ["patient.name_kana"])
