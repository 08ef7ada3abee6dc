"""The client against a real worker: every method, and the errors that it can be brought to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import grpc
import pytest

import yoyaku
from tests.fixtures.book import Clock
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku import Client
from yoyaku.v1.appointment_pb2 import AppointmentStatus
from yoyaku.v1.patient_pb2 import Identifier
from yoyaku.v1.schedule_pb2 import Session, Weekday

DAY = date(2026, 3, 3)
NOBODY = "019ab0c2-7d10-7c3e-9a4f-0242ac120003"


async def signed_in(scene: Scene, role: str, **owned: Any) -> Client:
    """A client with a new account of that role."""
    token = await scene.worker.parts.tokens.issue(await scene.book.account(role, **owned))
    return Client(f"http://{scene.worker.address}", token=token)


@pytest.fixture
async def patient(scene: Scene) -> AsyncIterator[Client]:
    """The client of the scene's patient."""
    async with await signed_in(scene, "patient", patient_id=scene.patient_id) as client:
        yield client


@pytest.fixture
async def staff(scene: Scene) -> AsyncIterator[Client]:
    """The client of the staff of the scene's clinic."""
    async with await signed_in(scene, "staff", clinic_ids=[scene.clinic_id]) as client:
        yield client


async def test_many_are_moved_and_called_off_at_once_with_a_result_each(scene: Scene, staff: Client) -> None:
    booked = [(await scene.book_slot("09:00")).appointment, (await scene.book_slot("09:30")).appointment]
    moves = [staff.reschedule_request(each.id, date=DAY, time_slot=time(9, 30)) for each in booked]
    refused, stayed = (await staff.batch_reschedule(moves)).results
    error = yoyaku.error_of_status(refused.error)
    assert isinstance(error, yoyaku.SlotTaken)
    assert error.alternatives
    assert error.message == refused.error.message
    assert stayed.rescheduled.appointment == booked[1]
    results = (await staff.batch_cancel([each.id for each in booked], reason="fire")).results
    assert [each.HasField("cancelled") for each in results] == [True, True]


async def test_a_slot_is_found_booked_moved_and_given_back(scene: Scene, patient: Client) -> None:
    day = await patient.list_available_slots(scene.doctor_id, DAY)
    slot = day.slots[2]
    booked = await patient.create_appointment(
        patient_id=scene.patient_id, doctor_id=scene.doctor_id, start=slot.start_time, reason="cough"
    )
    assert (booked.appointment.time_slot, booked.revision) == ("10:00", 1)
    seen = await patient.get_appointment(booked.appointment.id)
    assert seen.appointment == booked.appointment
    moved = await patient.reschedule_appointment(
        booked.appointment.id, date=DAY, time_slot=time(11, 30), etag=booked.appointment.etag
    )
    assert (moved.appointment.id, moved.appointment.time_slot) == (booked.appointment.id, "11:30")
    cancelled = await patient.cancel_appointment(booked.appointment.id, reason="better")
    assert cancelled.appointment.status == AppointmentStatus.APPOINTMENT_STATUS_CANCELLED
    after = await patient.list_available_slots(scene.doctor_id, TUESDAY, min_revision=cancelled.revision)
    assert after.slots == day.slots


async def test_a_slot_has_a_name_on_the_wall_and_one_in_time(scene: Scene, patient: Client) -> None:
    whom: dict[str, Any] = {"patient_id": scene.patient_id, "doctor_id": scene.doctor_id}
    first = await patient.create_appointment(**whom, date=DAY, time_slot="09:00")
    second = await patient.create_appointment(**whom, start=datetime(2026, 3, 3, 0, 30, tzinfo=UTC))
    assert (first.appointment.time_slot, second.appointment.time_slot) == ("09:00", "09:30")
    with pytest.raises(ValueError, match="no time zone"):
        await patient.create_appointment(**whom, start=datetime(2026, 3, 3, 0, 30))
    with pytest.raises(TypeError, match="give a date"):
        await patient.list_available_slots(scene.doctor_id, datetime(2026, 3, 3, tzinfo=UTC))


