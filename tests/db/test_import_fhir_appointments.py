"""Appointments of an export become appointments under the guard; a second run moves, frees and withdraws them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.usecases.importing.batches import ImportOptions
from tests.db.imported import AT_NINE, HALF_HOUR, PLACES, book_here, kept, said, who
from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    Resource,
    appointment,
    count,
    encounter,
    export,
    load,
    organization,
    patient,
    practitioner,
    role,
)
from tests.fixtures.worker import Worker
from yoyaku.v1 import appointment_service_pb2, schedule_service_pb2


async def test_a_booked_appointment_takes_its_slot(worker: Worker, book: Book, tmp_path: Path) -> None:
    outcome, reports = await load(book, export(tmp_path, a=[*PLACES, appointment(reasonCode=[{"text": "Cough"}])]))
    assert (outcome.new, reports) == (5, [])
    assert await kept(book) == {"a1": ("scheduled", AT_NINE, 1, 1)}
    assert await book.rows(
        "SELECT reason, actor, event FROM appointments JOIN appointment_events ON appointment_id = appointments.id"
    ) == [("Cough", "import-fhir", "imported")]
    [[appointment_id, doctor_id, clinic_id]] = await book.rows("SELECT id, doctor_id, clinic_id FROM appointments")
    staff = await worker.client("staff", clinic_ids=[str(clinic_id)])
    request = schedule_service_pb2.ListAvailableSlotsRequest(doctor_id=str(doctor_id), date="2026-03-03")
    free = await staff(staff.schedules.ListAvailableSlots, request)
    assert free.slots[0].time_slot == "09:30"
    move = appointment_service_pb2.RescheduleAppointmentRequest(
        appointment_id=str(appointment_id), date="2026-03-04", time_slot="09:00"
    )
    assert (await staff(staff.appointments.RescheduleAppointment, move)).appointment.date == "2026-03-04"
    assert await book.rows("SELECT FROM notifications WHERE kind = 'confirmation'") == []


@pytest.mark.parametrize(
    ("status", "here"),
    [
        ("pending", "scheduled"),
        ("booked", "scheduled"),
        ("arrived", "checked_in"),
        ("checked-in", "checked_in"),
        ("fulfilled", "completed"),
        ("cancelled", "cancelled"),
        ("noshow", "no_show"),
    ],
)
@pytest.mark.parametrize("day", ["2020-03-03", "2026-03-03"])
async def test_each_status_becomes_that_of_the_table(
    book: Book, tmp_path: Path, status: str, here: str, day: str
) -> None:
    line = appointment(status=status, start=f"{day}T15:00:00Z", end=f"{day}T15:30:00Z")
    assert await said(book, export(tmp_path, a=[*PLACES, line])) == []
    assert {row[0] for row in (await kept(book)).values()} == {here}


async def test_what_is_no_booking_is_reported(book: Book, tmp_path: Path) -> None:
    lines = [
        appointment("a1", status="proposed", start=None),
        appointment("a2", status="waitlist"),
        appointment("a3", status="entered-in-error"),
        appointment("a4", status="strange"),
        appointment("a5", start=None),
        appointment("a6", participant=who()[1:]),
        appointment("a7", participant=who()[:1]),
        appointment("a8", participant=[*who(), *who("p2")]),
        appointment("a9", participant=who(status="declined")),
        appointment("b1", start="2026-03-03T16:00:00Z", end="2026-03-03T15:00:00Z"),
    ]
    assert await said(book, export(tmp_path, a=[*PLACES, *lines])) == [
        "Appointment/a1: status proposed: it is not booked yet",
        "Appointment/a2: status waitlist: it is not booked yet",
        "Appointment/a3: status entered-in-error describes no appointment",
        "Appointment/a4: status is missing or not one of FHIR R4 or R5",
        "Appointment/a5: start is missing",
        "Appointment/a6: participant names no Patient",
        "Appointment/a7: participant names no Practitioner and no PractitionerRole",
        "Appointment/a8: participant names several Patients",
        "Appointment/a9: participant names no Practitioner and no PractitionerRole",
        "Appointment/b1: it ends before it starts",
    ]


async def test_a_conflict_names_both_sides_and_may_take_an_extra_seat(book: Book, tmp_path: Path) -> None:
    lines = [*PLACES, patient("p2"), appointment("a1"), appointment("a2", participant=who("p2"))]
    directory = export(tmp_path, a=lines)
    assert await said(book, directory) == [
        (
            "Appointment/a2: it conflicts with Appointment/a1: its doctor has no free seat then: free one, or give"
            " --as-overrides, and run again"
        )
    ]
    assert await said(book, directory, options=ImportOptions(as_overrides=True)) == []
    assert await kept(book) == {"a1": ("scheduled", AT_NINE, 1, 1), "a2": ("scheduled", AT_NINE, 2, 1)}
    assert await count(book, "appointment_events WHERE note = 'an extra seat'") == 1


async def test_a_conflict_with_a_booking_of_the_book_names_it(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=PLACES))
    booked = await book_here(book)
    line = appointment(start="2026-03-03T15:15:00Z", end="2026-03-03T15:45:00Z")
    [report] = await said(book, export(tmp_path, a=[*PLACES, line]))
    assert report.startswith(f"Appointment/a1: it conflicts with appointment {booked} of the book: its doctor")


async def test_a_patient_is_in_one_place_at_a_time(book: Book, tmp_path: Path) -> None:
    second = [practitioner("d2", name=[{"text": "Ito Jun"}]), role("r2", practitioner={"reference": "Practitioner/d2"})]
    lines = [*PLACES, *second, appointment("a1"), appointment("a2", participant=who(doctor="Practitioner/d2"))]
    assert await said(book, export(tmp_path, a=lines), options=ImportOptions(as_overrides=True)) == [
        (
            "Appointment/a2: it conflicts with Appointment/a1: its patient has another appointment then: move or cancel"
            " one of the two, and run again"
        )
    ]


async def test_a_doctor_is_at_one_clinic_at_a_time(book: Book, tmp_path: Path) -> None:
    second = [organization("o2"), role("r2", organization={"reference": "Organization/o2"}), patient("p2")]
    there = appointment("a2", participant=who("p2", "PractitionerRole/r2"))
    here = appointment("a1", participant=who(doctor="PractitionerRole/r1"))
    directory = export(tmp_path, a=[*PLACES, *second, here, there])
    [report] = await said(book, directory)
    assert report.startswith("Appointment/a2: it conflicts with Appointment/a1: its doctor has no free seat")
    assert await said(book, directory, options=ImportOptions(as_overrides=True)) == [
        (
            "Appointment/a2: its doctor has an appointment at another clinic then: move or cancel one of the two, and"
            " run again"
        )
    ]


async def test_nobody_who_is_dead_or_inactive_is_booked(book: Book, tmp_path: Path) -> None:
    lines = [*PLACES[:3], patient(deceasedBoolean=True), appointment()]
    [report] = await said(book, export(tmp_path, a=lines))
    assert report.startswith("Appointment/a1: the patient is deceased, inactive or was merged")
    assert await count(book, "appointments") == 0


async def test_a_time_beside_the_grid_comes_in_and_hides_the_slots_that_it_meets(
    worker: Worker, book: Book, tmp_path: Path
) -> None:
    line = appointment(start="2026-03-03T15:15:00Z", end=None, minutesDuration=30)
    assert await said(book, export(tmp_path, a=[*PLACES, line])) == []
    [[doctor_id]] = await book.rows("SELECT doctor_id FROM appointments")
    staff = await worker.client("admin")
    request = schedule_service_pb2.ListAvailableSlotsRequest(doctor_id=str(doctor_id), date="2026-03-03")
    assert (await staff(staff.schedules.ListAvailableSlots, request)).slots[0].time_slot == "10:00"


async def test_a_second_run_moves_and_cancels_what_nobody_touched(book: Book, tmp_path: Path) -> None:
    later = {"start": "2026-03-04T15:00:00Z", "end": "2026-03-04T15:30:00Z"}
    await load(book, export(tmp_path, a=[*PLACES, appointment()]))
    outcome, reports = await load(book, export(tmp_path, a=[*PLACES, appointment(**later)]))
    assert (outcome.changed, outcome.unchanged, reports) == (1, 4, [])
    assert await kept(book) == {"a1": ("scheduled", AT_NINE + timedelta(days=1), 1, 2)}
    assert await book.rows("SELECT date::text, revision FROM schedule_days ORDER BY 1") == [
        ("2026-03-03", 2),
        ("2026-03-04", 1),
    ]
    outcome, _ = await load(book, export(tmp_path, a=[*PLACES, appointment(**later)]))
    assert (outcome.changed, outcome.unchanged) == (0, 5)
    await load(book, export(tmp_path, a=[*PLACES, appointment(**later, status="cancelled")]))
    assert [row[0] for row in (await kept(book)).values()] == ["cancelled"]


async def test_a_move_onto_somebody_else_is_reported_and_the_old_time_kept(book: Book, tmp_path: Path) -> None:
    lines = [*PLACES, patient("p2")]
    at_ten = {"start": "2026-03-03T16:00:00Z", "end": "2026-03-03T16:30:00Z"}
    await load(
        book, export(tmp_path, a=[*lines, appointment("a1"), appointment("a2", participant=who("p2"), **at_ten)])
    )
    [report] = await said(book, export(tmp_path, a=[*lines, appointment("a2", participant=who("p2"))]))
    assert report.startswith("Appointment/a2: it conflicts with Appointment/a1")
    assert (await kept(book))["a2"] == ("scheduled", AT_NINE + 2 * HALF_HOUR, 1, 1)


async def test_what_was_entered_in_error_frees_its_time(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[*PLACES, appointment()]))
    wrong: Resource = {"resourceType": "Appointment", "id": "a1", "status": "entered-in-error"}
    outcome, reports = await load(book, export(tmp_path, a=[wrong]))
    assert (outcome.changed, reports) == (1, [])
    await book_here(book)  # the seat is free
    outcome, reports = await load(book, export(tmp_path, a=[wrong]))
    assert (outcome.changed, outcome.unchanged, reports) == (0, 1, [])


async def test_a_booking_that_staff_changed_stays_and_is_reported(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[*PLACES, appointment()]))
    await book.run("UPDATE appointments SET status = 'checked_in', version = version + 1")
    wrong: Resource = {"resourceType": "Appointment", "id": "a1", "status": "entered-in-error"}
    for line in (wrong, appointment(status="cancelled")):
        [report] = await said(book, export(tmp_path, a=[*PLACES, line]))
        assert report.startswith("Appointment/a1: it has changed, but was changed in the book too since")
    assert [row[0] for row in (await kept(book)).values()] == ["checked_in"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_encounter_tells_what_became_of_its_appointment(book: Book, tmp_path: Path, at_once: bool) -> None:
    booked = appointment(start="2026-03-01T15:00:00Z", end="2026-03-01T15:30:00Z")
    period = {"start": "2026-03-01T15:05:00Z", "end": "2026-03-01T15:50:00Z"}
    visit = encounter(appointment=[{"reference": "Appointment/a1"}], period=period)
    if not at_once:
        await load(book, export(tmp_path, a=[*PLACES, booked]))
        assert [row[0] for row in (await kept(book)).values()] == ["scheduled"]
    fulfilled = booked | {"status": "fulfilled"}
    for _ in range(2):
        outcome, reports = await load(book, export(tmp_path, a=[*PLACES, visit, fulfilled]))
        assert reports == []
    assert (outcome.new, outcome.changed) == (0, 0)
    [row] = (await kept(book)).values()
    assert row[:2] == ("completed", datetime(2026, 3, 1, 15, 5, tzinfo=UTC))
    second = encounter("e2", appointment=[{"reference": "Appointment/a1"}])
    await load(book, export(tmp_path, a=[*PLACES, visit, second]))
    assert await count(book, "appointments") == 2


async def test_days_across_two_clinics_are_locked_and_raised(book: Book, tmp_path: Path) -> None:
    second = [organization("o2"), role("r2", organization={"reference": "Organization/o2"})]
    line = appointment(participant=who(doctor="PractitionerRole/r1"))
    await load(book, export(tmp_path, a=[*PLACES, *second, line]))
    assert await count(book, "schedule_days WHERE date = '2026-03-03'") == 2
