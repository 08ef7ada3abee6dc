"""Small exports that once went in wrong; they lie beside the checkout. Each comes in as it should, or is reported."""

from datetime import UTC, date, datetime

import pytest

from server.fhir.files import ExportError
from server.usecases.importing.batches import ImportOptions
from tests.fixtures.book import Book
from tests.fixtures.fhir import case, count, load

DOCTORS = "SELECT p.name, specialty, active FROM doctors JOIN practitioners p ON p.id = practitioner_id ORDER BY 1"


@pytest.fixture(autouse=True)
def now(book: Book) -> None:
    """The day on which the cases were written."""
    book.clock.now = datetime(2026, 11, 27, 8, tzinfo=UTC)


async def imported(book: Book, *folders: str, zone: str = "", options: ImportOptions | None = None) -> list[str]:
    """Import folders one after the other; which resources the last of them reports."""
    for folder in folders:
        _, reports = await load(
            book, case(folder), source=f"urn:t:{folders[0]}", zone=zone, options=options or ImportOptions()
        )
    return sorted(report.split(": ")[1] for report in reports if not report.startswith("repro.sh"))


async def patients(book: Book, columns: str) -> dict[str, tuple[object, ...]]:
    """Columns of the patients, by the exporter's ids."""
    rows = await book.rows(
        f"SELECT value, {columns} FROM patients JOIN patient_identifiers ON patient_id = id"  # noqa: S608
        " WHERE lower(system) LIKE '%/patient'"
    )
    return {str(row[0]): tuple(row[1:]) for row in rows}


async def visits(book: Book) -> dict[str, tuple[object, object]]:
    """Status and start of the appointments, by the exporter's ids."""
    rows = await book.rows(
        "SELECT value, status, to_char(start_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM appointments"
        " JOIN appointment_identifiers ON appointment_id = id"
    )
    return {str(row[0]): (row[1], row[2]) for row in rows}


async def test_who_died_is_inactive_or_was_replaced_is_marked(book: Book) -> None:
    assert await imported(book, "dead") == []
    assert await patients(book, "deceased, inactive, replaced_by IS NOT NULL") == {
        "dead1": (True, False, False),
        "dead2": (True, False, False),
        "inactive": (False, True, False),
        "merged": (False, True, True),
        "survivor": (False, False, False),
    }
    await imported(book, "08-deceased", zone="Asia/Tokyo")
    assert (await patients(book, "deceased"))["dead"] == (True,)


async def test_visits_of_a_replaced_patient_are_those_of_the_one_that_stays(book: Book) -> None:
    assert await imported(book, "22-merged-patient", zone="Asia/Tokyo") == ["Patient/old"]
    assert len(await visits(book)) == 2
    assert await book.rows(
        "SELECT DISTINCT email FROM patients JOIN appointments ON patient_id = patients.id"
        " UNION SELECT email FROM patients JOIN records ON patient_id = patients.id"
    ) == [("double.record@example.com",)]


async def test_twins_and_doctors_with_placeholders_stay_apart(book: Book) -> None:
    for folder in sorted(path.name for path in case("09-twins-merged").iterdir() if path.is_dir()):
        reported = await imported(book, f"09-twins-merged/{folder}", zone="Asia/Tokyo")
        assert len(reported) == (folder not in {"after-rest", "hospital-a"}) + (folder.startswith("practitioner"))
    names = "Kudo Aoi", "Kudo Ren", "Jane Unknown", "Robert Nobody", "Hara Umi"
    assert sorted(str(name) for [name] in await book.rows("SELECT name FROM patients")) == sorted(names)
    assert await book.rows("SELECT count(*) FROM records GROUP BY patient_id") == [(1,), (1,)]
    assert await count(book, "practitioners") == 4


async def test_phones_are_read_by_the_country_of_the_address(book: Book) -> None:
    left_off = ["jp-minus", "naisen"]
    assert await imported(book, "11-japanese-phones") == [f"Patient/ph-{each}" for each in left_off]
    found = await patients(book, "phone")
    assert [found[f"ph-{each}"] for each in left_off] == [("",)] * 2
    for number, ids in (
        ("+81312345678", ("jp-plain", "jp-81-0", "jp-81-030", "010", "0081", "two", "bidi")),
        ("+81311112222", ("jp-dash", "jp-long-vowel")),
        ("+819012345678", ("jp-mobile", "jp-fullwidth")),
        ("+12015550123;ext=45", ("ext", "tel-ext")),
        ("+12015550123;ext=9", ("us-ext",)),
    ):
        assert {found[f"ph-{each}"] for each in ids} == {(number,)}
    assert await imported(book, "jp_phone") == []
    found = await patients(book, "phone")
    assert [found[f"j{number}"][0] for number in range(6)] == ["+81312345678", *["+819012345678"] * 5]


async def test_contacts_that_are_current_and_preferred_win(book: Book) -> None:
    assert await imported(book, "23-telecom-period") == []
    assert await patients(book, "phone, email") == {
        "ended": ("", "moved.out@example.com"),
        "old-use": ("+819033334444", ""),
        "ranked": ("+819011112222", "private@example.com"),
    }
    assert await imported(book, "telecom") == []
    found = await patients(book, "phone, email")
    assert {name: found[name][0] for name in ("rank", "work", "ended", "sms", "telurl", "ext", "emergency")} == {
        "rank": "+61491570006",
        "work": "+61491570007",
        "ended": found["ended"][0],
        "sms": "+61491570010",
        "telurl": "+61491570011",
        "ext": "+16175550143;ext=5",
        "emergency": "",
    }
    assert found["mailto"][1] == found["emailname"][1] == "ada@example.org"