async def test_all_pages_are_followed(scene: Scene, staff: Client) -> None:
    booked = [(await scene.book_slot(slot)).appointment.id for slot in ("09:00", "09:30", "10:00", "10:30", "11:00")]
    rows = staff.appointments(doctor_id=scene.doctor_id, date=DAY, size=2)
    assert [row.id async for row in rows] == booked
    latest = staff.appointments(patient_id=scene.patient_id, newest_first=True, size=2)
    assert [row.id async for row in latest] == booked[::-1]
    first = await staff.list_appointments(clinic_id=scene.clinic_id, date=DAY, size=2)
    assert [row.id for row in first.appointments] == booked[:2]
    rest = staff.appointments(clinic_id=scene.clinic_id, date=DAY, size=2, page_token=first.next_page_token)
    assert [row.id async for row in rest] == booked[2:]
    several = await staff.batch_get_appointments([booked[3], booked[0]])
    assert [row.id for row in several.appointments] == [booked[3], booked[0]]
    none = staff.appointments(
        doctor_id=scene.doctor_id, date=DAY, statuses=[AppointmentStatus.APPOINTMENT_STATUS_CANCELLED]
    )
    assert [row async for row in none] == []


async def test_the_directory_is_read_and_changed(scene: Scene, staff: Client) -> None:
    assert [clinic.id async for clinic in staff.clinics()] == [scene.clinic_id]
    created = (await staff.create_doctor(clinic_id=scene.clinic_id, name="Ota Jun", specialty="Cardiology")).doctor
    assert [doctor.id async for doctor in staff.doctors(specialty="Cardiology", size=1)] == [created.id]
    await staff.update_doctor(created.id, specialty="Surgery", etag=created.etag)
    await staff.update_doctor(created.id, active=False)
    changed = (await staff.get_doctor(created.id)).doctor
    assert (changed.name, changed.specialty, changed.active) == ("Ota Jun", "Surgery", False)
    with pytest.raises(yoyaku.EtagMismatch):
        await staff.update_doctor(created.id, name="Ota Ken", etag=created.etag)


async def test_patients_are_registered_changed_and_found(staff: Client) -> None:
    card = Identifier(system="urn:card", value="A-17")
    registered = await staff.register_patient(
        name="Kato Mei", birth_date=date(1990, 2, 3), email="mei@example.org", identifiers=[card]
    )
    patient_id = registered.patient.id
    await staff.update_patient(patient_id, phone="+81312345678", email="")
    patient = (await staff.get_patient(patient_id)).patient
    assert (patient.phone, patient.email, patient.birth_date) == ("+81312345678", "", "1990-02-03")
    assert list(patient.identifiers) == [card]
    assert [each.id async for each in staff.patients(identifier=card)] == [patient_id]
    assert [each.id async for each in staff.patients(name="kato", birth_date=date(1990, 2, 3))] == [patient_id]
    with pytest.raises(yoyaku.AlreadyExists) as taken:
        await staff.register_patient(name="Kato Mai", identifiers=[card])
    assert (taken.value.reason, taken.value.metadata) == ("IDENTIFIER_TAKEN", {"system": "urn:card"})


async def test_working_hours_are_set_and_searched(scene: Scene, staff: Client) -> None:
    session = Session(weekday=Weekday.WEEKDAY_TUESDAY, start="13:00", end="14:00", slot_minutes=30)
    answer = await staff.set_working_hours(scene.doctor_id, valid_from=DAY, sessions=[session])
    assert answer.schedule == (await staff.get_schedule(scene.doctor_id)).schedule
    found = await staff.search_available_slots(
        clinic_id=scene.clinic_id, from_date=DAY, to_date=DAY + timedelta(days=7), limit=3
    )
    assert [(each.date, each.slot.time_slot) for each in found.slots] == [
        ("2026-03-03", "13:00"),
        ("2026-03-03", "13:30"),
        ("2026-03-10", "13:00"),
    ]


