"""The command `yoyaku`, as a person or a script runs it against a real worker."""

import re
import shlex

import grpc
import pytest
from typer.testing import CliRunner

from server.usecases.directory.contacts import code_hash
from tests.client.shell import Shell, shell_of
from tests.client.stand_in import failure, standing_in
from tests.fixtures.book import Clock
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku.__main__ import app
from yoyaku.v1.directory_service_pb2 import UpdatePatientRequest
from yoyaku.v1.patient_pb2 import Patient

NOBODY = "019ab0c2-7d10-7c3e-9a4f-0242ac120003"


@pytest.fixture
async def patient(scene: Scene) -> Shell:
    """The patient's shell."""
    return await shell_of(scene, "patient", patient_id=scene.patient_id)


@pytest.fixture
async def staff(scene: Scene) -> Shell:
    """The shell of the clinic's staff."""
    return await shell_of(scene, "staff", clinic_ids=[scene.clinic_id])


async def test_staff_move_a_day_to_another_doctor_and_see_who_stays(scene: Scene, staff: Shell) -> None:
    cover = await scene.book.doctor(scene.clinic_id, [("09:00", "09:30")])
    first = (await scene.book_slot("09:00")).appointment
    second = (await scene.book_slot("09:30")).appointment
    ended = await staff("move-day", scene.doctor_id, TUESDAY, "--to", cover)
    assert ended.code == 1
    moved, stays, sum_up = ended.out.splitlines()
    assert moved == f"09:00  Sato Ken  {first.id}  moved"
    assert stays.startswith(f"09:30  Sato Ken  {second.id}  stays: the doctor offers no slot")
    assert sum_up == "1 moved, 1 not"


async def test_a_patient_books_moves_and_cancels(scene: Scene, patient: Shell) -> None:
    slots = await patient("slots", "mori", TUESDAY)
    assert slots.code == 0
    assert "2026-03-03 (Asia/Tokyo)" in slots.out
    assert re.search(r"Tue 2026-03-03 +09:00 +09:30 +1", slots.out)
    booked = await patient("book", "Mori", f"{TUESDAY}T10:00", "--reason", "[bold]cough")
    assert "Tue 2026-03-03 10:00 (Asia/Tokyo) until 10:30" in booked.out
    assert "[bold]cough" in booked.out
    [listed] = (await patient("appointments", "--json")).json["appointments"]
    assert (listed["time_slot"], listed["status"]) == ("10:00", "APPOINTMENT_STATUS_SCHEDULED")
    moved = await patient("reschedule", listed["id"], f"{TUESDAY}T11:30+09:00", "--etag", listed["etag"])
    assert "11:30" in moved.out
    cancelled = await patient("cancel", listed["id"], "--reason", "better", "--json")
    assert cancelled.json["appointment"]["status"] == "APPOINTMENT_STATUS_CANCELLED"
    shown = await patient("show", listed["id"])
    assert "cancelled" in shown.out
    told = (await patient("history", listed["id"])).out
    assert re.search(r"booked.*\n.*rescheduled +from 2026-03-03T01:00:00Z.*\n.*cancelled +better", told)
    assert (await patient("appointments", "--status", "scheduled")).out == "no appointments\n"


async def test_a_patient_holds_a_slot_and_confirms_it_or_gives_it_back(scene: Scene, patient: Shell) -> None:
    held = (await patient("hold", "mori", f"{TUESDAY}T10:00", "--json")).json["appointment"]
    shown = await patient("show", held["id"])
    assert "held until 09:05" in shown.out
    assert "scheduled" in (await patient("confirm", held["id"])).out
    other = (await patient("hold", "mori", f"{TUESDAY}T10:30", "--json")).json["appointment"]
    assert "expired" in (await patient("release", other["id"])).out
    ended = await patient("confirm", other["id"])
    assert (ended.code, "is EXPIRED and cannot become SCHEDULED" in ended.err) == (1, True)


async def test_a_taken_slot_prints_the_command_that_books_another(scene: Scene, patient: Shell) -> None:
    await scene.book_slot("10:00", patient_id=scene.other_id)
    taken = await patient("book", scene.doctor_id, f"{TUESDAY} 10:00", "--reason", "a cough")
    assert (taken.code, taken.out) == (1, "")
    assert re.search(r"Tue 2026-03-03 +10:30 +11:00 +1", taken.err)
    command = taken.err.splitlines()[-1].partition("to take another: yoyaku ")[2]
    booked = await patient(*shlex.split(command), "--json")
    assert booked.json["appointment"]["time_slot"] == "09:30"
    assert booked.json["appointment"]["reason"] == "a cough"


