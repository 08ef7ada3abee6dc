"""A second run takes over what has changed at the exporter, but not what was changed in the book since."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from db.postgres.cluster.transaction import read
from db.postgres.records import records
from server.usecases.keyrings import KeyRing
from server.usecases.records.checkpoints import Witnesses
from server.usecases.records.verification import AuditVerifier
from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    SOURCE,
    VAULT,
    Resource,
    condition,
    encounter,
    export,
    load,
    organization,
    patient,
    practitioner,
    role,
    whole,
)
from tests.fixtures.worker import Worker
from yoyaku.v1 import schedule_service_pb2

PHONE = [{"system": "phone", "value": "+16175550143"}]
STAYS = "has changed, but was changed in the book too since the last import"


async def one(book: Book, columns: str, table: str = "patients") -> tuple[object, ...]:
    """The columns of the only row."""
    [row] = await book.rows(f"SELECT {columns} FROM {table}")  # noqa: S608  # names of our own
    return tuple(row)


async def again(book: Book, tmp_path: Path, *lines: Resource) -> tuple[int, int, list[str]]:
    """Import lines; how many changed and stayed, and the reports without their place."""
    outcome, reports = await load(book, export(tmp_path, a=lines))
    return outcome.changed, outcome.unchanged, [report.split(": ", 2)[2] for report in reports]


async def test_a_patient_becomes_what_the_export_says_now(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[patient(telecom=PHONE)]))
    email = [{"system": "email", "value": "ken@example.org"}]
    moved = patient(name=[{"text": "Ken Mori"}], telecom=email, deceasedBoolean=True)
    assert await again(book, tmp_path, moved) == (1, 0, [])
    columns = "name, phone, former_phone, email, deceased, version"
    assert await one(book, columns) == ("Ken Mori", "", "+16175550143", "ken@example.org", True, 2)
    assert await again(book, tmp_path, moved) == (0, 1, [])
    assert await again(book, tmp_path, moved | {"birthDate": "1981-05-17", "deceasedBoolean": False}) == (1, 0, [])
    assert await one(book, "birth_date, deceased, version") == (date(1981, 5, 17), False, 3)


async def test_what_staff_changed_since_stays_and_is_reported_once(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[patient(telecom=PHONE)]))
    await book.run("UPDATE patients SET phone = '+16175550100', version = 2")
    assert await again(book, tmp_path, patient(telecom=PHONE)) == (0, 1, [])
    new = patient(name=[{"text": "Ken Mori"}], telecom=[{"system": "phone", "value": "+16175550199"}])
    changed, _, [report] = await again(book, tmp_path, new)
    assert changed == 1
    assert report.startswith(f"its phone {STAYS}")
    assert await one(book, "name, phone") == ("Ken Mori", "+16175550100")
    assert await again(book, tmp_path, new) == (0, 1, [])


async def test_what_both_changed_alike_is_no_conflict(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[patient(telecom=PHONE)]))
    await book.run("UPDATE patients SET phone = '+16175550199', version = 2")
    new = patient(telecom=[{"system": "phone", "value": "+16175550199"}])
    assert await again(book, tmp_path, new) == (0, 1, [])
    assert await again(book, tmp_path, patient(telecom=PHONE)) == (1, 0, [])


async def test_of_who_was_registered_here_an_import_owns_nothing(book: Book, tmp_path: Path) -> None:
    number = {"system": "urn:mrn", "value": "7"}
    await book.patient("Sato Ken", ("urn:mrn", "7"), phone="+16175550100")
    assert (await again(book, tmp_path, patient(identifier=[number], telecom=PHONE)))[:2] == (0, 0)
    new = patient(identifier=[number], telecom=[{"system": "phone", "value": "+16175550199"}])
    changed, _, [report] = await again(book, tmp_path, new)
    assert changed == 0
    assert report.startswith(f"its phone {STAYS}")


@pytest.mark.parametrize("touched", [False, True])
async def test_what_an_earlier_release_imported_is_taken_over_unless_it_was_touched(
    book: Book, tmp_path: Path, touched: bool
) -> None:
    await load(book, export(tmp_path, a=[patient(telecom=PHONE)]))
    await book.run("DELETE FROM imported_resources")
    if touched:
        await book.run("UPDATE patients SET phone = '+16175550100', version = 2")
    new = patient(telecom=[{"system": "phone", "value": "+16175550199"}], deceasedBoolean=True)
    changed, _, reports = await again(book, tmp_path, new)
    assert (changed, len(reports)) == (1, int(touched))
    assert await one(book, "phone, deceased") == ("+16175550100" if touched else "+16175550199", True)


async def test_clinics_and_people_are_renamed(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[organization(), practitioner(), role()]))
    renamed = organization(name="Harbour Clinic", telecom=[{"system": "phone", "value": "(785) 555-0199"}])
    lines = [renamed, practitioner(name=[{"text": "Hana Ito"}]), role()]
    assert await again(book, tmp_path, *lines) == (2, 1, [])
    assert await one(book, "name, address, phone", "clinics") == ("Harbour Clinic", "KS", "+17855550199")
    assert await one(book, "name, version", "practitioners JOIN doctors ON practitioner_id = practitioners.id") == (
        "Hana Ito",
        2,
    )


async def free(worker: Worker, book: Book, *days: str) -> list[list[str]]:
    """The free slots of the only doctor."""
    [doctor_id] = await one(book, "id", "doctors")
    staff = await worker.client("admin")
    found = []
    for day in days:
        request = schedule_service_pb2.ListAvailableSlotsRequest(doctor_id=str(doctor_id), date=day)
        found.append([slot.time_slot for slot in (await staff(staff.schedules.ListAvailableSlots, request)).slots])
    return found


def hours(start: str, end: str) -> dict[str, Any]:
    times = {"availableStartTime": f"{start}:00", "availableEndTime": f"{end}:00"}
    return {"availableTime": [{"daysOfWeek": ["mon", "tue"]} | times]}


async def test_a_role_gets_new_hours_and_an_end_and_days_their_revisions(
    worker: Worker, book: Book, tmp_path: Path
) -> None:
    place = [organization(), practitioner()]
    await load(book, export(tmp_path, a=[*place, role(**hours("09:00", "10:00"))]))
    ends: Resource = {"specialty": [{"text": "Surgery"}], "period": {"end": "2026-03-08"}}
    assert await again(book, tmp_path, *place, role(**hours("14:00", "15:00"), **ends)) == (1, 2, [])
    assert await free(worker, book, "2026-03-03", "2026-03-09") == [["14:00", "14:30"], []]
    assert await one(book, "specialty, active", "doctors") == ("Surgery", True)
    [revision] = await one(book, "revision", "schedule_days WHERE date = '2026-03-03'")
    assert revision == 1
    assert await again(book, tmp_path, *place, role(active=False)) == (1, 2, [])
    assert await one(book, "active", "doctors") == (False,)


async def test_hours_that_staff_set_stay(worker: Worker, book: Book, tmp_path: Path) -> None:
    place = [organization(), practitioner()]
    await load(book, export(tmp_path, a=[*place, role(**hours("09:00", "10:00"))]))
    await book.run("UPDATE working_sessions SET end_local = '09:30'")
    _, _, [report] = await again(book, tmp_path, *place, role(**hours("14:00", "15:00")))
    assert report.startswith(f"its hours {STAYS}")
    assert await free(worker, book, "2026-03-03") == [["09:00"]]


async def test_who_retires_takes_no_more_bookings(worker: Worker, book: Book, tmp_path: Path) -> None:
    lines = [organization(), practitioner(), role()]
    await load(book, export(tmp_path, a=lines))
    assert await again(book, tmp_path, organization(), practitioner(active=False), role()) == (1, 2, [])
    assert await free(worker, book, "2026-03-03") == [[]]


async def test_of_two_roles_at_one_clinic_only_the_first_changes_the_doctor(book: Book, tmp_path: Path) -> None:
    place = [organization(), practitioner()]
    await load(book, export(tmp_path, a=[*place, role("r1"), role("r2", specialty=[{"text": "Surgery"}])]))
    second = role("r2", specialty=[{"text": "Dermatology"}])
    assert await again(book, tmp_path, *place, role("r1"), second) == (0, 4, [])
    assert await one(book, "specialty", "doctors") == ("Cardiology",)


async def test_digests_of_what_was_imported_give_nothing_away(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[patient(telecom=PHONE)]))
    [digests] = await one(book, "digests::text", f"imported_resources WHERE system = '{SOURCE}/Patient'")
    assert not any(secret in str(digests) for secret in ("Sato", "1980", "6175550143"))


async def test_a_visit_and_a_finding_become_what_the_export_says_now(book: Book, tmp_path: Path) -> None:
    lines = whole()[1:]
    await load(book, export(tmp_path, a=[*lines, encounter(), condition()]))
    visit = encounter(
        period={"start": "2020-01-01T21:00:00-06:00", "end": "2020-01-01T22:00:00-06:00"},
        reasonCode=[{"text": "Cough"}],
    )
    changed = [*lines, visit, condition(code={"text": "Asthma, mild"})]
    assert await again(book, tmp_path, *changed) == (2, 5, [])
    assert await one(book, "reason, extract(hour FROM end_at AT TIME ZONE 'UTC')::int, version", "appointments") == (
        "Cough",
        4,
        2,
    )
    assert await texts(book) == ["Asthma", "Asthma, mild"]
    assert await again(book, tmp_path, *changed) == (0, 7, [])
    trail = await book.rows("SELECT access, basis, version FROM record_audit ORDER BY seq")
    assert trail == [("imported", "import", None), ("amended", "import", 2)]
    checking = AuditVerifier(book.engine, KeyRing([bytes(32)]))
    assert {flaw async for _, flaw in checking.chains(Witnesses())} == {None}


async def texts(book: Book) -> list[str]:
    """All versions of the only record, the oldest first."""
    [record_id] = await one(book, "id", "records")
    rows = await read(book.engine, partial(records.versions, record_id=str(record_id), before=99, limit=9))
    return [VAULT.open(row) for row in reversed(rows)]


WRONG_VISIT: Resource = {"resourceType": "Encounter", "id": "e1", "status": "entered-in-error"}
WRONG_FINDING: Resource = {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}


async def test_what_was_entered_in_error_is_withdrawn_by_a_new_version(book: Book, tmp_path: Path) -> None:
    lines = whole()[1:]
    await load(book, export(tmp_path, a=[*lines, encounter(), condition()]))
    for changed in (2, 0):
        wrong = [*lines, WRONG_VISIT, condition(**WRONG_FINDING)]
        assert await again(book, tmp_path, *wrong) == (changed, 7 - changed, [])
        assert await one(book, "status, version", "appointments") == ("cancelled", 2)
        assert await texts(book) == [
            "Asthma",
            "Withdrawn: the system that this record was imported from says that it was entered in error.",
        ]
    assert await again(book, tmp_path, *lines, encounter(), condition()) == (2, 5, [])
    assert await one(book, "status, version", "appointments") == ("completed", 3)
    assert (await texts(book))[2:] == ["Asthma"]


async def test_visits_and_findings_that_staff_changed_stay(book: Book, tmp_path: Path) -> None:
    lines = whole()[1:]
    await load(book, export(tmp_path, a=[*lines, encounter(), condition()]))
    await book.run("UPDATE appointments SET status = 'no_show', version = 2")
    await book.run("UPDATE records SET version = 2")
    wrong = [*lines, WRONG_VISIT, condition(**WRONG_FINDING)]
    changed, _, reports = await again(book, tmp_path, *wrong)
    assert (changed, len(reports)) == (0, 2)
    assert all(report.startswith("it has changed, but was changed in the book too since") for report in reports)
    assert await one(book, "status", "appointments") == ("no_show",)


@pytest.mark.parametrize("wrong", [False, True])
async def test_visits_and_findings_of_an_earlier_release_have_no_news_but_that_they_are_wrong(
    book: Book, tmp_path: Path, wrong: bool
) -> None:
    lines = whole()[1:]
    await load(book, export(tmp_path, a=[*lines, encounter(), condition()]))
    await book.run("DELETE FROM imported_resources")
    last = [WRONG_VISIT, condition(**WRONG_FINDING)] if wrong else [encounter(), condition()]
    changed, _, reports = await again(book, tmp_path, *lines, *last)
    assert (changed, reports) == (2 * wrong, [])
    changed, _, _ = await again(book, tmp_path, *lines, WRONG_VISIT, condition(**WRONG_FINDING))
    assert changed == 2 * (not wrong)
