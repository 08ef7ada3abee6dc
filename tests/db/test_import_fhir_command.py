"""`python -m server import-fhir` as one calls it: what it prints, and its exit codes."""

import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from server.commands import app, running
from server.commands.data.import_fhir import SOME_REPORTED
from server.domain.ids import uuid7_maker
from server.fhir.export import find
from server.fhir.fields import Origin
from server.local.state import StackState, write
from server.usecases.importing.batches import ImportOptions
from server.usecases.importing.run import Importer
from tests.fixtures.book import Book
from tests.fixtures.fhir import (
    TRAIL,
    VAULT,
    appointment,
    condition,
    encounter,
    export,
    organization,
    patient,
    sample,
    whole,
)
from tests.fixtures.worker import Worker
from yoyaku.v1 import directory_service_pb2

ROOT = Path(__file__).resolve().parents[2]


def environment(database_url: str) -> dict[str, str]:
    key = base64.b64encode(bytes(32)).decode()
    return {"YOYAKU_DATABASE_URL": database_url, "YOYAKU_KEY_ENCRYPTION_KEY": key}


def run(database_url: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["import-fhir", *arguments], env=environment(database_url))


def test_it_runs_as_a_program(database_url: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "server", "import-fhir", str(export(tmp_path, a=whole()))],
        cwd=ROOT,
        env=os.environ | environment(database_url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "6 new, 0 matched, 0 unchanged, 0 changed, 0 not imported, 0 in part"


def test_the_sample_is_summed_up_and_its_one_bad_line_reported(database_url: str) -> None:
    first = run(database_url, str(sample()))
    assert first.exit_code == 0
    assert first.stderr.splitlines()[1].startswith("Location.000.ndjson:31: Location/bb1ad573-")
    assert len(first.stderr.splitlines()) == 3
    assert "1955 new, 0 matched, 0 unchanged, 0 changed, 2 not imported" in first.stdout
    assert "Condition              555     555        0          0        0             0        0" in first.stdout
    again = run(database_url, str(sample()), "--strict")
    assert (again.exit_code, again.stderr) == (SOME_REPORTED, first.stderr)
    assert "0 new, 0 matched, 1955 unchanged, 0 changed, 2 not imported" in again.stdout


def test_lines_of_no_use_end_a_strict_import_with_2(database_url: str, tmp_path: Path) -> None:
    done = run(database_url, str(export(tmp_path, a=["[", encounter()])), "--strict")
    assert done.exit_code == SOME_REPORTED
    assert [line.split(": ")[0] for line in done.stderr.splitlines()[:2]] == ["a.ndjson:1", "a.ndjson:2"]
    assert done.stdout.splitlines()[-1] == "0 new, 0 matched, 0 unchanged, 0 changed, 2 not imported, 0 in part"


def test_the_time_zone_of_organizations_without_one_can_be_given(database_url: str, tmp_path: Path) -> None:
    directory = str(export(tmp_path, a=[organization(address=[])]))
    assert run(database_url, directory, "--strict").exit_code == SOME_REPORTED
    assert run(database_url, directory, "--strict", "--time-zone", "Asia/Tokyo").exit_code == 0


def test_what_cannot_be_an_export_is_named(database_url: str, tmp_path: Path) -> None:
    for arguments, words in (
        ([str(tmp_path / "nowhere")], "there is no directory"),
        ([str(tmp_path)], "contains no file that ends in .ndjson, .ndjson.gz, .json or .json.gz"),
        ([str(tmp_path), "--time-zone", "Mars/Base"], "there is no time zone Mars/Base"),
        ([str(tmp_path), "--source", ""], "--source is empty"),
    ):
        done = run(database_url, *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("error: ")
        assert words in done.stderr


def test_a_database_that_cannot_be_reached_is_an_error_that_says_so(tmp_path: Path) -> None:
    done = run("postgresql://nobody@127.0.0.1:1/none", str(export(tmp_path, a=whole())))
    assert done.exit_code == 1
    assert done.stderr.startswith("error: the database cannot be used: 127.0.0.1:1 says: Connection refused (")


def test_without_settings_it_works_on_the_running_stack(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = str(export(tmp_path / "export", a=whole()))
    monkeypatch.setattr(running, "HOME", tmp_path)
    for name in ("YOYAKU_DATABASE_URL", "YOYAKU_CACHE_URL", "YOYAKU_KEY_ENCRYPTION_KEY_FILE"):
        # Set, then removed, so that what the command sets is removed as well.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    none = CliRunner().invoke(app, ["import-fhir", directory])
    assert (none.exit_code, none.stderr) == (1, "error: no stack is running here: start it with `make up`\n")

    key = tmp_path / "key"
    key.write_text(environment("")["YOYAKU_KEY_ENCRYPTION_KEY"])
    stack = StackState(edge="", edge_tls="", admin="", grpc="", database_url=database_url, accounts={"staff": {}})
    stack.key_encryption_key_file = str(key)
    stack.valkey_url = "redis://127.0.0.1:1/0"
    write(tmp_path, stack)
    done = CliRunner().invoke(app, ["import-fhir", directory])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        "6 new, 0 matched, 0 unchanged, 0 changed, 0 not imported, 0 in part",
    )


def test_what_is_reported_is_summed_up_by_reason_and_written_as_lines_of_json(
    database_url: str, tmp_path: Path
) -> None:
    directory = export(tmp_path / "export", a=["[", "[", *whole()[1:], encounter(subject={"reference": "Patient/p9"})])
    (directory / "notes.txt").write_text("x")
    done = run(database_url, str(directory), "--report", str(tmp_path / "report"))
    assert done.stdout.splitlines()[-4:-1] == [
        "       2  not imported: it is not JSON",
        "       1  not imported: its name does not end in .ndjson, .ndjson.gz, .json or .json.gz: the file is skipped",
        "       1  not imported: Patient is neither in the export nor already imported, or was itself reported",
    ]
    written = [json.loads(line) for line in (tmp_path / "report").read_text().splitlines()]
    assert [(each["file"], each["first"], each["last"], each["resource"]) for each in written] == [
        ("notes.txt", 0, 0, ""),
        ("a.ndjson", 1, 2, ""),
        ("a.ndjson", 8, 8, "Encounter/e1"),
    ]
    assert {each["outcome"] for each in written} == {"not imported"}


@pytest.mark.parametrize("started", [[], ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]], ids=["directly", "by a script"])
def test_a_manager_that_stops_it_is_told_how_to_go_on(database_url: str, started: list[str]) -> None:
    command = [*started, sys.executable, "-m", "server", "import-fhir", str(sample())]
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE appointments IN SHARE MODE")  # it cannot be through before it is stopped
        child = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment(database_url), stderr=subprocess.PIPE, text=True
        )
        assert child.stderr
        assert any(line.startswith("Location") for line in child.stderr)  # then part of it is in the book
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 1
    assert said.splitlines()[-1] == "error: stopped: what was imported stays; run the same command again to continue"
    run(database_url, str(sample()))
    assert "0 new, 0 matched, 1955 unchanged" in run(database_url, str(sample())).stdout


