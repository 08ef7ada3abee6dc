"""`python -m server downtime-sheets`: what a clinic works from when nothing else does."""

import asyncio
import json
import os
import re
import sys
import tracemalloc
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from stat import S_IMODE
from zoneinfo import ZoneInfo

import httpx
import pytest
from typer.testing import CliRunner, Result

from db.postgres.cluster.engines import create_engine
from server.commands import app
from server.commands.data import downtime_sheets
from server.commands.data.sheet_files import SheetFiles
from server.domain.errors import DomainError
from server.domain.ids import uuid7_maker
from server.local.processes import ports
from server.usecases.downtime.sheets import Sheets
from tests.fixtures.book import NOW, Book
from tests.fixtures.waiting import until
from tests.fixtures.workers import ROOT

TOKYO = ZoneInfo("Asia/Tokyo")
COMMAND = downtime_sheets.downtime_sheets.__name__.replace("_", "-")


def run(database_url: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, [COMMAND, *arguments, "--once"], env={"YOYAKU_DATABASE_URL": database_url})


async def visit(book: Book, doctor_id: str, patient_id: str, start: datetime, status: str = "scheduled") -> str:
    """An appointment of half an hour at a clinic in Tokyo."""
    appointment_id = uuid7_maker(lambda: NOW)()
    end = start + timedelta(minutes=30)
    await book.run(
        "INSERT INTO appointments SELECT %s, id, practitioner_id, clinic_id, %s, %s, %s, %s, tstzrange(%s, %s), 1, %s,"
        " NULL, 'cough', 1, now(), now() FROM doctors WHERE id = %s",
        appointment_id, patient_id, start.astimezone(TOKYO).date(), start, end, start, end, status, doctor_id,
    )  # fmt: skip
    return appointment_id


def modes(directory: Path) -> set[int]:
    return {S_IMODE(each.stat().st_mode) for each in directory.iterdir()}


def sections(text: str) -> list[str]:
    """Each doctor's sheet, its texts between bars."""
    return [re.sub(r"(<[^>]*>|\n)+", "|", each) for each in text.split("<section")[1:]]


async def written(book: Book, directory: Path, *wanted: str) -> int:
    """Write all sheets at the time of the test's clock."""
    sheets = Sheets(book.engine, book.clock)
    return await downtime_sheets.refresh(sheets, SheetFiles(directory), book.clock, set(wanted))


def days(directory: Path) -> list[Path]:
    """The files of sheets, those of the first day first."""
    return sorted(directory.glob("2*.html"))


async def test_a_sheet_has_the_day_of_each_doctor_with_who_comes_and_what_is_free(book: Book, tmp_path: Path) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic, [("09:00", "11:00")])
    sato = await book.patient("Sato <b>Ken</b>", phone="+819012345678")
    await book.run("UPDATE patients SET name_kana = 'サトウ ケン' WHERE id = %s", sato)
    elder = await book.patient("Elder Mori")
    await book.run("UPDATE patients SET birth_precision = 'year' WHERE id = %s", elder)
    nine = NOW
    await visit(book, doctor, sato, nine, "checked_in")
    await visit(book, doctor, elder, nine + timedelta(minutes=30))
    await visit(book, doctor, elder, nine + timedelta(minutes=60), "cancelled")
    await visit(book, doctor, sato, nine + timedelta(days=1, minutes=30))
    assert await written(book, tmp_path) == 2
    today, tomorrow = days(tmp_path)
    [sheet] = sections(today.read_text())
    assert "As of 2026-03-02 09:00" in sheet
    assert "|09:00–10:00|" not in sheet
    assert (
        "|09:00–09:30|Sato &lt;b&gt;Ken&lt;/b&gt;|サトウ ケン|1980-05-17|+819012345678|here|"
        "09:30–10:00|Elder Mori|1980|10:00–10:30|free|10:30–11:00|free|"
    ) in sheet
    assert "cough" not in sheet
    [sheet] = sections(tomorrow.read_text())
    assert "|09:00–09:30|free|09:30–10:00|Sato &lt;b&gt;" in sheet
    index = (tmp_path / "index.html").read_text()
    assert re.findall(r'href="([^"]*)"', index) == [
        today.name, f"{today.name}#{doctor}", tomorrow.name, f"{tomorrow.name}#{doctor}",
    ]  # fmt: skip
    assert "Sato" not in index


async def test_a_japanese_clinic_gets_japanese_sheets(book: Book, tmp_path: Path) -> None:
    clinic = await book.clinic()
    await book.run("UPDATE clinics SET languages = '{ja,en}' WHERE id = %s", clinic)
    await book.doctor(clinic)
    await written(book, tmp_path)
    first = days(tmp_path)[0].read_text()
    assert '<html lang="ja">' in first
    assert "2026年3月2日 月曜日" in first
    assert "|患者氏名|" in sections(first)[0]


async def test_who_waits_stands_on_it_in_their_order(book: Book, tmp_path: Path) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic)
    appointment = await visit(book, doctor, await book.patient(), NOW, "checked_in")
    await book.run("INSERT INTO lanes (doctor_id, clinic_id, letter) VALUES (%s, %s, 'B')", doctor, clinic)
    for number, place, mine in ((1, 2, appointment), (2, 1, None)):
        await book.run(
            "INSERT INTO tickets (id, doctor_id, date, number, appointment_id, status, place, due_at, arrived_at,"
            " calls, room) VALUES (gen_random_uuid(), %s, '2026-03-02', %s, %s, 'waiting', %s, now(), now(), 0, '')",
            doctor, number, mine, place,
        )  # fmt: skip
    await written(book, tmp_path)
    sheet = sections(days(tmp_path)[0].read_text())[0]
    assert "|Waiting, in this order: B2, B1|" in sheet
    assert "|B1 here|" in sheet