async def test_staff_see_days_doctors_clinics_and_patients(scene: Scene, staff: Shell) -> None:
    await scene.book_slot("10:00")
    await scene.book_slot("09:30", patient_id=scene.other_id)
    day = await staff("appointments", "--doctor", "hana", "--date", TUESDAY)
    assert re.findall(r"Ito Yui|Sato Ken", day.out) == ["Ito Yui", "Sato Ken"]
    one = await staff("appointments", "--clinic", scene.clinic_id, "--date", TUESDAY, "--limit", "1", "--json")
    assert len(one.json["appointments"]) == 1
    assert "there are more" in one.err
    assert scene.doctor_id in (await staff("doctors", "--specialty", "General practice")).out
    assert (await staff("clinics", "--json")).json["clinics"][0]["time_zone"] == "Asia/Tokyo"
    assert scene.patient_id in (await staff("patients", "sato", "--born", "1980-05-17")).out
    assert (await staff("patients", "--identifier", "urn:x", "1", "--json")).json["patients"] == []
    found = await staff("search", TUESDAY, "--clinic", scene.clinic_id, "--limit", "1")
    assert "09:00" in found.out
    assert (await staff("search", "2026-02-01", "--clinic", scene.clinic_id)).out.startswith("no slot is free")
    assert re.search(r"Tue 2026-03-03 +4 +6", (await staff("days", TUESDAY, "--doctor", "mori")).out)
    counted = await staff("days", TUESDAY, TUESDAY, "--clinic", scene.clinic_id, "--json")
    assert counted.json["days"] == [{"date": TUESDAY, "slots_free": 4, "slots_total": 6}]
    assert (await staff("slots", "mori", "2026-02-01")).out == "no slots on 2026-02-01: that day is over\n"


async def test_a_series_is_looked_at_booked_moved_and_cancelled(scene: Scene, patient: Shell) -> None:
    await scene.book_slot("10:00", date="2026-03-10", patient_id=scene.other_id)
    words = ["series", "book", "mori", f"{TUESDAY}T10:00", "--count", "3"]
    looked = await patient(*words, "--skip", "--dry-run")
    assert looked.code == 1
    assert re.search(r"2026-03-03 +10:00 +can be booked", looked.out)
    assert re.search(r"2026-03-10 +10:00 +the slot is taken", looked.out)
    booked = (await patient(*words, "--rule", "weekly", "--interval", "2", "--json")).json
    assert [each["date"] for each in booked["occurrences"]] == ["2026-03-03", "2026-03-17", "2026-03-31"]
    second = booked["occurrences"][1]["appointment"]["id"]
    moved = await patient("series", "move", second, "2026-03-18T11:00")
    assert moved.code == 0
    assert re.search(r"2026-03-18 +11:00 +moved +" + second, moved.out)
    assert "2026-04-01" in moved.out
    cancelled = await patient("series", "cancel", second, "--reason", "better")
    assert len(re.findall("cancelled", cancelled.out)) == 2
    assert (await patient("series", "move", second, "2026-03-18T11:00+09:00")).code == 2


async def test_staff_book_for_others_and_over_a_full_slot(scene: Scene, staff: Shell) -> None:
    await scene.book_slot("10:00")
    words = ["book", "mori", f"{TUESDAY}T10:00", "--patient", scene.other_id, "--json"]
    assert (await staff(*words, "--override", "emergency")).json["appointment"]["patient"]["name"] == "Ito Yui"


async def test_a_new_address_is_confirmed_by_its_code(scene: Scene, patient: Shell) -> None:
    await scene.book.run("UPDATE patients SET email = 'old@example.org' WHERE id = %s", scene.patient_id)
    change = Patient(email="new@example.org")
    request = UpdatePatientRequest(patient_id=scene.patient_id, patient=change)
    await scene.patient(scene.patient.directory.UpdatePatient, request)
    wrong = await patient("confirm-contact", "000000")
    assert (wrong.code, "this code confirms nothing" in wrong.err) == (1, True)
    await scene.book.run("UPDATE contact_changes SET code_hash = %s", code_hash(scene.patient_id, "123456"))
    done = await patient("confirm-contact", "123456")
    assert done.out == "confirmed: notices reach Sato Ken at new@example.org\n"


async def test_what_others_wrote_cannot_command_the_terminal(scene: Scene, staff: Shell) -> None:
    await scene.book.run("UPDATE patients SET name = %s", "Sato\x1b[2J\x9b1A\u202e [red]Ken[/red]")
    await scene.book_slot("10:00", reason="cough\nand fever")
    for words in (("patients", "sato"), ("appointments", "--doctor", "hana", "--date", TUESDAY)):
        shown = (await staff(*words)).out
        assert "Sato\\x1b[2J\\x9b1A\\u202e [red]Ken[/red]" in shown
        assert not set(shown) & set("\x1b\x9b\u202e")


async def test_a_name_that_many_doctors_have_is_asked_back(scene: Scene, patient: Shell) -> None:
    second = await scene.book.doctor(scene.clinic_id)
    many = await patient("slots", "mori", TUESDAY)
    assert many.code == 2
    assert "'mori' could be any of 2 doctors: give more of the name, or the id" in many.err
    assert second in many.err
    none = await patient("slots", "smith", TUESDAY)
    assert (none.code, none.err) == (2, "error: no doctor has 'smith' in the name: `yoyaku doctors` lists them\n")


