"""What an import reports: every line of no use, with its reason, and nothing that tells who somebody is."""

import json
from pathlib import Path

from tests.fixtures.book import Book
from tests.fixtures.fhir import MRN, Resource, count, encounter, export, load, location, organization, patient, whole


async def test_every_line_of_no_use_is_reported_and_no_other_lost(book: Book, tmp_path: Path) -> None:
    lines: list[Resource | str | bytes] = [
        encounter(),
        '{"resourceType": "Encounter", ',
        "",
        b"\xff",
        "[]",
        '{"id": "x"}',
        {"resourceType": "Observation", "id": "1"},
        {"resourceType": "Observation", "id": "2"},
        encounter("e1"),
        encounter("e2", period={"end": "2020-01-02T20:30:00-06:00"}),
        encounter("e3", subject={"reference": "Patient/nobody"}),
        encounter("e4", status="planned"),
        encounter("e5", period={"start": "2026-04-01T09:00:00Z", "end": "2026-04-01T09:30:00Z"}),
        encounter("no id"),
        encounter("e6", participant=[{"individual": {"reference": "Practitioner?identifier=urn:x|secret"}}]),
        {"exportId": "x", "eventId": "kickoff"},
        encounter("last"),
    ]
    outcome, reports = await load(book, export(tmp_path, other=whole()[1:], x=lines))
    only_over = "only encounters that are over are imported"
    nowhere = "is neither in the export nor already imported, or was itself reported"
    assert reports == [
        "x.ndjson:2: it is not JSON",
        "x.ndjson:4: it is not UTF-8",
        "x.ndjson:5: it is not a JSON object",
        "x.ndjson:6: resourceType is missing or not a FHIR resource type",
        "x.ndjson:7-8: resources of type Observation are not imported",
        "x.ndjson:9: Encounter/e1: an earlier line has the same id",
        "x.ndjson:10: Encounter/e2: period.start is missing",
        f"x.ndjson:11: Encounter/e3: Patient/nobody {nowhere}",
        f"x.ndjson:12: Encounter/e4: status planned: {only_over}",
        f"x.ndjson:13: Encounter/e5: period.end is in the future: {only_over}",
        "x.ndjson:14: Encounter: id is missing or not a valid FHIR id",
        f"x.ndjson:15: Encounter/e6: the Practitioner that it names by urn:x {nowhere}",
    ]
    assert (outcome.new, await count(book, "appointments")) == (7, 2)


async def test_one_row_that_the_database_refuses_leaves_the_rest_of_its_batch(book: Book, tmp_path: Path) -> None:
    await book.run("ALTER TABLE appointments ADD CONSTRAINT no_flu CHECK (reason <> 'Flu')")
    visits = [encounter(f"e{n}", reasonCode=[{"text": "Flu" if n == 5 else "Cold"}]) for n in range(20)]
    outcome, reports = await load(book, export(tmp_path, a=whole()[1:], b=visits))
    assert reports == ["b.ndjson:6: Encounter/e5: the database rejected it (no_flu)"]
    assert (outcome.new, await count(book, "appointments")) == (24, 19)


async def test_a_clinic_without_a_known_zone_needs_one(book: Book, tmp_path: Path) -> None:
    directory = export(tmp_path, a=[organization(address=[{"state": "Osaka", "country": "JP"}]), location()])
    _, reports = await load(book, directory)
    assert [report.split(":")[1] for report in reports] == ["1", "2"]
    assert "--time-zone" in reports[0]
    outcome, reports = await load(book, directory, zone="Asia/Tokyo")
    assert (outcome.new, reports) == (2, [])
    assert await book.rows("SELECT time_zone FROM clinics") == [("Asia/Tokyo",)]


