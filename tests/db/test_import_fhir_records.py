"""Conditions of a FHIR export become medical records of the doctors who saw the patient."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from db.postgres.cluster.transaction import read
from db.postgres.records import records
from db.postgres.records.records import RecordRow
from server.usecases.keyrings import KeyRing
from server.usecases.records.checkpoints import Witnesses
from server.usecases.records.verification import AuditVerifier
from tests.fixtures.book import Book
from tests.fixtures.fhir import VAULT, Resource, condition, count, encounter, export, load, patient, sample, whole

ASTHMA = """Asthma
Clinical status: active
Severity: Severe
Onset: 2019-05
Code: http://snomed.info/sct 195967001
Note: since childhood"""


async def imported(book: Book) -> dict[str, RecordRow]:
    """The records, by the ids that the exporter has for them."""
    found = {}
    for name, record_id in await book.rows("SELECT value, record_id FROM record_identifiers"):
        row = await read(book.engine, partial(records.get, record_id=str(record_id)))
        assert row
        found[str(name)] = row
    return found


async def test_a_condition_is_a_record_of_the_doctor_of_its_encounter(book: Book, tmp_path: Path) -> None:
    asthma = condition(
        "asthma",
        code={"text": "Asthma", "coding": [{"system": "http://snomed.info/sct", "code": "195967001"}]},
        clinicalStatus={"coding": [{"code": "active"}]},
        severity={"text": "Severe"},
        onsetDateTime="2019-05",
        note=[{"text": "since childhood"}],
    )
    plain = condition("plain", recordedDate="2020")
    outcome, reports = await load(book, export(tmp_path, a=[asthma, plain, *whole()]))
    assert (reports, outcome.new) == ([], 8)
    found = await imported(book)
    row = found["asthma"]
    assert (VAULT.open(row), row.doctor_name, row.patient_name) == (ASTHMA, "Hana Mori", "Ken Sato")
    assert row.created_at == datetime(2020, 1, 2, 2, 45, tzinfo=UTC)
    assert [(row.appointment_id,)] == await book.rows("SELECT id FROM appointments")
    assert (VAULT.open(found["plain"]), found["plain"].created_at) == ("Asthma", datetime(2020, 1, 2, 3, tzinfo=UTC))


async def test_the_import_stands_in_the_trail(book: Book) -> None:
    await load(book, sample())
    rows = await book.rows(
        "SELECT actor, access, basis, sum(cardinality(record_ids)) FROM record_audit GROUP BY 1, 2, 3"
    )
    assert rows == [("import-fhir", "imported", "import", 555)]
    checking = AuditVerifier(book.engine, KeyRing([bytes(32)]))
    assert {flaw async for _, flaw in checking.chains(Witnesses())} == {None}
    [[authors]] = await book.rows(
        "SELECT count(*) FROM records r JOIN appointments a ON a.id = r.appointment_id"
        " WHERE (r.doctor_id, r.patient_id, r.clinic_id) = (a.doctor_id, a.patient_id, a.clinic_id)"
    )
    assert authors == 555


async def test_conditions_that_are_no_records_are_reported(book: Book, tmp_path: Path) -> None:
    lines: list[Resource] = [
        condition("c1", verificationStatus={"coding": [{"code": "entered-in-error"}]}),
        condition("c2", encounter=None),
        condition("c3", encounter={"reference": "Encounter/nobody"}),
        condition("c4", code={"coding": [{"system": "http://snomed.info/sct"}]}),
        condition("c5", subject={"reference": "Patient/p2"}),
        condition("c6", recordedDate="2999-01-01T00:00:00Z"),
        condition("c7", subject=None),
        condition("last"),
    ]
    people = [*whole(), patient("p2"), encounter("e2", subject={"reference": "Patient/p2"})]
    outcome, reports = await load(book, export(tmp_path, a=people, c=lines))
    assert reports == [
        "c.ndjson:1: Condition/c1: verificationStatus entered-in-error does not describe a finding",
        (
            "c.ndjson:2: Condition/c2: it names no encounter, and neither its recorder nor its asserter, nor without"
            " them the patient's general practitioner, is a doctor in the book"
        ),
        (
            "c.ndjson:3: Condition/c3: Encounter/nobody is neither in the export nor already imported,"
            " or was itself reported"
        ),
        "c.ndjson:4: Condition/c4: code has neither words nor a code",
        "c.ndjson:5: Condition/c5: its encounter belongs to another patient",
        "c.ndjson:6: Condition/c6: recordedDate is in the future",
        "c.ndjson:7: Condition/c7: subject is missing or does not refer to a Patient",
    ]
    assert (outcome.new, await count(book, "records")) == (len(people) + 1, 1)


async def test_what_a_condition_says_stands_in_its_record(book: Book, tmp_path: Path) -> None:
    elbow = condition(
        code={"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "M77.1"}]},
        category=[{"text": "encounter-diagnosis"}],
        onsetRange={"low": {"value": 40, "unit": "years"}, "high": {"value": 45, "unit": "years"}},
        abatementAge={"value": 52, "code": "a"},
        bodySite=[{"text": "left elbow"}],
        stage=[{"summary": {"text": "II"}}],
        evidence=[{"code": [{"text": "pain"}, {"coding": [{"code": "R52"}]}]}],
    )
    await load(book, export(tmp_path, a=[*whole(), elbow]))
    [row] = (await imported(book)).values()
    assert VAULT.open(row).splitlines() == [
        "M77.1",
        "Category: encounter-diagnosis",
        "Site: left elbow",
        "Onset: at 40 years to at 45 years",
        "Abatement: at 52 a",
        "Stage: II",
        "Evidence: pain; R52",
        "Code: http://hl7.org/fhir/sid/icd-10 M77.1",
    ]


async def test_without_a_visit_a_condition_belongs_to_who_recorded_or_asserted_it(book: Book, tmp_path: Path) -> None:
    recorded = condition("c1", encounter=None, recorder={"reference": "Practitioner/d1"}, recordedDate="2019-04-05")
    asserted = condition("c2", encounter=None, asserter={"reference": "PractitionerRole/r1"})
    still_open = encounter("open", status="in-progress")
    during = condition("c3", encounter={"reference": "Encounter/open"}, recorder={"reference": "Practitioner/d1"})
    outcome, reports = await load(book, export(tmp_path, a=[*whole(), still_open, recorded, asserted, during]))
    assert (outcome.new, len(reports)) == (9, 1)
    found = await imported(book)
    assert {row.doctor_name for row in found.values()} == {"Hana Mori"}
    assert {row.appointment_id for row in found.values()} == {None}
    assert found["c1"].created_at == datetime(2019, 4, 5, tzinfo=UTC)


async def test_a_condition_that_tells_nobody_belongs_to_the_general_practitioner(book: Book, tmp_path: Path) -> None:
    treated = patient(
        "p1", generalPractitioner=[{"reference": "Organization/o1"}, {"reference": "PractitionerRole/r1"}]
    )
    lone = condition("c1", encounter=None, recordedDate="2019-04-05")
    stranger = condition("c2", encounter=None, recorder={"reference": "Practitioner/nobody"})
    _, reports = await load(book, export(tmp_path, a=[lone, stranger, treated, *whole()[2:]]))
    assert [report.split(": ")[1] for report in reports] == ["Condition/c2"]
    [row] = (await imported(book)).values()
    assert (row.doctor_name, row.created_at) == ("Hana Mori", datetime(2019, 4, 5, tzinfo=UTC))