async def test_an_hour_that_comes_twice_is_shown_and_booked_by_its_offset(scene: Scene, clock: Clock) -> None:
    clock.now = clock.now.replace(month=10, day=30)
    clinic_id = await scene.book.clinic("America/New_York")
    doctor_id = await scene.book.doctor(clinic_id, [("01:00", "03:00")])
    patient = await shell_of(scene, "patient", patient_id=scene.patient_id)
    slots = await patient("slots", doctor_id, "2026-11-01")
    assert re.findall(r"01:30\S+", slots.out) == ["01:30-04:00", "01:30-05:00"]
    twice = await patient("book", doctor_id, "2026-11-01T01:30")
    assert twice.code == 1
    assert f"to take another: yoyaku book {doctor_id} 2026-11-01T01:30-04:00 --patient {scene.patient_id}" in twice.err
    late = await patient("book", doctor_id, "2026-11-01T01:30-05:00", "--json")
    assert late.json["appointment"]["start_time"] == "2026-11-01T06:30:00Z"


async def test_refusals_say_what_to_do(scene: Scene, patient: Shell) -> None:
    missing = await patient("show", NOBODY)
    assert (missing.code, missing.err) == (1, "error: there is no such appointment: check appointment_id\n")
    malformed = await patient("show", "17")
    assert malformed.code == 1
    assert malformed.err.startswith("error: appointment_id: must be a UUID, such as 019")
    stranger = await Shell(patient.address)("doctors")
    assert stranger.code == 1
    assert "sign in with `yoyaku login EMAIL`, or set APPOINTMENTS_TOKEN to an access token" in stranger.err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["slots", "mori", "tomorrow"], "'tomorrow' is not a date: write YYYY-MM-DD"),
        (["book", "mori", "2026-03-03"], "'2026-03-03' is not a start time"),
        (["book", "mori", "2026-03-03T09:00"], "say for whom: --patient ID"),
        (["appointments"], "say whose: --patient ID, --doctor DOCTOR --date DATE"),
        (["appointments", "--clinic", NOBODY], "say whose"),
        (["appointments", "--patient", NOBODY, "--status", "done"], "'done' is not a status: choose held, scheduled"),
        (["search", "2026-03-03"], "say whose slots: --clinic, --specialty, or both"),
        (["days", "2026-03-03", "--specialty", "x"], "say whose days: --doctor DOCTOR, or --clinic CLINIC"),
        (["patients"], "search either by any of NAME"),
        (["--address", "localhost:8080", "doctors"], "write https://HOST:PORT, or http://HOST:PORT for plaintext"),
        (["--address", "http://h:x", "doctors"], "'http://h:x' is not an address: write https://HOST:PORT"),
        (["--address", "http://[h:1", "doctors"], "'http://[h:1' is not an address: write https://HOST:PORT"),
        (["--address", "http://localhost:1", "--ca", __file__, "doctors"], "use https"),
        (["--timeout", "soon", "doctors"], "'soon' is not a number: write it as 2 or 0.5"),
        (["appointments", "--limit", "x"], "'x' is not a whole number: write digits, such as 20"),
        (["appointments", "--limit", "0"], "'0' is too small: write 1 or more"),
        (["types", "add", "A", "B", "500"], "'500' is too large: write 480 or less"),
        (["fly"], "No such command 'fly'"),
    ],
)
def test_wrong_usage_ends_with_two(words: list[str], text: str) -> None:
    environment = {"APPOINTMENTS_ADDRESS": "http://127.0.0.1:1", "APPOINTMENTS_TOKEN": "of.e30.nobody"}
    ended = CliRunner().invoke(app, words, env=environment)
    assert (ended.exit_code, ended.stdout) == (2, "")
    # What typer says stands in a box and is broken into lines.
    assert text in re.sub(r"[\s│]+", " ", ended.stderr)


async def test_a_server_that_cannot_be_reached_ends_with_three() -> None:
    ended = await Shell("http://127.0.0.1:1", "token")("--timeout", "0.5", "doctors")
    assert ended.code == 3
    assert "no answer from http://127.0.0.1:1: is the server running there?" in ended.err
    down = failure(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE", message="the database cannot be reached")
    async with standing_in(down) as server:
        busy = await Shell(server.address, "token")("--timeout", "0.5", "show", NOBODY)
    assert (busy.code, busy.err) == (3, "error: the database cannot be reached\n")


async def test_shells_can_complete_it() -> None:
    ended = await Shell("")("--help")
    assert ended.code == 0
    assert "--install-completion" in ended.out
    completed = await Shell("")(_YOYAKU_COMPLETE="complete_bash", COMP_WORDS="yoyaku re", COMP_CWORD="1")
    commands = "records register release reports representatives reschedule resources retry-notification revert"
    assert sorted(completed.out.split()) == commands.split()