async def test_a_patient_who_is_registered_already_is_the_same_only_with_the_same_name_and_birth_date(
    book: Book, tmp_path: Path
) -> None:
    known = await book.patient("Sato Ken", (MRN, "7"))  # born 1980-05-17
    same = patient("p1", identifier=[{"system": MRN, "value": "7"}])
    other = patient("p2", identifier=[{"system": MRN, "value": "7"}])
    outcome, reports = await load(book, export(tmp_path, a=[same]))
    assert (outcome.new, outcome.matched, outcome.unchanged) == (0, 1, 0)
    rule = f"its identifier of {MRN} and its name and birth date agree"
    assert reports == [f"a.ndjson:1: Patient/p1: is the same as one in the book: {rule}"]
    outcome, reports = await load(book, export(tmp_path, a=[same]))
    assert (outcome.matched, outcome.unchanged, reports) == (0, 1, [])
    _, reports = await load(book, export(tmp_path, a=[other]))
    shared = f"its identifier of {MRN} belongs to another in the book: all but this identifier is there"
    assert reports == [f"a.ndjson:1: Patient/p2: {shared}"]

    twin = patient("p1", identifier=[{"system": MRN, "value": "7"}], birthDate="1980-05-18")
    outcome, reports = await load(book, export(tmp_path, a=[twin]), source="https://other.example")
    assert (outcome.new, reports) == (1, [f"a.ndjson:1: Patient/p1: {shared}"])
    assert await book.rows("SELECT patient_id FROM patient_identifiers WHERE system = %s", MRN) == [(known,)]
    assert await count(book, "patients") == 3


async def test_the_same_id_of_another_source_is_someone_else(book: Book, tmp_path: Path) -> None:
    directory = export(tmp_path, a=[patient()])
    for source in ("https://a.example", "https://b.example"):
        outcome, _ = await load(book, directory, source=source)
        assert outcome.new == 1


async def test_a_location_named_as_another_clinic_is_reported(book: Book, tmp_path: Path) -> None:
    shared = [{"system": MRN, "value": "7"}]
    other = organization("o2", identifier=shared, type=[{"coding": [{"code": "prov"}]}])
    lines = [organization(), other, location(identifier=shared)]
    _, reports = await load(book, export(tmp_path, a=lines))
    assert reports == [f"a.ndjson:3: Location/l1: its identifier of {MRN} is another clinic's already"]


async def test_names_that_requests_may_not_hold_are_reported(book: Book, tmp_path: Path) -> None:
    texts = ["\u200b", "\u3000", "Mori\nHana", "Mori\x1b[2J", "Mori \u202eanaH", "\U0001d159", "Mo\u200bri", "42"]
    lines = [patient(f"p{number}", name=[{"text": text}]) for number, text in enumerate(texts)]
    outcome, reports = await load(book, export(tmp_path, a=lines))
    assert (outcome.new, len(reports)) == (0, len(texts))
    nicknamed = patient("p", name=[{"text": "Mori Hana"}, {"use": "nickname", "text": "🦊"}])
    assert (await load(book, export(tmp_path / "other", a=[nicknamed])))[0].new == 1


async def test_contacts_are_kept_by_the_rule_of_requests(book: Book, tmp_path: Path) -> None:
    bad = ["jörg@example.com", "kei\u200b@example.com", "kei,mori@example.com"]
    good = ["user..name@docomo.ne.jp", "kei@münchen.example", "mailto:kei@example.com"]
    lines = [
        patient(f"p{number}", telecom=[{"system": "email", "value": value}])
        for number, value in enumerate([*bad, *good])
    ]
    await load(book, export(tmp_path, a=lines))
    kept = [
        email
        for [email] in await book.rows(
            "SELECT email FROM patients JOIN patient_identifiers i ON i.patient_id = id ORDER BY i.value"
        )
    ]
    assert kept == ["", "", "", "user..name@docomo.ne.jp", "kei@xn--mnchen-3ya.example", "kei@example.com"]


async def test_reports_hold_no_personal_data(book: Book, tmp_path: Path) -> None:
    secret = {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "Geheim"}
    lines: list[Resource | str] = [
        patient("p1", name=[{"family": "Geheim" * 40}]),
        patient("p2", identifier=[secret]),
        patient("p3", identifier=[secret], name=[{"text": "Geheim"}]),
        encounter(subject={"reference": f"Patient?identifier={secret['system']}|Geheim-2"}),
        encounter("Geheim Geheim"),
        json.dumps(patient("p4", name=[{"family": "Geheim\0"}])),
    ]
    _, reports = await load(book, export(tmp_path, a=[*whole()[2:], *lines]))
    assert len(reports) == 6
    assert "Geheim" not in "".join(reports)
