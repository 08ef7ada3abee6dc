"""`python -m server check-zones` with the time zone data of a country that has moved its clocks."""

import asyncio
import base64
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.fixtures.book import Book, Clock
from tests.fixtures.clinic import Scene
from tests.rpc.test_clinics import update
from yoyaku.v1.appointment_pb2 import Appointment

ROOT = Path(__file__).resolve().parents[2]
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def new_rules(tmp_path: Path) -> Path:
    """Time zone data in which Tokyo is ten hours ahead of UTC, as Brisbane is, and not nine."""
    tokyo = tmp_path / "Asia/Tokyo"
    tokyo.parent.mkdir()
    tokyo.write_bytes(files("tzdata.zoneinfo.Australia").joinpath("Brisbane").read_bytes())
    return tmp_path


@pytest.fixture
def day(clock: Clock) -> str:
    """A day to come by the real clock, which commands have."""
    clock.now = datetime.now(UTC)
    return f"{(clock.now + timedelta(days=7)).astimezone(TOKYO).date()}"


async def check(database_url: str, rules: Path | None, *options: str) -> tuple[int, list[str]]:
    """Exit code and lines of the command."""
    environment = {
        "YOYAKU_DATABASE_URL": database_url,
        "YOYAKU_KEY_ENCRYPTION_KEY": base64.b64encode(bytes(32)).decode(),
        **({"PYTHONTZPATH": str(rules)} if rules else {}),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "check-zones", *options,
        cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode().splitlines()


async def booked(scene: Scene, time_slot: str, day: str, **fields: str) -> Appointment:
    patient_id = await scene.book.patient(email="someone@example.org")
    answer = await scene.book_slot(time_slot, scene.staff, patient_id=patient_id, date=day, **fields)
    appointment: Appointment = answer.appointment
    return appointment


async def starts(book: Book) -> dict[str, tuple[str, int]]:
    """Start in UTC and version of each appointment."""
    rows = await book.rows("SELECT id::text, start_at, version FROM appointments")
    return {str(row[0]): (f"{row[1]:%H:%M}", int(str(row[2]))) for row in rows}


async def test_nothing_is_listed_while_the_rules_are_those_of_the_booking(
    day: str, scene: Scene, database_url: str
) -> None:
    await booked(scene, "09:00", day)
    code, lines = await check(database_url, None, "--keep-wall-time")
    assert (code, lines) == (0, ["0 appointments had another time of day than patients were told, 0 have it still"])


async def test_a_clinic_that_was_given_another_time_zone_keeps_its_appointments(
    day: str, scene: Scene, database_url: str
) -> None:
    await booked(scene, "09:00", day)
    [(start, version)] = (await starts(scene.book)).values()
    await update(await scene.worker.client("admin"), scene.clinic_id, time_zone="Europe/London")
    code, lines = await check(database_url, None, "--keep-wall-time")
    assert (code, lines) == (0, ["0 appointments had another time of day than patients were told, 0 have it still"])
    # The new zone gave it its next version, and check-zones none.
    assert list((await starts(scene.book)).values()) == [(start, version + 1)]


async def test_appointments_are_listed_and_moved_to_the_time_of_day_that_patients_were_told(
    day: str, scene: Scene, database_url: str, new_rules: Path
) -> None:
    # Each is to go where another one still is.
    placed = [await booked(scene, each, day) for each in ("11:00", "09:00", "10:00", "09:30")]
    cancelled = await booked(scene, "11:30", day)
    await scene.cancel(cancelled, scene.staff)
    before = await starts(scene.book)
    code, lines = await check(database_url, new_rules)
    assert (code, len(lines)) == (2, 5)
    assert f"{placed[1].id}  told {day} 09:00, now 10:00 in Asia/Tokyo: not moved" == lines[0]
    assert await starts(scene.book) == before

    code, lines = await check(database_url, new_rules, "--keep-wall-time")
    assert (code, lines[-1]) == (0, "4 appointments had another time of day than patients were told, 0 have it still")
    after = await starts(scene.book)
    assert [after[each.id] for each in placed] == [("01:00", 2), ("23:00", 2), ("00:00", 2), ("23:30", 2)]
    assert after[cancelled.id] == before[cancelled.id]
    told = await scene.book.rows("SELECT count(*) FROM procrastinate_jobs WHERE args->>'kind' = 'change'")
    assert told == [(4,)]
    assert (await check(database_url, new_rules))[0] == 0


async def test_one_whose_time_was_given_to_somebody_else_stays_and_is_named(
    day: str, scene: Scene, database_url: str, new_rules: Path
) -> None:
    await booked(scene, "09:00", day)
    await scene.book.run("UPDATE appointments SET utc_offset_minutes = 600")  # booked as 10:00, by the rules of now
    stays = await booked(scene, "10:00", day)
    code, lines = await check(database_url, new_rules, "--keep-wall-time")
    assert code == 2
    assert lines[0].startswith(f"{stays.id}  told {day} 10:00, now 11:00 in Asia/Tokyo: the slot is taken")
    assert (await starts(scene.book))[stays.id] == ("01:00", 1)
