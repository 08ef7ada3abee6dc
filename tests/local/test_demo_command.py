"""`python -m server demo` as one calls it, and a server on what it has loaded."""

import base64
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

import server.commands.stack.demo  # noqa: F401  # makes it a command of the app
from db.postgres.cluster.engines import Engine
from server.commands import app
from server.local.demo import hospital
from server.local.demo.plan import HospitalPlan
from server.usecases.identity.passwords import HASHER
from tests.fixtures.book import Book
from tests.fixtures.worker import Worker
from tests.local.test_demo_hospital import PLAN
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules

ACCOUNTS = ["patient", "second_patient", "doctor", *(f"doctor_{n}" for n in range(2, 7)), "staff", "admin", "system"]


def run(database_url: str, *arguments: str) -> Result:
    key = base64.b64encode(bytes(32)).decode()
    environment = {"YOYAKU_DATABASE_URL": database_url, "YOYAKU_KEY_ENCRYPTION_KEY": key}
    with capture_logs():  # only the program itself decides where they go
        return CliRunner().invoke(app, ["demo", *arguments], env=environment)


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan(until: date, seed: int) -> HospitalPlan:
        return HospitalPlan(until=until, seed=seed, doctors=6, patients=60, days=40, per_day=5, horizon_days=15)

    monkeypatch.setattr("server.commands.stack.demo.HospitalPlan", plan)


def test_a_hospital_is_one_line_of_json_as_the_small_demo_is(database_url: str, little: None) -> None:
    first = run(database_url, "--size", "hospital", "--until", "2026-03-02")
    assert (first.exit_code, first.stderr) == (0, "")
    made = json.loads(first.stdout)
    assert list(made["accounts"]) == [*ACCOUNTS, "display"]
    assert (len(made["clinics"]), len(made["doctors"])) == (6, 6)
    assert made["accounts"]["doctor_2"]["doctor_id"] in made["doctors"]
    with psycopg.connect(database_url) as connection:
        jobs = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
    assert jobs == (0,)  # nobody is told of made-up appointments

    for again in (("--until", "2026-03-02"), ()):
        done = run(database_url, "--size", "hospital", *again)
        assert (done.exit_code, done.stdout) == (0, first.stdout)
        assert done.stderr == "the hospital of seed 1 already exists: nothing was changed\n"
    assert json.loads(run(database_url).stdout)["accounts"].keys() == {*ACCOUNTS[:3], *ACCOUNTS[-3:], "display"}


def test_accounts_get_the_passwords_of_a_file_again_and_again(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    for wanted in ({"patient": "the first of all"}, {"patient": "another for all", "admin": "another for all"}):
        file.write_text(json.dumps(wanted))
        for _ in range(2):
            done = run(database_url, "--passwords", str(file))
            assert done.exit_code == 0, (done.output, done.exception)
            accounts = json.loads(done.stdout)["accounts"]
            assert {name: each["password"] for name, each in accounts.items() if "password" in each} == wanted
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT email, password_hash, generation FROM accounts WHERE password_hash <> ''")
        kept = {email.partition("@")[0]: (password_hash, generation) for email, password_hash, generation in rows}
    assert kept.keys() == wanted.keys()
    assert all(HASHER.verify(password_hash, wanted[name]) for name, (password_hash, _) in kept.items())
    # What has its password already is left alone.
    assert kept["patient"][1] == 2


def test_what_cannot_be_made_is_said(database_url: str, little: None) -> None:
    assert run(database_url, "--size", "hospital", "--until", "2026-03-02").exit_code == 0
    for arguments, words in (
        (("--size", "hospital", "--until", "2026-03-03"), "omit --until"),
        (("--size", "hospital", "--until", "2999-01-01"), "is in the future"),
        (("--seed", "2"), "add --size hospital"),
    ):
        done = run(database_url, *arguments)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("error: ")
        assert words in done.stderr
    done = run("postgresql://nobody@127.0.0.1:1/none", "--size", "hospital")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "the database cannot be used: 127.0.0.1:1 says: Connection refused" in done.stderr


async def test_the_server_lists_and_books_on_top_of_it(worker: Worker, engine: Engine, book: Book) -> None:
    made, _ = await hospital.load(engine, PLAN, lambda _: None)
    doctor_id, day = made["accounts"]["doctor"]["doctor_id"], str(PLAN.until + timedelta(days=1))
    patient = await worker.client_of(made["accounts"]["patient"]["id"])
    staff = await worker.client_of(made["accounts"]["staff"]["id"])

    async def slots() -> Any:
        request = schedules.ListAvailableSlotsRequest(doctor_id=doctor_id, date=day)
        return await patient(patient.schedules.ListAvailableSlots, request)

    async def booked() -> Any:
        request = pb.ListAppointmentsRequest(doctor_id=doctor_id, date=day, size=100)
        return (await staff(staff.appointments.ListAppointments, request)).appointments

    before, listed = await slots(), await booked()
    assert before.slots
    assert before.revision >= len(listed) > 0
    new_id = await book.patient()
    request = pb.CreateAppointmentRequest(
        patient_id=new_id, doctor_id=doctor_id, date=day, time_slot=before.slots[0].time_slot
    )
    answer = await staff(staff.appointments.CreateAppointment, request)
    assert answer.revision == before.revision + 1
    assert len((await slots()).slots) == len(before.slots) - 1
    assert len(await booked()) == len(listed) + 1

    doctor = await worker.client_of(made["accounts"]["doctor"]["id"])
    own = await doctor(doctor.appointments.ListAppointments, pb.ListAppointmentsRequest(doctor_id=doctor_id, date=day))
    assert own.appointments


@pytest.mark.parametrize("content", ["hunter2", "[1]", '{"patient": 1}'])
def test_a_file_without_passwords_is_refused_before_anything_is_loaded(tmp_path: Path, content: str) -> None:
    file = tmp_path / "passwords.json"
    file.write_text(content)
    done = run("postgresql://nobody@127.0.0.1:1/none", "--passwords", str(file))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {file} has no passwords of accounts: write them as ")
