"""`python -m server export-fhir`: the whole book as FHIR, complete or not at all, and back."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from db.postgres.cluster.engines import Engine
from server.commands import app
from server.commands.data import export_fhir
from server.fhir.files import resources
from server.local.demo import hospital
from server.local.demo.plan import HospitalPlan
from server.usecases.exporting import run as exporting
from tests.fixtures import books
from tests.fixtures.book import Book
from tests.fixtures.fhir import TRAIL, VAULT, load, sample

ROOT = Path(__file__).resolve().parents[2]
OURS = "urn:yoyaku:"
COMMAND = export_fhir.export_fhir.__name__.replace("_", "-")


def environment(database_url: str) -> dict[str, str]:
    key = base64.b64encode(bytes(32)).decode()
    return {"YOYAKU_DATABASE_URL": database_url, "YOYAKU_KEY_ENCRYPTION_KEY": key}


def run(database_url: str, *arguments: str) -> Result:
    return CliRunner().invoke(
        app, [export_fhir.export_fhir.__name__.replace("_", "-"), *arguments], env=environment(database_url)
    )


async def program(database_url: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run it as a program."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "server", COMMAND, *arguments],
        cwd=ROOT,
        env=os.environ | environment(database_url) | settings,
        capture_output=True,
        text=True,
        timeout=120,
    )


async def exported(database_url: str, directory: Path) -> Path:
    """Where the program has written it."""
    done = await program(database_url, str(directory))
    assert done.returncode == 0, done.stderr
    return directory


def read(directory: Path, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / f"{kind}.ndjson").read_text().splitlines()]


def left_off(reports: list[str]) -> list[str]:
    """What an import says, except of what it does not import."""
    return [each for each in reports if not each.startswith(("Schedule.", "Slot."))]


async def both(book: Book, other: Book) -> None:
    """Check that two books say the same."""
    assert await books.directory(other) == await books.directory(book)
    assert await books.patients(other, OURS) == await books.patients(book, OURS)
    assert await books.appointments(other) == await books.appointments(book)


async def test_a_hospital_moves_house(
    book: Book, empty: Book, engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 7)
    today = book.clock.now.date()
    plan = HospitalPlan(until=today, doctors=9, patients=40, days=60, per_day=3, horizon_days=20)
    await hospital.load(engine, plan, lambda _: None)
    closed = await book.doctor(await book.clinic("Europe/Lisbon", buffer_minutes=10), sessions=())
    await book.run("UPDATE doctors SET active = false WHERE id = %s", closed)
    twin = await book.patient("佐倉 緑", ("urn:mrn", "7"), phone="+81312345678", email="midori@example.org")
    await book.run("UPDATE patients SET name_kana = 'サクラ ミドリ', language = 'ja', birth_date = '1950-05-17'")
    await book.run("UPDATE patients SET deceased = true, name = 'さくら', name_kana = 'Sakura' WHERE id = %s", twin)
    elder = await book.patient("Elder Sato")
    await book.run("UPDATE patients SET birth_date = '1921-01-01', birth_precision = 'year' WHERE id = %s", elder)
    gone = await book.patient("Sakura Midori")
    await book.run(
        "UPDATE patients SET replaced_by = %s, inactive = true, birth_date = '1950-05-17' WHERE id = %s", twin, gone
    )
    written = await exported(database_url, tmp_path / "export")
    outcome, reports = await load(empty, written, source=f"{OURS}fhir")
    assert left_off(reports) == []
    assert (outcome.matched, outcome.changed) == (0, 1)  # the patient who was replaced
    await both(book, empty)


async def test_a_book_that_was_imported_is_exported_and_imported_again(
    book: Book, empty: Book, database_url: str, tmp_path: Path
) -> None:
    await load(book, sample())
    _, reports = await load(empty, await exported(database_url, tmp_path / "export"), source=f"{OURS}fhir")
    assert left_off(reports) == []
    await both(book, empty)


async def test_slots_ahead_are_free_or_busy(book: Book) -> None:
    clinic_id = await book.clinic(horizon_days=3)
    doctor_id = await book.doctor(clinic_id, sessions=(("09:00", "10:00"),))
    await book.appointment_type(clinic_id, name="Brain scan")
    await book.appointment_type(clinic_id, name="Retired", active=False)
    patient_id = await book.patient()
    start, end = datetime(2026, 3, 3, 0, 0, tzinfo=UTC), datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
    await book.run(
        "INSERT INTO appointments SELECT gen_random_uuid(), id, practitioner_id, clinic_id, %s, %s, %s, %s,"
        " tstzrange(%s, %s), 1, 'scheduled', NULL, 'cough', 1, now(), now() FROM doctors WHERE id = %s",
        patient_id, start.date(), start, end, start, end, doctor_id,
    )  # fmt: skip
    written: dict[str, list[dict[str, Any]]] = {}
    async for kind, page in exporting.Exporter(book.engine, book.clock, VAULT, TRAIL).run():
        written.setdefault(kind, []).extend(page)
    [schedule], [appointment] = written["Schedule"], written["Appointment"]
    assert schedule["actor"][0] == {"reference": f"PractitionerRole/{doctor_id}"}
    assert schedule["serviceType"] == [{"text": "Brain scan"}]
    assert {slot["schedule"]["reference"] for slot in written["Slot"]} == {f"Schedule/{doctor_id}"}
    assert [slot["start"] for slot in written["Slot"] if slot["status"] == "busy"] == [appointment["start"]]
    assert [slot["start"][:16] for slot in written["Slot"] if slot["status"] == "free"] == [
        "2026-03-02T00:00", "2026-03-02T00:30", "2026-03-03T00:30", "2026-03-04T00:00", "2026-03-04T00:30",
        "2026-03-05T00:00", "2026-03-05T00:30",
    ]  # fmt: skip
    assert (appointment["status"], appointment["reasonCode"]) == ("booked", [{"text": "cough"}])
    actors = {each["actor"]["reference"] for each in appointment["participant"]}
    assert actors == {f"Patient/{patient_id}", f"PractitionerRole/{doctor_id}", f"Location/{clinic_id}"}


async def test_only_the_owner_can_read_it(book: Book, database_url: str, tmp_path: Path) -> None:
    await book.patient()
    written = await exported(database_url, tmp_path / "export")
    assert S_IMODE(written.stat().st_mode) == 0o700
    assert {S_IMODE(file.stat().st_mode) for file in written.iterdir()} == {0o600}
    assert [len(list(resources(file))) for file in written.iterdir()] == [1]


async def test_it_sees_one_moment(book: Book, database_url: str, tmp_path: Path) -> None:
    for number in range(3):
        await book.patient(f"Sato {number}x")
    seen: list[str] = []
    async for kind, page in exporting.Exporter(book.engine, book.clock, VAULT, TRAIL).run():
        if not seen:
            await book.patient("Kato Mei")
        seen += [each["id"] for each in page if kind == "Patient"]
    assert len(seen) == 3


def test_a_directory_with_something_in_it_stays_as_it_is(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    refused = run(database_url, str(tmp_path))
    assert refused.exit_code == 1
    assert "is not an empty directory" in refused.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["other"]


def test_nothing_is_left_of_an_export_that_fails(tmp_path: Path) -> None:
    failed = run("postgresql://nobody:x@127.0.0.1:1/none", str(tmp_path / "export"))
    assert failed.exit_code == 1
    assert "nothing was written" in failed.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_was_killed_is_named(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "export.partial").mkdir()
    refused = run(database_url, str(tmp_path / "export"))
    assert refused.exit_code == 1
    assert "export.partial exists" in refused.stderr
    (tmp_path / "export.partial").rmdir()
    (tmp_path / "export").mkdir()
    assert run(database_url, str(tmp_path / "export")).exit_code == 0
