"""Importing roles and organizations: who works where, and at which hours."""

from pathlib import Path

from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    count,
    encounter,
    export,
    load,
    location,
    organization,
    patient,
    practitioner,
    role,
    whole,
)
from tests.fixtures.worker import Worker
from yoyaku.v1 import schedule_service_pb2


async def test_a_role_of_an_earlier_export_tells_person_and_place(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path / "first", a=whole()[1:]))
    visit = encounter(participant=[{"individual": {"reference": "PractitionerRole/r1"}}], serviceProvider=None)
    outcome, reports = await load(book, export(tmp_path / "second", a=[visit]))
    assert (outcome.new, outcome.doctors, reports) == (1, 0, [])


async def test_a_role_without_a_place_and_a_person_of_one_place_are_enough(book: Book, tmp_path: Path) -> None:
    nowhere = role("r2", organization=None)
    by_role = encounter("e1", participant=[{"individual": {"reference": "PractitionerRole/r2"}}])
    by_person = encounter("e2", serviceProvider=None)
    _, reports = await load(book, export(tmp_path, a=[*whole()[1:], nowhere, by_role, by_person]))
    assert reports == [
        "a.ndjson:6: PractitionerRole/r2: it names no organization and no location, so it makes no doctor"
    ]
    assert await count(book, "appointments") == 2


async def test_a_person_of_two_places_needs_one_named(book: Book, tmp_path: Path) -> None:
    second = [organization("o2"), role("r2", organization={"reference": "Organization/o2"})]
    _, reports = await load(book, export(tmp_path, a=[*whole()[1:], *second, encounter(serviceProvider=None)]))
    assert [report.split(": ", 2)[2] for report in reports] == [
        "it names no place, and its practitioner does not work at exactly one clinic"
    ]


async def test_hours_and_end_of_a_role_are_those_of_the_doctor(worker: Worker, book: Book, tmp_path: Path) -> None:
    hours = [{"daysOfWeek": ["sat", "sun"], "availableStartTime": "18:00:00", "availableEndTime": "20:00:00"}]
    there = role("r1", availableTime=hours, period={"start": "2020-01-01", "end": "2026-03-07"})
    _, reports = await load(book, export(tmp_path, a=[organization(), practitioner(), there, role("r9")]))
    assert reports == []
    [[doctor_id]] = await book.rows("SELECT id FROM doctors WHERE active")
    staff = await worker.client("admin")
    free = {}
    for day in ("2026-03-06", "2026-03-07", "2026-03-08"):
        request = schedule_service_pb2.ListAvailableSlotsRequest(doctor_id=str(doctor_id), date=day)
        free[day] = [slot.time_slot for slot in (await staff(staff.schedules.ListAvailableSlots, request)).slots]
    assert free == {"2026-03-06": [], "2026-03-07": ["18:00", "18:30", "19:00", "19:30"], "2026-03-08": []}


async def test_who_left_takes_no_bookings(book: Book, tmp_path: Path) -> None:
    left = role("r1", period={"end": "2012-03-31"})
    retired = practitioner("d2", active=False)
    of_retired = encounter(participant=[{"individual": {"reference": "Practitioner/d2"}}])
    await load(book, export(tmp_path, a=[*whole()[3:], patient(), left, retired, of_retired]))
    assert await book.rows("SELECT specialty, active FROM doctors ORDER BY 1") == [
        ("Cardiology", False),
        ("General practice", False),
    ]


async def test_what_a_role_says_of_hours_and_cannot_be_kept_is_reported(book: Book, tmp_path: Path) -> None:
    odd = role(availableTime=[{"daysOfWeek": ["mon"], "allDay": True}], notAvailable=[{"description": "summer"}])
    _, reports = await load(book, export(tmp_path, a=[organization(), practitioner(), odd]))
    assert [report.split(": ", 2)[2] for report in reports] == [
        "an availableTime has no days, or no start and end: it is left off",
        "a notAvailable has no start and end day: it is left off; set the working hours by hand",
    ]


