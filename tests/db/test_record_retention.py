"""How long medical records stay: a clinic's decision, three years in the database and for ever without one."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from server.commands import app  # it registers itself
from server.commands.records import record_retention  # noqa: F401  # it registers itself
from server.domain.records import Retention
from server.usecases.records.retention import RetentionPolicies
from tests.fixtures.book import Book, Clock

ADD = """
INSERT INTO records (id, patient_id, doctor_id, clinic_id, version, created_at, updated_at)
SELECT uuidv7(), %s, id, clinic_id, 1, %s, %s FROM doctors WHERE id = %s
"""


async def aged(book: Book, doctor_id: str, age: timedelta) -> None:
    written = book.clock.now - age
    await book.run(ADD, await book.patient(), written, written, doctor_id)


async def test_records_may_be_archived_three_years_after_their_last_amendment(book: Book, clock: Clock) -> None:
    clinic_id, elsewhere = await book.clinic(), await book.clinic()
    for place in (clinic_id, elsewhere):
        doctor_id = await book.doctor(place)
        for years in (1, 3.01, 5):
            await aged(book, doctor_id, timedelta(days=365.25 * years))
    retaining = RetentionPolicies(book.engine, clock)
    assert len(await retaining.archivable(clinic_id, 10)) == 2
    await retaining.decide(clinic_id, Retention(hot_years=4))
    assert len(await retaining.archivable(clinic_id, 10)) == 1
    assert len(await retaining.archivable(elsewhere, 10)) == 2


def test_the_years_of_a_policy_are_counted_back_from_a_leap_day_too() -> None:
    leap_day = datetime(2028, 2, 29, tzinfo=UTC)
    assert Retention().archived_before(leap_day) == datetime(2025, 2, 28, tzinfo=UTC)


@pytest.fixture
async def clinic(book: Book) -> str:
    return await book.clinic()


def run(database_url: str, *arguments: str) -> Result:
    key = base64.b64encode(bytes(32)).decode()
    environment = {"YOYAKU_DATABASE_URL": database_url, "YOYAKU_KEY_ENCRYPTION_KEY": key}
    return CliRunner().invoke(app, ["record-retention", *arguments], env=environment)


def test_the_command_shows_and_sets_the_policy(database_url: str, clinic: str) -> None:
    unset = "records are hot for 3 years and kept for ever; 0 may be archived now\n"
    assert run(database_url, clinic).stdout == unset
    done = run(database_url, clinic, "--hot-years", "5", "--kept-years", "30")
    assert done.stdout == "records are hot for 5 years and kept for 30 years; 0 may be archived now\n"
    assert run(database_url, clinic, "--hot-years", "30").exit_code == 1
    assert run(database_url, clinic, "--kept-years", "0", "--hot-years", "3").stdout == unset
    nowhere = run(database_url, "019ab0c2-7d10-7c3e-9a4f-0242ac120009", "--hot-years", "5")
    assert (nowhere.exit_code, nowhere.stderr) == (1, "error: there is no such clinic: check clinic_id\n")
