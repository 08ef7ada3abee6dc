"""Importing FHIR exports: everything goes in once, and what cannot is told."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.fixtures.book import Book
from tests.fixtures.fhir import SAMPLE, SOURCE, count, encounter, export, load, organization, practitioner, role, whole
from tests.fixtures.worker import Worker
from yoyaku.v1 import appointment_pb2, appointment_service_pb2, schedule_service_pb2

TABLES = (
    "clinics",
    "clinic_identifiers",
    "practitioners",
    "practitioner_identifiers",
    "doctors",
    "working_sessions",
    "patients",
    "patient_identifiers",
    "appointments",
    "appointment_identifiers",
    "appointment_events",
    "schedule_days",
    "records",
    "record_identifiers",
    "record_versions",
    "record_audit",
)


async def contents(book: Book) -> dict[str, object]:
    """How many rows there are of everything, and what changes whenever a row does."""
    found: dict[str, object] = {}
    for table in TABLES:
        [[count]] = await book.rows(f"SELECT count(*) FROM {table}")  # noqa: S608  # names of our own
        found[table] = count
    for table in ("clinics", "practitioners", "doctors", "patients", "appointments", "records"):
        found[f"{table} changed"] = await book.rows(f"SELECT max(updated_at), min(id::text) FROM {table}")  # noqa: S608
    found["revisions"] = await book.rows("SELECT sum(revision), max(changed_at) FROM schedule_days")
    return found


async def test_the_sample_goes_in_once(book: Book) -> None:
    outcome, reports = await load(book, SAMPLE)
    [home] = reports
    assert home.startswith("Location.000.ndjson:31: Location/bb1ad573-19b8-9cd8-68fb-0e6f684df992: managingOrg")
    assert (outcome.new, outcome.unchanged, outcome.doctors) == (43 + 43 + 43 + 43 + 13 + 1215 + 555, 0, 0)
    before = await contents(book)
    assert [before[table] for table in ("clinics", "doctors", "patients", "appointments")] == [43, 43, 13, 1215]
    assert before["appointment_events"] == 1215
    assert before["appointment_identifiers"] == 2 * 1215
    assert before["working_sessions"] == 43 * 5 * 2
    assert await book.rows("SELECT FROM procrastinate_jobs") == []  # nobody is told of the past

    book.clock.advance(timedelta(days=1))
    again, same_reports = await load(book, SAMPLE)
    assert (again.new, again.unchanged, same_reports) == (0, 1955, reports)
    assert await contents(book) == before


async def test_a_past_encounter_is_listed_and_a_slot_of_its_doctor_booked(worker: Worker, book: Book) -> None:
    await load(book, SAMPLE)
    [[patient_id, name]] = await book.rows(
        "SELECT id, name FROM patients JOIN patient_identifiers ON patient_id = id WHERE (system, value) = (%s, %s)",
        f"{SOURCE}/Patient",
        "79a66c97-6131-3213-f3c9-4606946ab056",
    )
    caller = await worker.client("patient", patient_id=patient_id)
    page = await caller(
        caller.appointments.ListAppointments,
        appointment_service_pb2.ListAppointmentsRequest(patient_id=str(patient_id), size=100),
    )
    visit = page.appointments[0]
    assert visit.status == appointment_pb2.APPOINTMENT_STATUS_COMPLETED
    assert (visit.patient.name, visit.clinic.time_zone) == (name, "America/Chicago")
    assert all((visit.doctor.name, visit.doctor.specialty, visit.clinic.name, visit.reason))

    slots = await caller(
        caller.schedules.ListAvailableSlots,
        schedule_service_pb2.ListAvailableSlotsRequest(doctor_id=visit.doctor.id, date="2026-03-03"),
    )
    assert [slots.slots[0].time_slot, slots.slots[-1].time_slot, len(slots.slots)] == ["09:00", "16:30", 14]
    booked = await caller(
        caller.appointments.CreateAppointment,
        appointment_service_pb2.CreateAppointmentRequest(
            patient_id=str(patient_id), doctor_id=visit.doctor.id, date="2026-03-03", time_slot="09:00"
        ),
    )
    assert booked.appointment.status == appointment_pb2.APPOINTMENT_STATUS_SCHEDULED


async def test_a_run_after_an_interrupted_one_completes_it(book: Book) -> None:
    first, _ = await load(book, SAMPLE, batches=7)
    assert 0 < await count(book, "appointments") < 1215  # type: ignore[operator]
    second, _ = await load(book, SAMPLE)
    assert (first.new + second.new, second.unchanged) == (1955, first.new)
    assert await count(book, "appointments") == 1215


async def test_two_imports_at_once_add_everything_once(book: Book) -> None:
    outcomes = await asyncio.gather(load(book, SAMPLE), load(book, SAMPLE))
    assert sum(outcome.new for outcome, _ in outcomes) == 1955
    assert await count(book, "appointments") == 1215


async def test_neither_order_nor_names_of_files_matter(book: Book, tmp_path: Path) -> None:
    outcome, reports = await load(book, export(tmp_path, Patient=whole()))
    assert (reports, outcome.new, outcome.doctors) == ([], 6, 0)
    rows = await book.rows(
        "SELECT c.name, time_zone, p.name, specialty, q.name, date, start_at, end_at, upper(during), seat, status,"
        " a.version FROM appointments a JOIN patients q ON q.id = patient_id JOIN doctors d ON d.id = doctor_id"
        " JOIN practitioners p ON p.id = a.practitioner_id JOIN clinics c ON c.id = a.clinic_id"
    )
    end = datetime(2020, 1, 2, 3, 0, tzinfo=UTC)
    assert [tuple(row[:6]) for row in rows] == [
        ("Clinic o1", "America/Chicago", "Hana Mori", "Cardiology", "Ken Sato", date(2020, 1, 1)),
    ]
    assert rows[0][6:] == (end - timedelta(minutes=30), end, end, 1, "completed", 1)
    assert await book.rows("SELECT actor, event, note FROM appointment_events") == [("import-fhir", "imported", "")]


async def test_an_encounter_without_a_role_makes_its_doctor(book: Book, tmp_path: Path) -> None:
    outcome, reports = await load(book, export(tmp_path, a=[each for each in whole() if each != role()]))
    assert (reports, outcome.doctors) == ([], 1)
    assert await book.rows("SELECT specialty, active FROM doctors") == [("General practice", True)]
    assert await count(book, "working_sessions") == 10


async def test_a_role_that_has_ended_makes_an_inactive_doctor(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[organization(), practitioner(), role(active=False)]))
    assert await book.rows("SELECT specialty, active FROM doctors") == [("Cardiology", False)]


async def test_encounters_may_name_a_role_and_a_location(book: Book, tmp_path: Path) -> None:
    visit = encounter(
        participant=[{"individual": {"reference": "PractitionerRole/r1"}}],
        serviceProvider=None,
        location=[{"location": {"reference": "Location/l1"}}],
    )
    outcome, reports = await load(book, export(tmp_path, a=[visit, *whole()[1:]]))
    assert (reports, outcome.new, outcome.doctors) == ([], 6, 0)
