"""Lists of clinics and doctors."""

import base64
from typing import Any

from tests.fixtures.callers import all_pages, refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.worker import Client
from tests.rpc.test_doctors import create, get, update
from tests.rpc.test_listing import statements
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.doctor_pb2 import Doctor


async def doctors(caller: Client, **fields: Any) -> Any:
    return await caller(caller.directory.ListDoctors, pb.ListDoctorsRequest(**fields))


async def clinics(caller: Client, **fields: Any) -> Any:
    return await caller(caller.directory.ListClinics, pb.ListClinicsRequest(**fields))


async def test_clinics_are_listed_by_name_each_once_with_policies(scene: Scene) -> None:
    for number in range(44):
        await scene.book.clinic(("Europe/London", "Asia/Tokyo")[number % 2], horizon_days=30)
    assert len((await clinics(scene.patient)).clinics) == 20
    found = await all_pages(lambda token: clinics(scene.patient, page_token=token, size=7), lambda page: page.clinics)
    assert len({clinic.id for clinic in found}) == len(found) == 45
    assert [clinic.name for clinic in found] == sorted(clinic.name for clinic in found)
    assert (found[-1].time_zone, found[-1].policy.horizon_days) == ("Europe/London", 30)


async def test_doctors_are_listed_by_name_each_once(scene: Scene) -> None:
    for number in range(44):
        await create(scene, name=f"Doctor {number % 5}")
    found = await all_pages(lambda token: doctors(scene.patient, page_token=token), lambda page: page.doctors)
    assert len({doctor.id for doctor in found}) == len(found) == 45
    assert [(doctor.name, doctor.id) for doctor in found] == sorted((doctor.name, doctor.id) for doctor in found)


async def test_doctors_are_listed_by_clinic_and_specialty_while_active(scene: Scene) -> None:
    elsewhere = await scene.book.doctor(await scene.book.clinic())
    heart = await create(scene, name="Abe Daichi")
    gone = await create(scene, name="Ueda Rin")
    await update(scene, Doctor(), "active", doctor_id=gone.id)

    async def ids(**fields: str) -> list[str]:
        return [doctor.id for doctor in (await doctors(scene.patient, **fields)).doctors]

    assert await ids() == [heart.id, scene.doctor_id, elsewhere]
    assert await ids(clinic_id=scene.clinic_id.upper()) == [heart.id, scene.doctor_id]
    assert await ids(specialty="cardiologY") == [heart.id]
    assert await ids(clinic_id=scene.clinic_id, specialty="General practice") == [scene.doctor_id]
    assert await ids(clinic_id=await scene.book.clinic(), specialty="Cardiology") == []
    refused = await refusal(ids(specialty="cardio"))
    assert refused.reason == "SPECIALTY_NOT_FOUND"
    assert "Cardiology, General practice" in refused.message
    assert not (await get(scene, gone.id)).active


async def test_page_tokens_hold_no_name_and_fit_one_list_only(scene: Scene) -> None:
    await create(scene, name="Abe Daichi")
    token = (await doctors(scene.patient, size=1)).next_page_token
    plain = base64.urlsafe_b64decode(token + "==").decode()
    assert "Abe" not in plain
    forged = base64.urlsafe_b64encode(plain.replace(plain[-10:], "x").encode()).decode()
    for fields in ({"page_token": token, "specialty": "Cardiology"}, {"page_token": forged}, {"page_token": "?"}):
        assert (await refusal(doctors(scene.patient, **fields))).reason == "PAGE_TOKEN_INVALID"
    assert (await refusal(clinics(scene.patient, page_token=token))).reason == "PAGE_TOKEN_INVALID"


async def test_a_list_of_doctors_is_one_statement(scene: Scene) -> None:
    await scene.book.run("CREATE EXTENSION pg_stat_statements")
    await create(scene, name="Abe Daichi")
    await doctors(scene.patient)
    before = await statements(scene)
    assert [doctor.clinic.time_zone for doctor in (await doctors(scene.patient)).doctors] == ["Asia/Tokyo"] * 2
    assert await statements(scene) == before + 1