async def test_a_role_offers_nothing_on_days_when_it_is_not_available(
    worker: Worker, book: Book, tmp_path: Path
) -> None:
    away = [
        {"during": {"start": "2026-03-03", "end": "2026-03-04"}},
        {"during": {"start": "2026-03-04T12:00:00Z", "end": "2026-03-05T12:00:00Z"}},
        {"during": {"start": "2026-03-10", "end": "2027-03-10"}},
        {"during": {"start": "2010", "end": "2011"}},
    ]
    there = role("r1", notAvailable=away, period={"start": "2020-01-01", "end": "2026-03-20"})
    _, reports = await load(book, export(tmp_path, a=[organization(), practitioner(), there]))
    assert [report.split(": ")[2] for report in reports] == ["a notAvailable has no start and end day"]
    [[doctor_id]] = await book.rows("SELECT id FROM doctors")
    staff = await worker.client("admin")
    free = []
    for number in (2, 3, 4, 5, 6, 9, 10, 20, 23):
        request = schedule_service_pb2.ListAvailableSlotsRequest(doctor_id=str(doctor_id), date=f"2026-03-{number:02}")
        free += [number] * bool((await staff(staff.schedules.ListAvailableSlots, request)).slots)
    assert free == [2, 6, 9]


async def test_an_organization_that_gives_no_care_is_a_clinic_only_if_something_says_so(
    book: Book, tmp_path: Path
) -> None:
    def kind(code: str) -> list[dict[str, object]]:
        return [{"coding": [{"code": code}]}]

    lines = [
        organization("payer", type=kind("pay")),
        organization("closed", active=False),
        organization("dept", partOf={"reference": "Organization/plain"}),
        organization("plain"),
        organization("typed", type=kind("prov"), active=False),
        organization("visited", type=kind("govt")),
        organization("alias", name=None, alias=["Alias Clinic"]),
        practitioner(),
        role(organization={"reference": "Organization/visited"}),
        location(managingOrganization={"reference": "Organization/alias"}),
    ]
    _, reports = await load(book, export(tmp_path, a=lines))
    nothing = "and no role, location, service or visit refers to it: it is no clinic"
    assert [report.split(": ", 1)[1] for report in reports] == [
        f"Organization/payer: its type is pay, {nothing}",
        f"Organization/closed: it is not active, {nothing}",
        f"Organization/dept: it is part of another, {nothing}",
        f"Organization/plain: its type does not say that it gives care, {nothing}",
        "Organization/alias: it has no name: its first alias is used",
    ]
    names = [name for [name] in await book.rows("SELECT name FROM clinics ORDER BY name")]
    assert names == ["Alias Clinic", "Clinic typed", "Clinic visited"]


async def test_of_organizations_alone_those_that_may_give_care_are_clinics_and_stay_so(
    book: Book, tmp_path: Path
) -> None:
    outcome, _ = await load(book, export(tmp_path / "first", a=[organization()]))
    assert outcome.new == 1
    others = [organization("o2"), practitioner(), role(organization={"reference": "Organization/o2"})]
    outcome, reports = await load(book, export(tmp_path / "second", a=[organization(), *others]))
    assert (outcome.new, outcome.unchanged, reports) == (3, 1, [])


async def test_a_location_in_a_location_belongs_to_the_same_clinic(book: Book, tmp_path: Path) -> None:
    inside = {"managingOrganization": None, "partOf": {"reference": "Location/house"}}
    lines = [location("room", **inside), location("house"), location("lost", managingOrganization={"display": "?"})]
    _, reports = await load(book, export(tmp_path, a=[organization(), *lines]))
    assert [report.split(": ")[1] for report in reports] == ["Location/lost"]
    assert await count(book, "clinic_identifiers WHERE value IN ('room', 'house')") == 2
