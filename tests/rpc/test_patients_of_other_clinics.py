"""Patients of other clinics: changed with a reason, which the patient reads, and never in silence."""

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

import grpc
import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.people import EMAIL, People
from tests.fixtures.worker import Client
from tests.rpc.patients import get
from tests.rpc.test_contacts import confirm, kinds
from yoyaku.v1 import appointment_service_pb2 as appointments
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


@dataclass
class Clinic:
    """Another clinic, with a doctor."""

    scene: Scene
    id: str
    doctor_id: str

    async def staff(self) -> Client:
        return await self.scene.worker.client("staff", clinic_ids=[self.id])

    async def book(self, caller: Client, time_slot: str = "11:00") -> Any:
        return (await self.scene.book_slot(time_slot, caller, doctor_id=self.doctor_id)).appointment


@pytest.fixture
async def clinic(known: Scene) -> Clinic:
    """A clinic where the patient has never been."""
    clinic_id = await known.book.clinic()
    return Clinic(known, clinic_id, await known.book.doctor(clinic_id))


async def test_booking_a_patient_makes_nobody_the_clinics_patient(known: Scene, clinic: Clinic) -> None:
    staff = await clinic.staff()
    booked = await clinic.book(staff)
    assert (await refusal(change(known, staff, name="Mallory"))).reason == "REASON_REQUIRED"
    await known.move(booked, "11:30", staff, doctor_id=clinic.doctor_id)
    assert (await refusal(change(known, staff, name="Mallory"))).reason == "REASON_REQUIRED"
    await known.cancel(booked, staff)
    assert (await refusal(change(known, staff, name="Mallory"))).reason == "REASON_REQUIRED"


async def test_who_books_at_a_clinic_is_its_patient_until_it_is_cancelled(known: Scene, clinic: Clinic) -> None:
    staff = await clinic.staff()
    booked = await clinic.book(known.patient)
    assert (await change(known, staff, name="Sato K.")).name == "Sato K."
    await known.cancel(booked)
    assert (await refusal(change(known, staff, name="Mallory"))).reason == "REASON_REQUIRED"


async def test_who_confirms_a_hold_is_a_patient_of_its_clinic_as_who_books(known: Scene, clinic: Clinic) -> None:
    staff = await clinic.staff()
    hold = appointments.HoldSlotRequest(
        patient_id=known.patient_id, doctor_id=clinic.doctor_id, date=TUESDAY, time_slot="10:00"
    )
    held = (await known.patient(known.patient.appointments.HoldSlot, hold)).appointment
    assert (await refusal(change(known, staff, name="Mallory"))).reason == "REASON_REQUIRED"
    confirmation = appointments.ConfirmHoldRequest(appointment_id=held.id)
    await known.patient(known.patient.appointments.ConfirmHold, confirmation)
    assert (await change(known, staff, name="Sato K.")).name == "Sato K."


async def test_who_came_to_a_clinic_is_its_patient_a_day_later(known: Scene, clinic: Clinic, clock: Clock) -> None:
    start = (await clinic.book(await clinic.staff())).start_time.ToDatetime(UTC)
    clock.now = start + timedelta(hours=24)
    assert (await refusal(change(known, await clinic.staff(), name="Mallory"))).reason == "REASON_REQUIRED"
    clock.advance(timedelta(seconds=1))
    assert (await change(known, await clinic.staff(), name="Sato K.")).name == "Sato K."


async def test_an_imported_appointment_makes_the_patient_the_clinics(known: Scene, clinic: Clinic) -> None:
    staff = await clinic.staff()
    booked = await clinic.book(staff)
    await known.book.run("UPDATE appointment_events SET event = 'imported' WHERE appointment_id = %s", booked.id)
    assert (await change(known, staff, name="Sato K.")).name == "Sato K."


async def test_a_patient_of_a_clinic_stays_so_when_the_appointment_is_called_off(known: Scene) -> None:
    for booked in (await known.list()).appointments:
        await known.cancel(booked)
    assert (await refusal(change(known, await elsewhere(known), name="Mallory"))).reason == "REASON_REQUIRED"
    assert (await change(known, known.staff, name="Sato K.")).name == "Sato K."


async def test_codes_of_other_clinics_patients_are_not_compared(known: Scene, clinic: Clinic) -> None:
    staff = await clinic.staff()
    await change(known, staff, WHY, email="mallory@example.org")
    for stranger in (staff, await elsewhere(known, "system")):
        refused = await refusal(confirm(known, "123456", stranger))
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
    assert await known.book.rows("SELECT tries FROM contact_changes") == [(0,)]


async def test_strangers_do_not_use_up_the_codes_of_a_patient(known: Scene) -> None:
    stranger = await elsewhere(known)
    for number in range(5):
        await change(known, stranger, WHY, email=f"mallory{number}@example.org")
    refused = await refusal(change(known, stranger, WHY, email="mallory@example.org"))
    assert refused.reason == "TOO_MANY_ATTEMPTS"
    assert (await change(known, known.patient, email="new@example.org")).pending_email == "new@example.org"
    assert (await change(known, known.staff, phone="+819011112222")).phone == "+819011112222"


@pytest.mark.parametrize("reason", [".", "x", "xxxx", "-- --", "?!", "42", "痛"])
async def test_a_reason_that_says_nothing_is_refused(known: Scene, reason: str) -> None:
    refused = await refusal(change(known, await elsewhere(known), reason, name="Mallory"))
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["reason"])
    booking = known.book_slot("09:00", known.staff, patient_id=known.other_id, override_reason=reason)
    refused = await refusal(booking)
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["override_reason"])


async def test_who_signs_in_is_no_patient_of_just_any_clinic(scene: Scene, people: People) -> None:
    await people.join()
    assert (await refusal(change(scene, scene.staff, name="Mallory"))).reason == "REASON_REQUIRED"
    assert (await change(scene, scene.staff, WHY, name="Sato K.")).name == "Sato K."
    assert (await change(scene, people.admin, name="Sato Ken")).name == "Sato Ken"
    await scene.book_slot("09:00")
    assert (await change(scene, scene.staff, name="Sato K.")).name == "Sato K."


async def test_who_signs_in_is_told_there_too(scene: Scene, people: People) -> None:
    await people.join()
    await change(scene, scene.staff, WHY, name="Sato K.")
    assert await kinds(scene) == [("details_changed", EMAIL)]
    await change(scene, people.admin, email="desk@example.org")
    await change(scene, scene.staff, WHY, name="Sato Ken")
    assert [to for _, to in await kinds(scene)] == ["desk@example.org", EMAIL, EMAIL]


async def test_whom_no_clinic_has_seen_any_staff_may_correct(scene: Scene) -> None:
    assert (await change(scene, await elsewhere(scene), phone="+81312345678")).phone == "+81312345678"
