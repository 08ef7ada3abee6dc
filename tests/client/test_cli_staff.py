"""`yoyaku` for staff and admins: displays, hours, patients, invitations."""

import re
from pathlib import Path

import pytest

from tests.client.shell import Shell, shell_of
from tests.fixtures.clinic import TUESDAY, Scene
from yoyaku import Client


@pytest.fixture
async def staff(scene: Scene) -> Shell:
    """The shell of the clinic's staff."""
    return await shell_of(scene, "staff", clinic_ids=[scene.clinic_id])


@pytest.fixture
async def admin(scene: Scene) -> Shell:
    """An admin's shell."""
    return await shell_of(scene, "admin")


async def test_staff_of_one_clinic_confirm_list_and_revoke_a_display(scene: Scene, staff: Shell) -> None:
    assert (await staff("displays", "list")).out == "no displays\n"
    async with Client(staff.address) as display:
        pairing = await display.pair_display()
    confirmed = (await staff("displays", "confirm", pairing.pairing_code, "--json")).json["display"]
    assert (confirmed["clinic_id"], confirmed["name"]) == (scene.clinic_id, "Waiting room")
    assert confirmed["id"] in (await staff("displays", "list")).out
    assert (await staff("displays", "revoke", confirmed["id"])).code == 0
    assert (await staff("displays", "list")).out == "no displays\n"


async def test_who_works_for_no_single_clinic_names_one(admin: Shell) -> None:
    ended = await admin("displays", "list")
    assert (ended.code, ended.err) == (2, "error: say for which clinic: --clinic NAME (`yoyaku clinics` lists them)\n")


async def test_a_clinic_is_named_by_a_part_of_its_name_that_no_other_has(scene: Scene, admin: Shell) -> None:
    await scene.book.run("UPDATE clinics SET name = 'Kaede Clinic' WHERE id = %s", scene.clinic_id)
    other = await scene.book.clinic("Asia/Tokyo")
    await scene.book.run("UPDATE clinics SET name = 'Kaede Hospital' WHERE id = %s", other)
    assert (await admin("displays", "list", "--clinic", "kaede c")).out == "no displays\n"
    assert "Mori Hana" in (await admin("doctors", "--clinic", "kaede c")).out
    assert "Mori Hana" not in (await admin("doctors", "--clinic", "hospital")).out
    assert (await admin("appointments", "--clinic", "kaede c", "--date", TUESDAY)).out == "no appointments\n"
    assert "Mori Hana" in (await admin("search", TUESDAY, "--clinic", "kaede c")).out
    many = await admin("displays", "list", "--clinic", "kaede")
    assert many.code == 2
    assert "'kaede' could be any of 2 clinics: give more of the name, or the id" in many.err
    assert other in many.err
    none = await admin("displays", "list", "--clinic", "elm")
    assert (none.code, none.err) == (2, "error: no clinic has 'elm' in the name: `yoyaku clinics` lists them\n")


async def test_hours_are_shown_and_set(scene: Scene, staff: Shell) -> None:
    shown = (await staff("hours", "show", "mori")).out
    assert re.search(r"2020-01-01 +Monday +09:00-12:00 +30 min +1", shown)
    changed = await staff("hours", "set", "mori", TUESDAY, "sun-tue/10:00-11:00/20", "sat/09:00-10:00/15/2")
    rows = re.findall(rf"{TUESDAY} +(\S+) +(\S+) +(\d+) min +(\d)", changed.out)
    assert rows == [
        ("Monday", "10:00-11:00", "20", "1"),
        ("Tuesday", "10:00-11:00", "20", "1"),
        ("Saturday", "09:00-10:00", "15", "2"),
        ("Sunday", "10:00-11:00", "20", "1"),
    ]
    assert await scene.free() == ["10:00", "10:20", "10:40"]
    assert "does not work" in (await staff("hours", "set", "mori", TUESDAY, "--off")).out
    assert await scene.free() == []
    stale = await staff("hours", "set", "mori", TUESDAY, "tue/09:00-10:00/30", "--etag", "1")
    assert (stale.code, "changed" in stale.err) == (1, True)
    for neither in ((), ("tue/09:00-10:00/30", "--off")):
        assert (await staff("hours", "set", "mori", TUESDAY, *neither)).code == 2


@pytest.mark.parametrize("session", ["mon", "mon/09:00-12:00/half", "x/y-z/1/2"])
async def test_a_session_that_cannot_be_read_is_refused(staff: Shell, session: str) -> None:
    ended = await staff("hours", "set", "mori", TUESDAY, session)
    assert ended.code == 2
    assert "is not a session: write mon-fri/09:00-12:00/30" in ended.err


async def test_staff_register_a_patient_and_find_her_again(staff: Shell) -> None:
    words = ("register", "Ota Mari", "--born", "1990-02-03", "--phone", "+81312345678", "--language", "ja")
    patient_id = (await staff(*words, "--json")).json["patient"]["id"]
    shown = (await staff("patient", patient_id)).out
    assert [" ".join(line.split()) for line in shown.splitlines()][:2] == ["Name Ota Mari", "Born 1990-02-03"]
    assert patient_id in (await staff("patients", "ota")).out


async def test_an_invited_person_sets_a_password_and_sees_who_is_signed_in(scene: Scene, admin: Shell) -> None:
    words = ("invite", "ward@example.org", "--role", "staff", "--clinic", scene.clinic_id)
    invited = (await admin(*words, "--json")).json
    assert "yoyaku set-password" in (await admin("invite", "desk@example.org", *words[2:])).out
    anybody = Shell(admin.address)
    done = await anybody("set-password", typed=f"{invited['set_password_token']}\nquiet river stones\n")
    assert done.out == "the password is set: sign in with `yoyaku login EMAIL`\n"
    me = (await admin("whoami")).out
    assert re.search(rf"Roles +admin *\n(?:.*\n)*Server +{admin.address}", me)