async def test_only_the_owner_can_read_them_and_old_ones_go(book: Book, tmp_path: Path) -> None:
    clinic, other = await book.clinic(), await book.clinic()
    await book.doctor(clinic)
    assert await written(book, tmp_path) == 4
    assert modes(tmp_path) == {0o600}
    mine = tmp_path / "notes.html"
    mine.write_text("mine")
    book.clock.advance(timedelta(days=1))
    assert await written(book, tmp_path, clinic) == 2
    assert [each.name for each in days(tmp_path)] == [f"2026-03-03-{clinic}.html", f"2026-03-04-{clinic}.html"]
    assert mine.read_text() == "mine"
    assert other not in (tmp_path / "index.html").read_text()


async def test_while_the_database_is_lost_the_last_sheets_stay_and_the_index_says_so(
    book: Book, database_url: str, tmp_path: Path
) -> None:
    await book.doctor(await book.clinic())
    index = tmp_path / "index.html"
    await written(book, tmp_path)
    before = [each.read_bytes() for each in days(tmp_path)]
    assert "Out of date" not in index.read_text()
    lost = create_engine(f"{database_url}_lost", size=1, wait_seconds=1, application="tests")
    book.clock.advance(timedelta(minutes=30))
    with pytest.raises(DomainError):
        await written(Book(lost, book.clock), tmp_path)
    assert [each.read_bytes() for each in days(tmp_path)] == before
    assert "Out of date since 09:00: the database cannot be read." in index.read_text()
    assert "2026-03-02T00:00" in json.loads((tmp_path / "manifest.json").read_text())["stale_since"]
    await written(book, tmp_path)
    assert "Out of date" not in index.read_text()


async def test_a_patient_whose_date_of_birth_is_unknown_stands_on_the_sheet(book: Book, tmp_path: Path) -> None:
    doctor = await book.doctor(await book.clinic())
    unknown = await book.patient("Unknown Person", phone="+819012345678")
    await book.run("UPDATE patients SET birth_date = NULL WHERE id = %s", unknown)
    await visit(book, doctor, unknown, NOW)
    await written(book, tmp_path)
    assert "|09:00–09:30|Unknown Person|+819012345678|" in sections(days(tmp_path)[0].read_text())[0]


async def test_sheets_stay_if_the_database_does_not_have_their_clinic(book: Book, tmp_path: Path) -> None:
    clinic = await book.clinic()
    assert await written(book, tmp_path, clinic) == 2
    before = [each.read_bytes() for each in days(tmp_path)]
    with pytest.raises(DomainError, match="no such clinic"):
        await written(book, tmp_path, uuid7_maker(lambda: NOW)())
    await book.run("DELETE FROM clinics")
    with pytest.raises(DomainError, match="no clinics"):
        await written(book, tmp_path)
    assert [each.read_bytes() for each in days(tmp_path)] == before
    assert "Out of date" in (tmp_path / "index.html").read_text()


def test_the_command_makes_a_directory_that_only_its_owner_can_read(database_url: str, tmp_path: Path) -> None:
    directory = tmp_path / "sheets"
    done = run(database_url, str(directory))
    assert (done.exit_code, done.output) == (0, "0 files written\n")
    assert S_IMODE(directory.stat().st_mode) == 0o700
    assert modes(directory) == {0o600}
    directory.chmod(0o750)
    assert "chmod 700" in run(database_url, str(directory)).stderr
    directory.chmod(0o700)
    with SheetFiles(directory).locked() as alone:
        assert alone
        assert "another run" in run(database_url, str(directory)).stderr


@pytest.mark.parametrize("address", ["127.0.0.1:many", "127.0.0.1:99999"])
def test_the_command_says_in_a_sentence_what_is_wrong_with_an_argument(
    database_url: str, tmp_path: Path, address: str
) -> None:
    (file := tmp_path / "file").touch()
    assert run(database_url, str(file)).stderr == f"error: {file} is a file: name a directory\n"
    said = run(database_url, str(tmp_path / "sheets"), "--metrics", address).stderr
    assert said.startswith(f"error: --metrics {address} cannot be used (it must be HOST:PORT, ")
    assert said.endswith("): name a free one, such as 127.0.0.1:9465\n")


async def test_prometheus_is_told_how_old_the_sheets_are(book: Book, database_url: str, tmp_path: Path) -> None:
    await book.doctor(await book.clinic())
    await written(book, tmp_path)  # as of the clock of the test
    [port] = ports.free(1)
    command = [sys.executable, "-m", "server", COMMAND, str(tmp_path), "--metrics", f"127.0.0.1:{port}"]
    environment = os.environ | {"YOYAKU_DATABASE_URL": f"{database_url}_lost"}
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    try:

        async def told() -> str:
            with suppress(httpx.TransportError):
                async with httpx.AsyncClient() as http:
                    return (await http.get(f"http://127.0.0.1:{port}/metrics")).text
            return ""

        [as_of] = re.findall("^yoyaku_downtime_sheets_as_of_timestamp_seconds (.*)$", await until(told), re.MULTILINE)
        assert float(as_of) == NOW.timestamp()
    finally:
        process.terminate()
        await process.wait()


async def test_memory_holds_one_doctor_at_a_time(book: Book, tmp_path: Path) -> None:
    clinic = await book.clinic()
    for _ in range(40):
        await book.doctor(clinic, [("00:00", "23:55")], minutes=5)
    await written(book, tmp_path)
    tracemalloc.start()
    try:
        await written(book, tmp_path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < min(each.stat().st_size for each in days(tmp_path)) / 2
