"""To whom an import files what it brings: identifiers that others can write, or share, make nobody somebody else."""

from pathlib import Path

import pytest

from server.usecases.importing.run import ForeignIdentifiersError
from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    MRN,
    NPI,
    SOURCE,
    condition,
    count,
    encounter,
    export,
    load,
    organization,
    patient,
    practitioner,
    role,
)

INSURANCE = [{"system": MRN, "value": "00012345:ABC:187"}]
PLACES = [organization(), practitioner(), role()]
WHO_HAS_WHAT = """
SELECT q.name, count(r.id) FROM patients q LEFT JOIN records r ON r.patient_id = q.id GROUP BY q.id ORDER BY 1
"""


async def test_twins_with_one_insurance_number_stay_apart_with_all_that_is_theirs(book: Book, tmp_path: Path) -> None:
    for source, name in (("https://a.example", "Kudo Aoi"), ("https://b.example", "Kudo Ren")):
        twin = patient(identifier=INSURANCE, name=[{"text": name}])
        outcome, reports = await load(
            book, export(tmp_path, a=[*PLACES, twin, encounter(), condition()]), source=source
        )
        assert outcome.new >= 3
    [report] = reports
    assert report.startswith(f"a.ndjson:4: Patient/p1: its identifier of {MRN} belongs to another in the book")
    assert await book.rows(WHO_HAS_WHAT) == [("Kudo Aoi", 1), ("Kudo Ren", 1)]


async def test_one_person_of_two_systems_is_one_however_the_name_is_written(book: Book, tmp_path: Path) -> None:
    for source, name in (("https://a.example", "José Núñez"), ("https://b.example", "NUNEZ, Jose")):
        _, reports = await load(
            book, export(tmp_path, a=[patient(identifier=INSURANCE, name=[{"text": name}])]), source=source
        )
        assert reports == []
    assert await count(book, "patients") == 1


async def test_a_placeholder_makes_no_two_people_or_places_one(book: Book, tmp_path: Path) -> None:
    placeholder = [{"system": NPI, "value": "0000000000"}]
    for number, source in ((1, "https://a.example"), (2, "https://b.example")):
        lines = [
            organization(identifier=placeholder, name=f"Clinic {number}"),
            practitioner(identifier=placeholder, name=[{"text": f"Doctor {number}"}]),
            role(),
        ]
        outcome, reports = await load(book, export(tmp_path, a=lines), source=source)
        assert outcome.new == 3
    assert len(reports) == 2
    assert [await count(book, table) for table in ("clinics", "practitioners", "doctors")] == [2, 2, 2]


async def test_a_visit_number_of_two_systems_loses_no_visit(book: Book, tmp_path: Path) -> None:
    number = [{"system": "urn:visits", "value": "1"}]
    for source, day in (("https://a.example", "01"), ("https://b.example", "08")):
        start, end = f"2020-01-{day}T20:30:00-06:00", f"2020-01-{day}T21:00:00-06:00"
        visit = encounter(identifier=number, period={"start": start, "end": end})
        diagnosis = condition(identifier=number)
        await load(book, export(tmp_path, a=[*PLACES, patient(), visit, diagnosis]), source=source)
    assert [await count(book, table) for table in ("appointments", "records")] == [2, 2]


async def test_ids_of_an_exporter_that_somebody_gave_before_its_first_import_stop_it(
    book: Book, tmp_path: Path
) -> None:
    planted = await book.patient("Mallory", (f"{SOURCE}/Patient", "p1"))
    directory = export(tmp_path, a=[*PLACES, patient(), encounter(), condition()])
    with pytest.raises(ForeignIdentifiersError, match=f"1 patients have identifiers of {SOURCE} that no"):
        await load(book, directory)
    assert await count(book, "clinics") == 0
    await book.run("DELETE FROM patient_identifiers WHERE patient_id = %s", planted)
    outcome, _ = await load(book, directory)
    assert outcome.new == 6
    assert await book.rows(WHO_HAS_WHAT) == [("Ken Sato", 1), ("Mallory", 0)]
    assert (await load(book, directory))[0].new == 0


async def test_an_export_of_another_system_under_one_source_files_nothing_under_others(
    book: Book, tmp_path: Path
) -> None:
    await load(book, export(tmp_path / "first", a=[*PLACES, patient()]))
    other = patient(name=[{"text": "Ono Jun"}], birthDate="1999-09-09")
    _, reports = await load(book, export(tmp_path / "second", a=[*PLACES, other, encounter(), condition()]))
    assert "give its own --source" in reports[0]
    assert len(reports) == 3
    assert await book.rows(WHO_HAS_WHAT) == [("Ken Sato", 0)]


async def test_a_new_name_or_a_mended_birth_date_keeps_a_patient_who_the_exporter_names(
    book: Book, tmp_path: Path
) -> None:
    await load(book, export(tmp_path, a=[*PLACES, patient()]))
    for changed in (patient(name=[{"text": "Ken Mori"}]), patient(birthDate="1980-05-18")):
        _, reports = await load(book, export(tmp_path, a=[*PLACES, changed]))
        assert reports == []
    assert await count(book, "patients") == 1


async def test_an_export_cannot_give_ids_of_another_exporter(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=PLACES), source="https://a.example")
    stolen = patient(identifier=[{"system": "https://a.example/Patient", "value": "p9"}])
    await load(book, export(tmp_path, a=[stolen]), source="https://b.example")
    victim = patient("p9", name=[{"text": "Ken Sato"}], birthDate="2001-01-01")
    await load(
        book,
        export(tmp_path, a=[*PLACES, victim, encounter(subject={"reference": "Patient/p9"})]),
        source="https://a.example",
    )
    assert await book.rows("SELECT q.birth_date::text FROM appointments a JOIN patients q ON q.id = a.patient_id") == [
        ("2001-01-01",)
    ]