async def test_a_taken_slot_comes_with_slots_to_book_instead(scene: Scene, patient: Client) -> None:
    await scene.book_slot("10:00", patient_id=scene.other_id)
    whom: dict[str, Any] = {"patient_id": scene.patient_id, "doctor_id": scene.doctor_id}
    with pytest.raises(yoyaku.SlotTaken) as taken:
        await patient.create_appointment(**whom, date=DAY, time_slot="10:00")
    assert taken.value.time_zone == "Asia/Tokyo"
    nearest = taken.value.alternatives[0]
    booked = await patient.create_appointment(**whom, start=nearest.start_time)
    assert booked.appointment.start_time == nearest.start_time
    with pytest.raises(yoyaku.PatientBusy):
        await patient.create_appointment(
            patient_id=scene.patient_id,
            doctor_id=await scene.book.doctor(scene.clinic_id),
            start=nearest.start_time,
        )


async def test_the_real_server_says_what_is_wrong(scene: Scene, patient: Client) -> None:
    with pytest.raises(yoyaku.InvalidRequest) as invalid:
        await patient.list_available_slots("me", "soon")
    assert set(invalid.value.violations) == {"doctor_id", "date"}
    with pytest.raises(yoyaku.NotFound) as missing:
        await patient.get_doctor(NOBODY)
    assert missing.value.metadata == {"doctor_id": NOBODY}
    assert len(missing.value.request_id) == 32
    with pytest.raises(yoyaku.NotAllowed):
        await patient.register_patient(name="Kato Mei")
    with pytest.raises(yoyaku.Refused) as refused:
        await patient.create_appointment(
            patient_id=scene.patient_id, doctor_id=scene.doctor_id, date=DAY, time_slot="18:00"
        )
    assert refused.value.reason == "SLOT_NOT_OFFERED"


async def test_an_ambiguous_time_comes_with_both(scene: Scene, clock: Clock) -> None:
    clock.now = datetime(2026, 10, 30, 12, 0, tzinfo=UTC)
    clinic_id = await scene.book.clinic("America/New_York")
    doctor_id = await scene.book.doctor(clinic_id, [("01:00", "03:00")])
    async with await signed_in(scene, "staff", clinic_ids=[clinic_id]) as client:
        with pytest.raises(yoyaku.AmbiguousTime) as twice:
            await client.create_appointment(
                patient_id=scene.patient_id, doctor_id=doctor_id, date="2026-11-01", time_slot="01:30"
            )
    starts = [slot.start_time.ToDatetime(UTC).hour for slot in twice.value.alternatives]
    assert starts == [5, 6]


async def test_a_token_that_ends_is_renewed_on_the_way(scene: Scene, clock: Clock) -> None:
    account = await scene.book.account("patient", patient_id=scene.patient_id)
    issued = []

    async def token() -> str:
        issued.append(await scene.worker.parts.tokens.issue(account))
        return issued[-1] or ""

    async with Client(f"http://{scene.worker.address}", token=token) as client:
        await client.get_doctor(scene.doctor_id)
        clock.advance(timedelta(minutes=20))
        await client.get_doctor(scene.doctor_id)
    assert len(issued) == 2


async def test_without_a_token_one_is_asked_to_sign_in(scene: Scene) -> None:
    async with Client(f"http://{scene.worker.address}") as client:
        with pytest.raises(yoyaku.Unauthenticated) as refused:
            await client.get_doctor(scene.doctor_id)
    assert (refused.value.code, refused.value.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")


async def test_many_calls_share_the_channel(scene: Scene, patient: Client) -> None:
    days = await asyncio.gather(*(patient.list_available_slots(scene.doctor_id, DAY) for _ in range(20)))
    assert len({len(day.slots) for day in days}) == 1
