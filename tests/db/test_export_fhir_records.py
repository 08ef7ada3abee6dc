"""Medical records leave only for a reason, which every access log has, and come back as they were."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.usecases.exporting import run as exporting
from server.usecases.keyrings import KeyRing
from server.usecases.records.checkpoints import Witnesses
from server.usecases.records.verification import AuditVerifier
from tests.db.test_export_fhir import OURS, left_off, program, read, run
from tests.fixtures import books
from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    TRAIL,
    VAULT,
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

KEY = base64.b64encode(bytes(32)).decode()
ASTHMA = condition("c1", note=[{"text": "since childhood"}])
PLACES = [
    *(organization(), organization("o2"), practitioner(), role()),
    role("r2", organization={"reference": "Organization/o2"}),
    patient(),
    patient("p2", name=[{"text": "Kato Mei"}], generalPractitioner=[{"reference": "PractitionerRole/r2"}]),
    encounter(),
    condition("c2", subject={"reference": "Patient/p2"}, encounter=None, recordedDate="2020-02-01T10:00:00.25Z"),
]


@pytest.fixture
async def written(book: Book, tmp_path: Path) -> Book:
    """A book with a record of three versions, and one without a visit."""
    for number, said in enumerate(["Asthma", "Asthma, mild", "喘息"]):
        lines = [*PLACES, ASTHMA | {"code": {"text": said}}]
        _, reports = await load(book, export(tmp_path / f"from{number}", a=lines))
        assert reports == []
        book.clock.now += timedelta(hours=1)
    assert [row[4:6] for row in await books.records(book)] == [(1, 1), (1, 3), (2, 3), (3, 3)]
    return book


async def exported(book: Book, directory: Path, reason: str) -> Path:
    found: dict[str, list[dict[str, Any]]] = {}
    async for kind, page in exporting.Exporter(book.engine, book.clock, VAULT, TRAIL).run(reason):
        found.setdefault(kind, []).extend(page)
    return export(directory, **found)


async def test_records_come_back_with_all_their_versions(
    written: Book, empty: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "RECORDS_PAGE", 1)
    directory = await exported(written, tmp_path / "export", "moving house")
    _, reports = await load(empty, directory, source=f"{OURS}fhir")
    assert left_off(reports) == []
    assert await books.records(empty) == await books.records(written)
    outcome, _ = await load(empty, directory, source=f"{OURS}fhir")
    assert (outcome.new, outcome.changed) == (0, 0)
    assert await books.records(empty) == await books.records(written)


async def test_each_access_log_has_the_export_and_its_reason(written: Book, tmp_path: Path) -> None:
    await exported(written, tmp_path / "export", "moving house")
    rows = await written.rows(
        "SELECT actor, basis, note, cardinality(record_ids) FROM record_audit WHERE access = 'exported'"
    )
    assert rows == [("export-fhir", "reason", "moving house", 1)] * 2
    checking = AuditVerifier(written.engine, KeyRing([bytes(32)]))
    assert [flaw async for _, flaw in checking.chains(Witnesses())] == [None, None]


async def test_without_a_reason_no_record_leaves(written: Book, tmp_path: Path) -> None:
    directory = await exported(written, tmp_path / "export", "")
    assert not (directory / "DocumentReference.ndjson").exists()
    assert await written.rows("SELECT FROM record_audit WHERE access = 'exported'") == []


async def test_without_the_keys_nothing_is_written(written: Book, database_url: str, tmp_path: Path) -> None:
    refused = await program(database_url, str(tmp_path / "export"), "--with-records", "moving house")
    assert refused.returncode == 1
    assert "YOYAKU_RECORD_MASTER_KEYS lacks the master key" in refused.stderr
    assert not (tmp_path / "export").exists()
    assert await written.rows("SELECT FROM record_audit WHERE access = 'exported'") == []


async def test_the_command_writes_records_with_their_keys(written: Book, database_url: str, tmp_path: Path) -> None:
    arguments = str(tmp_path / "export"), "--with-records", "moving house"
    done = await program(database_url, *arguments, YOYAKU_RECORD_MASTER_KEYS=KEY)
    assert done.returncode == 0, done.stderr
    texts = [
        base64.b64decode(each["content"][0]["attachment"]["data"]).decode().partition("\n")[0]
        for each in read(tmp_path / "export", "DocumentReference")
    ]
    assert sorted(texts) == ["Asthma", "Asthma", "Asthma, mild", "喘息"]


async def test_a_version_is_not_added_to_a_record_that_was_amended_here(
    written: Book, empty: Book, tmp_path: Path
) -> None:
    directory = await exported(written, tmp_path / "export", "moving house")
    await load(empty, directory, source=f"{OURS}fhir")
    await load(written, export(tmp_path / "again", a=[*PLACES, ASTHMA | {"code": {"text": "Gone"}}]))
    await empty.run("UPDATE records SET version = 4 WHERE version = 3")
    _, reports = await load(empty, await exported(written, tmp_path / "later", "again"), source=f"{OURS}fhir")
    assert len([each for each in left_off(reports) if "was changed in the book too" in each]) == 1


DOCUMENT = {
    "resourceType": "DocumentReference",
    "id": "n1",
    "status": "current",
    "subject": {"reference": "Patient/p1"},
    "author": [{"reference": "Practitioner/d1"}],
    "date": "2020-01-01T10:00:00Z",
    "content": [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(b"Asthma").decode()}}],
}


async def test_a_text_that_is_too_long_is_cut_and_that_is_reported(book: Book, tmp_path: Path) -> None:
    data = base64.b64encode(b"x" * 10_001).decode()
    long = DOCUMENT | {"content": [{"attachment": {"contentType": "text/plain", "data": data}}]}
    _, [report] = await load(book, export(tmp_path, a=[*PLACES[:6], long]))
    assert "longer than 10,000 characters" in report
    assert [len(row[-1]) for row in await books.records(book)] == [10_000]


async def test_a_document_that_was_entered_in_error_is_withdrawn(book: Book, tmp_path: Path) -> None:
    await load(book, export(tmp_path, a=[*PLACES[:6], DOCUMENT]))
    await load(book, export(tmp_path, a=[*PLACES[:6], DOCUMENT | {"status": "entered-in-error"}]))
    assert [row[-1].partition(":")[0] for row in await books.records(book)] == ["Asthma", "Withdrawn"]


def test_a_reason_is_one_short_line(tmp_path: Path) -> None:
    for reason in ("x" * 501, "a\nb", " "):
        refused = run("postgresql://nobody:x@127.0.0.1:1/none", str(tmp_path / "export"), "--with-records", reason)
        assert (refused.exit_code, "a reason of one line" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "entered-in-error"}, "describes no document"),
        ({"subject": None}, "subject is missing"),
        ({"date": None}, "date is missing"),
        ({"date": "2030-01-01T00:00:00Z"}, "in the future"),
        ({"content": [{"attachment": {"contentType": "application/pdf", "data": "AAAA"}}]}, "no plain text"),
        ({"content": [{"attachment": {"contentType": "text/plain", "data": "!"}}]}, "base64"),
        ({"content": [{"attachment": {"contentType": "text/plain", "data": "AAAA"}}]}, "its text"),
        ({"author": [{"reference": "Practitioner/nobody"}]}, "its author is no doctor"),
    ],
)
async def test_what_cannot_be_a_record_is_reported(
    book: Book, tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    _, [report] = await load(book, export(tmp_path, a=[*PLACES[:6], DOCUMENT | fields]))
    assert reason in report
    assert await count(book, "records") == 0
