"""What an import makes of patients: their names, how to reach them, whether they are there at all."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.book import Book
from tests.fixtures.fhir import condition, encounter, export, load, organization, patient, practitioner, role
from tests.fixtures.worker import Worker
from yoyaku.v1 import directory_service_pb2, patient_pb2

REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
PLACES = [organization(), practitioner(), role()]
JAPAN = [{"country": "JP"}]


def phone(value: str, **fields: Any) -> dict[str, Any]:
    return {"system": "phone", "value": value} | fields


async def kept(book: Book, *columns: str) -> list[tuple[object, ...]]:
    """The patients' columns, by the exporter's id."""
    named = ", ".join(columns)
    return [
        tuple(row)
        for row in await book.rows(
            f"SELECT {named} FROM patients JOIN patient_identifiers i ON patient_id = id"  # noqa: S608
            " WHERE system LIKE '%/patient' OR system LIKE '%/Patient' ORDER BY i.value"
        )
    ]


async def test_who_died_is_inactive_or_was_replaced_comes_in_marked(book: Book, tmp_path: Path) -> None:
    lines = [
        patient("p1", deceasedDateTime="2020-02-02T10:00:00Z"),
        patient("p2", deceasedBoolean=True),
        patient("p3", active=False),
        patient("p4", deceasedBoolean=False, active=True),
    ]
    _, reports = await load(book, export(tmp_path, a=lines))
    assert reports == []
    assert await kept(book, "deceased", "inactive") == [(True, False), (True, False), (False, True), (False, False)]


async def test_a_death_arrives_with_the_second_run(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[patient()]))
    outcome, _ = await load(book, export(tmp_path, a=[patient(deceasedBoolean=True)]))
    assert outcome.changed == 1
    assert await kept(book, "deceased", "version") == [(True, 2)]
    outcome, _ = await load(book, export(tmp_path, a=[patient(deceasedBoolean=True)]))
    assert outcome.changed == 0


@pytest.mark.parametrize("told_by", ["both", "the old one", "the new one"])
async def test_what_a_replaced_patient_had_is_filed_under_the_one_that_stays(
    book: Book, tmp_path: Path, told_by: str
) -> None:
    by = [{"other": {"reference": "Patient/new"}, "type": "replaced-by"}] if told_by != "the new one" else []
    of = [{"other": {"reference": "Patient/old"}, "type": "replaces"}] if told_by != "the old one" else []
    old, new = patient("old", active=False, link=by), patient("new", link=of)
    visit = encounter(subject={"reference": "Patient/old"})
    finding = condition(subject={"reference": "Patient/old"})
    directory = export(tmp_path, a=[*PLACES, old, new, visit, finding])
    _, reports = await load(book, directory)
    assert reports == []
    [[new_id, replaced_by], [_, old_points_to]] = await kept(book, "id", "replaced_by")
    assert (replaced_by, old_points_to) == (None, new_id)
    for table in ("appointments", "records"):
        assert await book.rows(f"SELECT patient_id FROM {table}") == [(new_id,)]  # noqa: S608
    assert (await load(book, directory))[0].changed == 0


async def test_links_in_a_circle_or_to_somebody_born_on_another_day_make_nobody_somebody_else(
    book: Book, tmp_path: Path
) -> None:
    def replaced_by(other: str) -> list[dict[str, Any]]:
        return [{"other": {"reference": f"Patient/{other}"}, "type": "replaced-by"}]

    lines = [
        patient("a", link=replaced_by("b")),
        patient("b", link=replaced_by("a")),
        patient("c", birthDate="1999-09-09", link=replaced_by("d")),
        patient("d", link=[{"other": {"reference": "Patient/a"}, "type": "seealso"}]),
        patient("e", link=replaced_by("nobody")),
    ]
    _, reports = await load(book, export(tmp_path, a=lines))
    assert [report.split(": ")[1] for report in reports] == ["Patient/d", "Patient/c", "Patient/e"]
    [[a, of_a], [b, of_b], *others] = await kept(book, "id", "replaced_by")
    assert (of_a, of_b) == (b, None)
    assert a != b
    assert [row[1] for row in others] == [None, None, None]


async def test_a_japanese_name_has_its_reading_and_the_family_first(book: Book, tmp_path: Path) -> None:
    def written(how: str, family: str, given: str) -> dict[str, Any]:
        extension = [{"url": REPRESENTATION, "valueCode": how}]
        return {"use": "official", "extension": extension, "family": family, "given": [given]}

    ways = [written("SYL", "サクラ", "ミドリ"), written("IDE", "佐倉", "緑")]
    lines = [
        patient("p1", name=ways),
        patient("p2", name=[{"text": "サクラ ミドリ"}, {"text": "佐倉 緑"}]),
        patient("p3", name=[{"text": "サクラ ミドリ"}]),
        patient("p4", name=[{"family": "King", "given": ["Martin", "Luther"], "prefix": ["Dr."], "suffix": ["Jr."]}]),
        patient("p5", name=[{"family": "Old", "period": {"end": "2020"}}, {"use": "usual", "family": "New"}]),
    ]
    await load(book, export(tmp_path, a=lines))
    assert await kept(book, "name", "name_kana") == [
        ("佐倉 緑", "サクラ ミドリ"),
        ("佐倉 緑", "サクラ ミドリ"),
        ("サクラ ミドリ", ""),
        ("Martin Luther King Jr.", ""),
        ("New", ""),
    ]


async def test_the_preferred_contact_that_still_holds_is_the_one_to_use(book: Book, tmp_path: Path) -> None:
    ranked = [phone("+81311112222", use="work", rank=3), phone("+819011112222", use="mobile", rank=1)]
    lines = [
        patient("p1", telecom=ranked),
        patient("p2", telecom=[phone("+81311112222", use="work"), phone("+819011112222", use="mobile")]),
        patient("p3", telecom=[phone("+819011110000", period={"end": "2010-01-01"}), phone("+819011112222")]),
        patient("p4", telecom=[phone("+81311112222", use="old"), {"system": "sms", "value": "+819011112222"}]),
    ]
    _, reports = await load(book, export(tmp_path, a=lines))
    assert reports == []
    assert await kept(book, "phone") == [("+819011112222",)] * 4


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0312345678", "+81312345678"),
        ("\uff10\uff19\uff10\uff0d\uff11\uff12\uff13\uff14\uff0d\uff15\uff16\uff17\uff18", "+819012345678"),
        ("03\u30fc1234\u30fc5678", "+81312345678"),
        ("+81 (0)3-1234-5678", "+81312345678"),
        ("+810312345678", "+81312345678"),
        ("0081 3 1234 5678", "+81312345678"),
        ("010-81-3-1234-5678", "+81312345678"),
        ("\u202a+81 3 1234 5678\u202c", "+81312345678"),
        ("03-1234-5678 / 090-1234-5678", "+81312345678"),
        ("03-0123-4545   99991", ""),
        ("tel:+1-201-555-0123;ext=45", "+12015550123;ext=45"),
    ],
)
async def test_a_number_is_read_as_in_its_country_or_reported(
    book: Book, tmp_path: Path, written: str, number: str
) -> None:
    outcome, reports = await load(book, export(tmp_path, a=[patient(telecom=[phone(written)], address=JAPAN)]))
    assert (outcome.new, await kept(book, "phone")) == (1, [(number,)])
    assert [report.split(" and is")[0] for report in reports] == (
        [] if number else ["a.ndjson:1: Patient/p1: its phone number cannot be read"]
    )


async def test_the_country_of_a_number_is_that_of_the_address_else_the_one_given(book: Book, tmp_path: Path) -> None:
    number = [phone("090-1234-5678")]
    lines = [
        patient("p1", telecom=number, address=[{"country": "USA"}]),
        patient("p2", telecom=number, address=[{"state": "東京都"}]),
        patient("p3", telecom=number),
    ]
    _, reports = await load(book, export(tmp_path, a=lines), region="JP")
    assert len(reports) == 1
    assert await kept(book, "phone") == [("",), ("+819012345678",), ("+819012345678",)]


async def test_a_birth_date_that_is_none_is_reported(book: Book, tmp_path: Path) -> None:
    given: list[object] = ["1980-13", "80", "1980-02-30", "2999", "1879-12-31", 19800405, "", "1880-01-01"]
    lines = [patient(f"p{number}", birthDate=value) for number, value in enumerate(given)]
    _, reports = await load(book, export(tmp_path, a=lines))
    assert [report.split(": ")[1] for report in reports] == [f"Patient/p{number}" for number in range(6)]
    assert await kept(book, "birth_date") == [(None,)] * 7 + [(date(1880, 1, 1),)]


async def test_as_much_of_a_birth_date_as_is_known_is_kept(book: Book, tmp_path: Path) -> None:
    lines = [patient("p0", birthDate="1950"), patient("p1", birthDate="1950-05")]
    _, reports = await load(book, export(tmp_path, a=lines))
    assert reports == []
    assert await kept(book, "birth_date, birth_precision") == [
        (date(1950, 1, 1), "year"),
        (date(1950, 5, 1), "month"),
    ]
    outcome, reports = await load(book, export(tmp_path, a=[lines[0], patient("p1", birthDate="1950-05-01")]))
    assert (outcome.changed, reports) == (1, [])
    assert await kept(book, "birth_precision") == [("year",), ("day",)]


async def test_a_year_of_birth_does_not_make_two_people_one(book: Book, tmp_path: Path) -> None:
    card = [{"system": "urn:card", "value": "7"}]
    for source in ("https://a.example", "https://b.example"):
        born = patient(birthDate="1950", identifier=card)
        outcome, _ = await load(book, export(tmp_path, a=[born]), source=source)
        assert outcome.new == 1


async def test_people_stay_apart_from_those_who_were_registered_by_call(
    worker: Worker, book: Book, tmp_path: Path
) -> None:
    staff = await worker.client("staff", clinic_ids=[await book.clinic()])
    card = {"system": "urn:card", "value": "7"}
    known = [("佐藤 健", "さとう けん", "7"), ("Sato Jun", "", "8"), ("Sato Rei", "", "9")]
    for name, reading, value in known:
        born = "1980" if value == "9" else "1980-05-17"
        identifiers = [patient_pb2.Identifier(system="urn:card", value=value)]
        new = directory_service_pb2.RegisterPatientRequest(
            name=name, name_kana=reading, birth_date=born, identifiers=identifiers
        )
        await staff(staff.directory.RegisterPatient, new)
    lines = [
        patient("same", name=[{"text": "サトウ ケン"}], identifier=[card]),
        patient("twin", name=[{"text": "Sato Ken"}], identifier=[card | {"value": "8"}]),
        patient("other", name=[{"text": "Sato Rei"}], identifier=[card | {"value": "9"}]),
    ]
    outcome, reports = await load(book, export(tmp_path, a=lines))
    assert (outcome.new, outcome.matched) == (2, 1)
    assert ["belongs to another in the book" in report for report in reports] == [False, True, True]