async def test_future_bookings_come_along(book: Book) -> None:
    reported = await imported(book, "28-fhir-appointments", zone="Asia/Tokyo")
    assert reported[0] == "Encounter/pl1"
    assert await visits(book) == {"ap1": ("scheduled", "2026-12-15 00:00")}


async def test_a_slot_and_its_booking_come_along(book: Book) -> None:
    options = ImportOptions(hours_since=date(2026, 12, 1))
    assert await imported(book, "sched", options=options) == ["Appointment/a2", "Schedule/s1"]
    assert await visits(book) == {"a1": ("scheduled", "2026-12-15 15:00")}
    assert await book.rows(
        "SELECT weekday, start_local::text, slot_minutes FROM working_sessions WHERE valid_from > '2026-12-01'"
    ) == [(2, "10:00:00", 30)]


async def test_the_zone_that_was_given_holds(book: Book) -> None:
    assert await imported(book, "tz_wa", zone="Australia/Perth") == []
    assert await book.rows("SELECT time_zone, count(*) FROM clinics GROUP BY 1") == [("Australia/Perth", 7)]


async def test_who_left_takes_no_bookings(book: Book) -> None:
    assert await imported(book, "left") == []
    assert await book.rows(DOCTORS) == [
        ("Ines Varga", "Cardiology", False),
        ("Night Nurse", "General practice", True),
        ("Retired Surgeon", "General practice", False),
    ]
    assert await book.rows("SELECT start_local::text FROM working_sessions WHERE weekday = 6") == [("18:00:00",)]


async def test_a_second_export_changes_what_the_first_brought(book: Book) -> None:
    assert await imported(book, "upd1", "upd2") == []
    assert await patients(book, "birth_date, phone, deceased") == {"p1": (date(1981, 4, 5), "+16175550199", True)}
    assert await book.rows(DOCTORS) == [("Ines Newname", "Cardiology", False)]
    assert await book.rows("SELECT name FROM clinics") == [("Harbour Clinic (moved)",)]
    assert (await visits(book))["v1"][0] == "cancelled"
    assert await book.rows("SELECT version FROM records") == [(2,)]


async def test_person_and_place_are_found_by_a_role(book: Book) -> None:
    assert await imported(book, "inc1", "inc2") == []
    assert await imported(book, "role_no_org") == ["PractitionerRole/r1"]
    assert await count(book, "appointments") == 2


async def test_identifiers_that_identify_nobody_are_left_off(book: Book) -> None:
    reported = await imported(book, "ident")
    assert len(reported) == 9
    assert not {"Patient/recyc2", "Patient/nosys"} & {*reported}
    assert await count(book, "patients") == 11
    assert await book.rows(
        "SELECT system, value FROM patient_identifiers WHERE lower(system) NOT LIKE '%/patient' ORDER BY 1"
    ) == [("urn:mrn", "5"), ("urn:t:ident/identifier", "MRN-0001")]


async def test_findings_come_in_unless_they_are_none(book: Book) -> None:
    assert await imported(book, "cond") == ["Condition/c-open", "Condition/c-ref", "Encounter/open"]
    assert await count(book, "records") == 8


async def test_birth_dates_that_cannot_be_are_left_off(book: Book) -> None:
    reported = await imported(book, "birth")
    assert reported == [f"Patient/b{number}" for number in (2, 3, 4, 5, 6, 9)]
    born = await patients(book, "birth_date")
    assert born["b8"] == (date(1980, 4, 5),)
    assert all(born[each.removeprefix("Patient/")] == (None,) for each in reported)


async def test_periods_come_in_by_rule(book: Book) -> None:
    names = ["e05", "e07", "e09", "e12", "e13", "e14"]
    states = ["entered-in-error", "in-progress", "onleave", "planned", "unknown"]
    assert await imported(book, "dates") == [f"Encounter/{each}" for each in (*names, *(f"s-{s}" for s in states))]
    found = await visits(book)
    assert found["e00"] == ("completed", "2023-04-05 04:00")
    assert found["e02"] == found["e03"] == ("completed", "2023-04-05 13:30")
    assert found["s-cancelled"][0] == "cancelled"
    assert len(found) == 12


async def test_only_what_gives_care_is_a_clinic(book: Book) -> None:
    reported = await imported(book, "orgs")
    nobody = ("closed", "dept", "noname", "payer")
    assert {*reported} == {"Location/utc", *(f"Organization/{name}" for name in nobody)}
    assert await book.rows("SELECT name FROM clinics") == [("Harbour Clinic",)]


@pytest.mark.parametrize(("folder", "people"), [("h_bundle", 1), ("h_mixed", 5), ("h_gznamed", 1), ("h_names", 8)])
async def test_files_of_every_kind_and_name_are_read(book: Book, folder: str, people: int) -> None:
    await imported(book, folder)
    assert await count(book, "patients") == people


async def test_an_export_without_anything_is_named(book: Book) -> None:
    with pytest.raises(ExportError, match=r"Patient\.ndjson: it is empty"):
        await imported(book, "h_empty")
    assert await count(book, "patients") == 0
