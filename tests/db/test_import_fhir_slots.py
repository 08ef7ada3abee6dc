"""Slots and Schedules of an export become working hours, if asked."""

from datetime import date
from pathlib import Path
from typing import Any

from server.usecases.importing.batches import ImportOptions
from tests.fixtures.book import Book
from tests.fixtures.fhir import Resource, appointment, export, load, organization, patient, practitioner, role
from tests.fixtures.worker import Worker
from yoyaku.v1 import schedule_service_pb2

PLACES = [organization(), practitioner(), role(), patient()]
SINCE = ImportOptions(hours_since=date(2026, 3, 2))  # a Monday


def schedule(resource_id: str = "s1", *actors: str) -> Resource:
    named = [{"reference": actor} for actor in actors or ("Practitioner/d1",)]
    return {"resourceType": "Schedule", "id": resource_id, "actor": named}


def slot(start: str, end: str, status: str = "free", of: str = "s1", **fields: Any) -> Resource:
    """A slot between two times in Kansas, of which the first has a date."""
    day, _ = start.split(" ")
    return {
        "resourceType": "Slot",
        "id": f"{of}-{start.replace(' ', '-').replace(':', '')}",
        "schedule": {"reference": f"Schedule/{of}"},
        "status": status,
        "start": f"{start.replace(' ', 'T')}:00-06:00",
        "end": f"{day}T{end}:00-06:00",
    } | fields


MONDAY = [slot("2026-03-02 08:00", "08:20"), slot("2026-03-02 08:20", "08:40"), slot("2026-03-02 13:00", "14:00")]
WEDNESDAY = [slot("2026-03-04 08:00", "08:20")]


async def free(worker: Worker, book: Book, day: str) -> list[str]:
    [[doctor_id]] = await book.rows("SELECT id FROM doctors")
    staff = await worker.client("admin")
    request = schedule_service_pb2.ListAvailableSlotsRequest(doctor_id=str(doctor_id), date=day)
    return [slot.time_slot for slot in (await staff(staff.schedules.ListAvailableSlots, request)).slots]


async def test_hours_are_week_by_week_what_the_slots_say(worker: Worker, book: Book, tmp_path: Path) -> None:
    next_monday = [slot("2026-03-09 08:00", "08:20")]
    lines = [*PLACES, schedule(), *MONDAY, *WEDNESDAY, *next_monday, slot("2026-02-27 08:00", "08:20")]
    outcome, reports = await load(book, export(tmp_path, a=lines), options=SINCE)
    assert [report.split(": ", 1)[1] for report in reports] == [
        "Schedule/s1: its slots give hours from 2026-03-02 to 2026-03-15: set those from then on"
    ]
    assert outcome.changed == 1
    found = {day: await free(worker, book, f"2026-03-{day:02}") for day in (2, 3, 4, 9, 11, 16)}
    assert found == {
        2: ["08:00", "08:20", "13:00"],
        3: [],
        4: ["08:00"],
        9: ["09:00"],  # clocks in Kansas have changed
        11: [],
        16: [],
    }
    again, reports = await load(book, export(tmp_path, a=lines), options=SINCE)
    assert (again.changed, reports) == (0, [])


async def test_without_being_asked_no_hours_are_made(book: Book, tmp_path: Path) -> None:
    _, reports = await load(book, export(tmp_path, a=[*PLACES, schedule(), *MONDAY]))
    assert reports == [
        "a.ndjson:5: resources of type Schedule become working hours only with --hours-from-slots",
        "a.ndjson:6-8: resources of type Slot become working hours only with --hours-from-slots",
    ]
    assert await book.rows("SELECT count(*) FROM working_sessions") == [(10,)]


async def test_a_busy_slot_counts_only_if_its_appointment_comes_along(
    worker: Worker, book: Book, tmp_path: Path
) -> None:
    booked = slot("2026-03-02 08:00", "08:20", "busy")
    visit = appointment(
        start="2026-03-02T08:00:00-06:00", end="2026-03-02T08:20:00-06:00", slot=[{"reference": f"Slot/{booked['id']}"}]
    )
    taken = [slot("2026-03-02 09:00", "09:20", "busy"), slot("2026-03-02 10:00", "10:20", "busy-unavailable")]
    lines = [*PLACES, schedule(), booked, slot("2026-03-02 08:20", "08:40"), *taken, visit]
    _, reports = await load(book, export(tmp_path, a=lines), options=SINCE)
    assert [report.split(": ", 1)[1].split(":")[0] for report in reports] == [
        "Slot/s1-2026-03-02-0900",
        "Slot/s1-2026-03-02-1000",
        "Schedule/s1",
    ]
    assert await free(worker, book, "2026-03-02") == ["08:20"]
    assert await book.rows(
        "SELECT start_local::text, end_local::text FROM working_sessions WHERE valid_from = '2026-03-02'"
    ) == [("08:00:00", "08:40:00")]


async def test_schedules_of_one_doctor_are_seats_of_one_day(worker: Worker, book: Book, tmp_path: Path) -> None:
    lines = [
        *PLACES,
        schedule("s1"),
        schedule("s2", "PractitionerRole/r1"),
        slot("2026-03-02 08:00", "08:20"),
        slot("2026-03-02 08:00", "08:20", of="s2"),
        slot("2026-03-02 08:10", "08:30", of="s2"),
    ]
    _, reports = await load(book, export(tmp_path, a=lines), options=SINCE)
    assert [report.split(": ", 2)[2].split(":")[0] for report in reports] == [
        "1 of its slots are shorter than 5 minutes, longer than 8 hours, or overlap others",
        "its slots give hours from 2026-03-02 to 2026-03-08",
    ]
    assert await book.rows("SELECT capacity FROM working_sessions WHERE valid_from = '2026-03-02'") == [(2,)]
    assert await free(worker, book, "2026-03-02") == ["08:00"]


async def test_hours_that_staff_set_since_stay(worker: Worker, book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[*PLACES, schedule(), *MONDAY]), options=SINCE)
    await book.run("UPDATE working_sessions SET slot_minutes = 40 WHERE slot_minutes = 20")
    _, [report] = await load(book, export(tmp_path, a=[*PLACES, schedule(), *MONDAY, *WEDNESDAY]), options=SINCE)
    assert "its hours have changed, but were changed in the book too since" in report
    assert await free(worker, book, "2026-03-02") == ["08:00", "13:00"]


async def test_what_gives_no_hours_is_reported(book: Book, tmp_path: Path) -> None:
    lines = [
        *PLACES,
        schedule("s1"),
        schedule("s2", "Location/l9"),
        schedule("s3", "Practitioner/d9"),
        schedule("s4") | {"active": False},
        slot("2026-02-02 08:00", "08:20"),
        slot("2026-03-03 08:00", "07:20"),
        slot("2026-03-04 08:00", "08:20") | {"start": "2026-03-04"},
        slot("2026-03-05 08:00", "08:20", schedule=None),
        slot("2026-03-06 08:00", "08:20", status="entered-in-error"),
    ]
    _, reports = await load(book, export(tmp_path, a=lines), options=SINCE)
    assert [report.split(": ", 2)[2] for report in reports] == [
        "it ends before it starts",
        "start or end is missing, or has no time with an offset from UTC",
        "schedule is missing or does not refer to a Schedule",
        "status entered-in-error: it is no time at which somebody can be seen",
        "actor names no Practitioner and no PractitionerRole",
        "Practitioner/d9 is neither in the export nor already imported, or was itself reported",
        "it is not active",
        "it has no slots from 2026-03-02 on: the hours stay as they are",
    ]