async def test_a_role_that_does_not_exist_is_refused_with_those_that_do(admin: Shell) -> None:
    ended = await admin("invite", "ward@example.org", "--role", "king")
    assert ended.code == 2
    assert all(role in ended.err for role in ("patient", "doctor", "staff", "admin"))


async def test_reports_are_shown_and_written_to_a_file(scene: Scene, staff: Shell, tmp_path: Path) -> None:
    await scene.book_slot("09:00")
    day = await staff("reports", "day", "tokyo", "--date", TUESDAY)
    assert re.search(r"Mori Hana +1 +0 +0 +17% +- +0", day.out)
    shown = (await staff("reports", "show", "utilization", "tokyo", TUESDAY, TUESDAY, "--by", "hour", "--json")).json
    assert [(row["key"], row["booked_minutes"]) for row in shown["rows"]] == [("09", 30), ("10", 0), ("11", 0)]
    for report in ("waits", "no-shows"):
        assert "total" in (await staff("reports", "show", report, "tokyo", TUESDAY, TUESDAY, "--doctor", "mori")).out
    file = tmp_path / "use.csv"
    words = ("reports", "export", "utilization", "tokyo", TUESDAY, TUESDAY, "--by", "doctor", "-o", f"{file}")
    assert (await staff(*words)).out == f"wrote {file}\n"
    assert file.read_text(encoding="utf-8-sig").splitlines()[1] == f"{scene.doctor_id},Mori Hana,180,30,0,1,0.1667"


async def test_time_off_is_previewed_made_listed_and_deleted(scene: Scene, staff: Shell) -> None:
    kept, cancelled = [
        (await scene.book_slot(time, date=TUESDAY, patient_id=patient_id)).appointment
        for time, patient_id in (("09:00", scene.patient_id), ("09:30", scene.other_id))
    ]
    period = (scene.doctor_id, f"{TUESDAY}T09:00", f"{TUESDAY}T11:00")
    seen = await staff("time-off", "preview", *period)
    assert kept.id in seen.out
    assert cancelled.id in seen.out
    made = await staff("time-off", "add", *period, "--cancel", "--keep", kept.id, "--reason", "a course", "--json")
    off = made.json["time_off"]
    assert (off["kept_count"], off["cancelled_count"]) == (1, 1)
    assert "a course" in (await staff("time-off", "list", scene.doctor_id)).out
    assert "cancelled" in (await staff("time-off", "show", off["id"])).out
    assert (await staff("time-off", "delete", off["id"])).code == 0
    assert "a course" not in (await staff("time-off", "list", scene.doctor_id)).out


async def test_an_offer_to_move_is_sent_again_accepted_and_withdrawn(scene: Scene, staff: Shell) -> None:
    moved, stays = [
        (await scene.book_slot(time, date=TUESDAY, patient_id=patient_id)).appointment
        for time, patient_id in (("09:00", scene.patient_id), ("09:30", scene.other_id))
    ]
    await staff("time-off", "add", scene.doctor_id, f"{TUESDAY}T09:00", f"{TUESDAY}T11:00", "--offer")
    await scene.worker.parts.move_offers.look()
    early = await staff("time-off", "resend", stays.id)
    assert (early.code != 0, "less than a minute ago" in early.err) == (True, True)
    await scene.book.run("UPDATE move_offers SET updated_at = updated_at - interval '1 hour'")
    assert (await staff("time-off", "resend", stays.id)).out.startswith("Sent again")
    offers = (await staff("time-off", "offers", scene.clinic_id, "--json")).json["offers"]
    [slot, _] = next(each["slots"] for each in offers if each["appointment_id"] == moved.id)
    accepted = await staff("time-off", "accept", moved.id, scene.doctor_id, slot["start_time"], "--json")
    assert accepted.json["appointment"]["start_time"] == slot["start_time"]
    assert stays.id in (await staff("time-off", "withdraw", stays.id)).out
    assert moved.id not in (await staff("time-off", "offers", scene.clinic_id)).out
    ended = await staff("time-off", "withdraw", stays.id)
    assert (ended.code != 0, "this offer is over" in ended.err) == (True, True)


async def test_a_session_of_one_date_is_added_and_removed(scene: Scene, staff: Shell) -> None:
    added = await staff("hours", "add", scene.doctor_id, TUESDAY, "14:00-15:00/30", "--json")
    assert added.json["schedule"]["extra_sessions"][0]["start"] == "14:00"
    assert TUESDAY in (await staff("hours", "show", scene.doctor_id)).out
    removed = await staff("hours", "remove", scene.doctor_id, TUESDAY, "14:00", "--json")
    assert removed.json["schedule"]["extra_sessions"] == []


async def test_an_admin_looks_for_dead_letters_and_has_them_tried_again(scene: Scene, admin: Shell) -> None:
    assert (await admin("notifications")).out == "no notifications\n"
    booked = (await scene.book_slot("09:30")).appointment.id
    await scene.book.run(
        "INSERT INTO notifications SELECT id, 'confirmation', id, NULL, 1, 'email', 'dead', 'outcome_unknown', 1,"
        " created_at, start_at, created_at, created_at FROM appointments"
    )
    ended = await admin("notifications", "--status", "dead")
    assert re.search(rf"2026-03-02 00:00:00 +confirmation +dead +unknown +1 +{booked} +{booked}", ended.out)
    assert (await admin("notifications", "--appointment", booked, "--json")).json["notifications"][0]["id"] == booked
    assert (await admin("retry-notification", booked)).out == f"{booked} is tried again\n"
    again = await admin("retry-notification", booked)
    assert again.code == 1
    assert "WAITING" in again.err
