"""Patients of other clinics: changed with a reason, which the patient reads, and never in silence."""

from typing import Any

import grpc
import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.worker import Client
from tests.rpc.test_contacts import kinds
from tests.rpc.test_patients import get
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1 import record_service_pb2 as records
from yoyaku.v1.patient_pb2 import Patient
from yoyaku.v1.record_pb2 import RecordAccessBasis as Basis
from yoyaku.v1.record_pb2 import RecordAccessKind as Kind

WHY = "the name on the passport"
MAIL = "ken@example.org"


async def change(scene: Scene, caller: Client, reason: str = "", **fields: Any) -> Patient:
    request = pb.UpdatePatientRequest(patient_id=scene.patient_id, patient=Patient(**fields), reason=reason)
    response: pb.UpdatePatientResponse = await caller(caller.directory.UpdatePatient, request)
    return response.patient


@pytest.fixture
async def known(scene: Scene) -> Scene:
    """The scene, with a patient who can be reached and has an appointment there."""
    await change(scene, scene.staff, email=MAIL)
    await scene.book_slot("09:00")
    return scene


async def elsewhere(scene: Scene, role: str = "staff", *clinics: str) -> Client:
    return await scene.worker.client(role, clinic_ids=[await scene.book.clinic(), *clinics])


@pytest.mark.parametrize("role", ["staff", "system"])
async def test_without_a_reason_nobody_elsewhere_changes_anything(known: Scene, role: str) -> None:
    stranger = await elsewhere(known, role)
    for fields in ({"name": "Mallory"}, {"phone": "+81312345678"}, {"language": "ja"}):
        refused = await refusal(change(known, stranger, **fields))
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "REASON_REQUIRED")
    assert list((await refusal(change(known, stranger, "\u3000", name="Mallory"))).violations) == ["reason"]
    assert (await get(known.staff, known.patient_id)).name == "Sato Ken"


@pytest.mark.parametrize("role", ["staff", "system"])
async def test_with_a_reason_it_is_kept_and_the_patient_told_at_the_address_until_now(known: Scene, role: str) -> None:
    stranger = await elsewhere(known, role)
    changed = await change(known, stranger, WHY, name="Sato Kenji", email="mallory@example.org")
    assert (changed.name, changed.email, changed.pending_email) == ("Sato Kenji", MAIL, "mallory@example.org")
    assert ("details_changed", MAIL) in await kinds(known)
    request = records.ListRecordAccessRequest(patient_id=known.patient_id)
    log = await known.patient(known.patient.records.ListRecordAccess, request)
    [entry] = log.accesses
    assert (entry.kind, entry.basis) == (Kind.RECORD_ACCESS_KIND_PATIENT_CHANGED, Basis.RECORD_ACCESS_BASIS_REASON)
    assert (entry.reason, bool(entry.account_id)) == (f"email, name: {WHY}", True)


async def test_what_changes_nothing_is_neither_kept_nor_told(known: Scene) -> None:
    before = await kinds(known)
    await change(known, await elsewhere(known), WHY, name="Sato Ken")
    assert await kinds(known) == before
    assert await known.book.rows("SELECT FROM record_audit") == []


async def test_first_contacts_that_strangers_take_down_are_confirmed_first(known: Scene) -> None:
    changed = await change(known, await elsewhere(known), WHY, phone="+819011112222")
    assert (changed.phone, changed.pending_phone) == ("", "+819011112222")


async def test_staff_of_the_patients_clinics_admins_and_the_patient_need_no_reason(known: Scene) -> None:
    both = await elsewhere(known, "staff", known.clinic_id)
    group_desk = await known.book.account("staff")
    await known.book.run("UPDATE accounts SET all_clinics = true WHERE id = %s", group_desk)
    callers = (known.staff, both, await known.worker.client("admin"), await known.worker.client_of(group_desk))
    for number, caller in enumerate(callers):
        assert (await change(known, caller, name=f"Sato Ken {number}")).name == f"Sato Ken {number}"
    assert (await change(known, known.patient, language="ja")).language == "ja"
    assert not {kind for kind, _ in await kinds(known)} & {"details_changed"}


async def test_an_appointment_that_was_called_off_makes_nobody_the_clinics_patient(known: Scene) -> None:
    clinic_id = await known.book.clinic()
    staff = await known.worker.client("staff", clinic_ids=[clinic_id])
    theirs = await known.book.doctor(clinic_id)
    booked = await known.book_slot("11:00", staff, doctor_id=theirs)
    assert (await change(known, staff, name="Sato K.")).name == "Sato K."
    await known.cancel(booked.appointment, staff)
    assert (await refusal(change(known, staff, name="Mallory"))).reason == "REASON_REQUIRED"


async def test_whom_no_clinic_has_seen_any_staff_may_correct(scene: Scene) -> None:
    assert (await change(scene, await elsewhere(scene), phone="+81312345678")).phone == "+81312345678"
