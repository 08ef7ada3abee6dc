"""Importing FHIR exports: everything goes in once, and what cannot is told."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    SOURCE,
    count,
    encounter,
    export,
    load,
    organization,
    practitioner,
    role,
    sample,
    whole,
)
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
    outcome, reports = await load(book, sample())
    readme, home = reports
    assert readme.startswith("README.md: its name does not end in .ndjson")
    assert home.startswith("Location.000.ndjson:31: Location/bb1ad573-19b8-9cd8-68fb-0e6f684df992: managingOrg")
    assert (outcome.new, outcome.unchanged, outcome.doctors) == (43 + 43 + 43 + 43 + 13 + 1215 + 555, 0, 0)
    before = await contents(book)
    assert [before[table] for table in ("clinics", "doctors", "patients", "appointments")] == [43, 43, 13, 1215]
    assert before["appointment_events"] == 1215
    assert before["appointment_identifiers"] == 2 * 1215
    assert before["working_sessions"] == 43 * 5 * 2
    assert await book.rows("SELECT FROM procrastinate_jobs") == []  # nobody is told of the past

    book.clock.advance(timedelta(days=1))
    again, same_reports = await load(book, sample())
    assert (again.new, again.unchanged, same_reports) == (0, 1955, reports)
    assert await contents(book) == before


async def test_a_past_encounter_is_listed_and_a_slot_of_its_doctor_booked(worker: Worker, book: Book) -> None:
    await load(book, sample())
    [[patient_id, name]] = await book.rows(
        "SELECT id, name FROM patients JOIN patient_identifiers ON patient_id = id WHERE (system, value) = (%s, %s)",
        f"{SOURCE}/Patient",
        "63ee2253-bdd5-da55-2ad2-b4984d0ad700",
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
    first, _ = await load(book, sample(), batches=7)
    assert 0 < await count(book, "appointments") < 1215  # type: ignore[operator]
    second, _ = await load(book, sample())
    assert (first.new + second.new, second.unchanged) == (1955, first.new)
    assert await count(book, "appointments") == 1215


async def test_two_imports_at_once_add_everything_once(book: Book) -> None:
    outcomes = await asyncio.gather(load(book, sample()), load(book, sample()))
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


async def times(book: Book) -> dict[str, tuple[str, str]]:
    """When visits began and ended, in UTC, by the exporter's ids."""
    rows = await book.rows(
        "SELECT value, to_char(start_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'),"
        " to_char(end_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI')"
        " FROM appointments JOIN appointment_identifiers ON appointment_id = id ORDER BY value"
    )
    return {str(value): (str(start), str(end)) for value, start, end in rows}


async def test_a_period_that_is_not_exact_is_read_by_rule_at_the_clinic(book: Book, tmp_path: Path) -> None:
    visits = [  # in Kansas it is six hours earlier than in UTC
        encounter("day", period={"start": "2020-01-01", "end": "2020-01-01"}),
        encounter("minute", period={"start": "2020-01-01T09:30Z", "end": "2020-01-01T10:00Z"}),
        encounter("wall", period={"start": "2020-01-01T09:30:00", "end": "2020-01-01T10:00:00"}),
        encounter("open", period={"start": "2020-01-01T09:30:00Z"}),
        encounter("point", period={"start": "2020-01-01T09:30:00Z", "end": "2020-01-01T09:30:00Z"}),
        encounter("r5", status="completed", period=None, actualPeriod={"start": "2020-01-01T09:30Z"}),
    ]
    _, reports = await load(book, export(tmp_path, a=[*whole()[1:], *visits]))
    assert reports == []
    assert await times(book) == {
        "day": ("01-01 06:00", "01-02 06:00"),
        "minute": ("01-01 09:30", "01-01 10:00"),
        "open": ("01-01 09:30", "01-01 10:00"),
        "point": ("01-01 09:30", "01-01 10:00"),
        "r5": ("01-01 09:30", "01-01 10:00"),
        "wall": ("01-01 15:30", "01-01 16:00"),
    }


async def test_a_visit_of_today_that_tells_no_time_ends_by_now(book: Book, tmp_path: Path) -> None:
    book.clock.now = datetime(2026, 3, 2, 15, tzinfo=UTC)
    today = encounter("today", period={"start": "2026-03-02", "end": "2026-03-02"})
    await load(book, export(tmp_path, a=[*whole()[1:], today]))
    assert await times(book) == {"today": ("03-02 06:00", "03-02 15:00")}