async def test_workers_show_what_a_second_run_has_changed(
    worker: Worker, book: Book, database_url: str, valkey_urls: dict[str, str], tmp_path: Path
) -> None:
    given = {f"YOYAKU_{name.upper()}": url for name, url in valkey_urls.items()}
    given |= {"YOYAKU_DATABASE_URL": database_url, "YOYAKU_KEY_ENCRYPTION_KEY": worker.key_encryption_key}
    seen = []
    for name in ("Ken Sato", "Ken Mori"):
        directory = export(tmp_path, a=[patient(name=[{"text": name}])])
        command = [sys.executable, "-m", "server", "import-fhir", str(directory)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=os.environ | given)
        assert await process.wait() == 0
        [[patient_id]] = await book.rows("SELECT id FROM patients")
        staff = await worker.client("admin")
        request = directory_service_pb2.GetPatientRequest(patient_id=str(patient_id))
        seen += [(await staff(staff.directory.GetPatient, request)).patient.name for _ in range(2)]
    assert seen == ["Ken Sato", "Ken Sato", "Ken Mori", "Ken Mori"]
    assert worker.parts.patients.counts.valkey > 0


def test_a_dry_run_reports_all_that_a_run_would_and_changes_nothing(database_url: str, tmp_path: Path) -> None:
    second = appointment("a2", participant=appointment()["participant"])
    directory = str(export(tmp_path / "export", a=["[", *whole(), appointment(), second, condition()]))
    for _ in range(2):
        dry = run(database_url, directory, "--dry-run", "--report", str(tmp_path / "dry"))
        assert dry.exit_code == 0
        with psycopg.connect(database_url) as connection:
            for table in ("clinics", "patients", "appointments", "schedule_days", "reserved_systems", "record_audit"):
                statement = f"SELECT count(*) FROM {table}"  # noqa: S608  # names of our own
                [found] = connection.execute(statement.encode()).fetchone() or ()
                assert (table, found) == (table, 0)
    real = run(database_url, directory, "--report", str(tmp_path / "real"))
    assert "8 new, 0 matched, 0 unchanged, 0 changed, 2 not imported" in real.stdout
    assert dry.stdout == real.stdout + "this was a dry run: nothing was changed\n"
    assert dry.stderr == real.stderr
    assert (tmp_path / "dry").read_text() == (tmp_path / "real").read_text()


async def test_a_dry_run_keeps_no_desk_waiting(worker: Worker, book: Book, tmp_path: Path) -> None:
    found = find(export(tmp_path, a=whole()))
    origin = Origin("https://fhir.example", None, book.clock.now)
    found.survey(found.files[0], origin)
    importer = Importer(book.engine, book.clock, uuid7_maker(book.clock), VAULT, TRAIL)
    desk = await worker.client("admin")
    new = directory_service_pb2.RegisterPatientRequest(name="Mori Emi", birth_date="1980-01-01")
    new.identifiers.add(system="urn:mrn", value="7")
    async with aclosing(importer.run(found, origin, ImportOptions(dry_run=True))) as results:
        seen = 0
        async for _ in results:
            seen += 1
            if seen == 4:
                await desk(desk.directory.RegisterPatient, new)
    assert await book.rows("SELECT name FROM patients") == [("Mori Emi",)]


@pytest.mark.parametrize("table", ["patients", "appointments", "records"])
def test_a_run_that_is_killed_is_completed_by_the_next(database_url: str, table: str) -> None:
    command = [sys.executable, "-m", "server", "import-fhir", str(sample())]
    child = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment(database_url), stderr=subprocess.DEVNULL)
    statement = f"SELECT EXISTS (SELECT FROM {table})"  # noqa: S608  # names of our own
    with psycopg.connect(database_url, autocommit=True) as connection:
        while child.poll() is None and connection.execute(statement.encode()).fetchone() == (False,):
            pass
    child.kill()
    child.wait(timeout=30)
    assert run(database_url, str(sample())).exit_code == 0
    assert "0 new, 0 matched, 1955 unchanged, 0 changed" in run(database_url, str(sample())).stdout
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT count(*) FROM appointments UNION ALL SELECT count(*) FROM records")
        assert found.fetchall() == [(1215,), (555,)]
