"""To whom an import files what it brings: identifiers that others can write, or share, make nobody somebody else."""

from pathlib import Path

import pytest

from server.usecases.importing.run import ForeignIdentifiersError
from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    MRN,
    NPI,
    SOURCE,
    Resource,
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
    [doctor, report] = reports
    assert doctor.startswith("a.ndjson:2: Practitioner/d1: is the same as one in the book")
    assert report.startswith(f"a.ndjson:4: Patient/p1: its identifier of {MRN} belongs to another in the book")
    assert await book.rows(WHO_HAS_WHAT) == [("Kudo Aoi", 1), ("Kudo Ren", 1)]


async def test_one_person_of_two_systems_is_one_however_the_name_is_written(book: Book, tmp_path: Path) -> None:
    for source, name in (("https://a.example", "José Núñez"), ("https://b.example", "NUNEZ, Jose")):
        outcome, reports = await load(
            book, export(tmp_path, a=[patient(identifier=INSURANCE, name=[{"text": name}])]), source=source
        )
    assert outcome.matched == 1
    rule = f"its identifier of {MRN} and its name and birth date agree"
    assert reports == [f"a.ndjson:1: Patient/p1: is the same as one in the book: {rule}"]
    assert await count(book, "patients") == 1


async def test_a_person_is_found_by_any_name_that_the_export_knows(book: Book, tmp_path: Path) -> None:
    known = await book.patient("サクラ ミドリ", (MRN, "7"))
    names = [{"use": "official", "text": "佐倉 緑"}, {"text": "サクラ ミドリ"}]
    outcome, _ = await load(book, export(tmp_path, a=[patient(name=names, identifier=[{"system": MRN, "value": "7"}])]))
    assert (outcome.new, outcome.matched) == (0, 1)
    assert await book.rows("SELECT patient_id FROM patient_identifiers WHERE value = 'p1'") == [(known,)]


@pytest.mark.parametrize("value", ["0000000000", "9999999999", "999-99-9999", "unknown", "N/A", "XXX-XX-XXXX", "不明"])
async def test_a_placeholder_identifies_nobody(book: Book, tmp_path: Path, value: str) -> None:
    placeholder = [{"system": NPI, "value": value}]
    for source in ("https://a.example", "https://b.example"):
        lines = [
            organization(identifier=placeholder),
            practitioner(identifier=placeholder),
            patient(identifier=placeholder),
            role(),
        ]
        outcome, reports = await load(book, export(tmp_path, a=lines), source=source)
        assert (outcome.new, outcome.matched) == (4, 0)
        assert len(reports) == 3
        assert all("is a placeholder, which identifies nobody: it is left off" in report for report in reports)
    for table in ("clinic", "practitioner", "patient"):
        assert await count(book, f"{table}_identifiers WHERE system = '{NPI}'") == 0


async def test_what_several_of_an_export_share_identifies_none_of_them(book: Book, tmp_path: Path) -> None:
    household = [{"system": "urn:insurer:household", "value": "HH-77"}]
    known = await book.patient("Sato Ken", ("urn:insurer:household", "HH-77"))
    family = [patient(f"p{number}", identifier=household) for number in range(3)]
    outcome, reports = await load(book, export(tmp_path, a=family))
    assert (outcome.new, outcome.matched) == (3, 0)
    assert len(reports) == 3
    assert all("so it identifies nobody" in report for report in reports)
    assert await book.rows("SELECT patient_id FROM patient_identifiers WHERE value = 'HH-77'") == [(known,)]


async def test_a_number_that_was_given_anew_belongs_to_who_has_it_now(book: Book, tmp_path: Path) -> None:
    former = {"system": MRN, "value": "5"}
    lines = [
        patient("p1", identifier=[former | {"use": "old"}], birthDate="1980-05-17"),
        patient("p2", identifier=[former | {"period": {"end": "2001-01"}}], birthDate="1981-05-17"),
        patient("p3", identifier=[former], birthDate="1982-05-17"),
    ]
    _, reports = await load(book, export(tmp_path, a=lines))
    assert [report.split(": ", 1)[1] for report in reports] == [
        f"Patient/p{number}: its identifier of {MRN} has ended: it is left off" for number in (1, 2)
    ]
    holder = "SELECT birth_date::text FROM patients JOIN patient_identifiers ON patient_id = id WHERE value = '5'"
    assert await book.rows(holder) == [("1982-05-17",)]


async def test_an_identifier_without_a_system_is_kept_under_that_of_the_source(book: Book, tmp_path: Path) -> None:
    for source in ("https://a.example", "https://b.example"):
        await load(book, export(tmp_path, a=[patient(identifier=[{"value": "MRN-0001"}])]), source=source)
    assert await book.rows("SELECT system FROM patient_identifiers WHERE value = 'MRN-0001' ORDER BY 1") == [
        ("https://a.example/identifier",),
        ("https://b.example/identifier",),
    ]


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
    renamed = patient(name=[{"text": "Ken Mori"}])
    for changed in (renamed, renamed | {"birthDate": "1980-05-18"}):
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


BY_NUMBER = [{"identifier": {"system": MRN, "value": "7"}}, {"reference": f"Patient?identifier={MRN}|7"}]
NUMBER = [{"system": MRN, "value": "7"}]


@pytest.mark.parametrize("subject", BY_NUMBER)
async def test_a_number_that_names_a_patient_means_the_one_of_the_export_whoever_else_got_it(
    book: Book, tmp_path: Path, subject: Resource
) -> None:
    await book.patient("Mallory", (MRN, "7"))
    about = [encounter(subject=subject), condition(subject=subject)]
    _, reports = await load(book, export(tmp_path, a=[*PLACES, patient(identifier=NUMBER), *about]))
    assert len(reports) == 1  # the number stays with Mallory
    assert await book.rows(WHO_HAS_WHAT) == [("Ken Sato", 1), ("Mallory", 0)]


@pytest.mark.parametrize("subject", BY_NUMBER)
async def test_a_number_that_no_patient_of_the_export_has_names_nobody_unless_only_imports_write_it(
    book: Book, tmp_path: Path, subject: Resource
) -> None:
    await load(book, export(tmp_path / "first", a=[*PLACES, patient(identifier=NUMBER)]))
    diagnosis = condition(subject=subject)
    second = export(tmp_path / "second", a=[encounter(subject=subject), diagnosis])
    _, reports = await load(book, second)
    assert f"the Patient that it names by {MRN} is neither in the export nor already imported" in reports[0]
    assert await book.rows(WHO_HAS_WHAT) == [("Ken Sato", 0)]
    await book.run("INSERT INTO reserved_systems VALUES (%s, 'an admin', now())", MRN)
    await load(book, second)
    assert await book.rows(WHO_HAS_WHAT) == [("Ken Sato", 1)]


async def test_news_of_who_was_registered_here_are_reported_and_replace_no_address(book: Book, tmp_path: Path) -> None:
    await book.patient("Sato Ken", (MRN, "7"), email="ken@example.org")
    for folder, email, news in (("a", "ken", 0), ("b", "mallory", 1), ("c", "mallory", 0), ("d", "other", 1)):
        telecom = [{"system": "email", "value": f"{email}@example.org"}]
        outcome, reports = await load(book, export(tmp_path / folder, a=[patient(identifier=NUMBER, telecom=telecom)]))
        assert outcome.changed == 0
        assert ["its email has changed" in report for report in reports if "is the same as" not in report] == [
            True
        ] * news
    assert await book.rows("SELECT email FROM patients") == [("ken@example.org",)]
