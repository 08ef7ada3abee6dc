"""`yoyaku` as admins set up clinics and accounts with it."""

import pytest

from tests.client.shell import Shell, shell_of
from tests.fixtures.clinic import TUESDAY, Scene


@pytest.fixture
async def admin(scene: Scene) -> Shell:
    """An admin's shell."""
    return await shell_of(scene, "admin")


async def test_a_change_of_a_clinic_is_shown_first_and_made_only_after_a_yes(scene: Scene, admin: Shell) -> None:
    appointment = (await scene.book_slot("09:00")).appointment
    words = ("clinic", "change", scene.clinic_id, "--time-zone", "Asia/Kolkata")
    refused = await admin(*words, typed="n\n")
    assert refused.code == 1
    assert "1 appointment ahead gets another time of day" in refused.err
    assert f"{TUESDAY} 09:00 -> {TUESDAY} 05:30  {appointment.id}" in refused.err
    assert "Asia/Tokyo" in (await admin("clinics")).out
    assert "Asia/Kolkata" in (await admin(*words, typed="y\n")).out
    assert "Asia/Kolkata" in (await admin("clinics")).out


async def test_a_clinic_is_added_with_a_doctor_and_its_rules_are_explained(admin: Shell) -> None:
    added = await admin("clinic", "add", "Kaede Clinic", "Asia/Tokyo", "--language", "ja", "--language", "en", "--json")
    assert added.json["clinic"]["languages"] == ["ja", "en"]
    assert "Yamada Hanako" in (await admin("clinic", "add-doctor", "Kaede", "Yamada Hanako", "Cardiology")).out
    changed = await admin("clinic", "change", "Kaede", "--horizon-days", "30", "--yes")
    assert "Patients book up to 30 days ahead instead of 90." in changed.err
    assert "30 days ahead" in (await admin("clinic", "policies", "Kaede", "--language", "en")).out
    unknown = await admin("clinic", "add", "Umi Clinic", "Asia/Atlantis")
    assert unknown.code == 1
    assert "write it as Asia/Tokyo" in unknown.err


async def test_an_account_is_disabled_enabled_and_reset(scene: Scene, admin: Shell) -> None:
    words = ("invite", "ward@example.org", "--role", "staff", "--clinic", scene.clinic_id, "--json")
    account_id = (await admin(*words)).json["account_id"]
    assert f"yoyaku account enable {account_id}" in (await admin("account", "disable", account_id)).out
    assert (await admin("account", "enable", account_id)).code == 0
    reset = (await admin("account", "reset-password", account_id, "--json")).json
    anybody = Shell(admin.address)
    done = await anybody("set-password", typed=f"{reset['set_password_token']}\nquiet river stones\n")
    assert done.code == 0


async def test_holidays_are_added_and_removed_and_say_first_which_bookings_are_on_them(
    scene: Scene, admin: Shell
) -> None:
    appointment = (await scene.book_slot("09:00")).appointment
    words = ("clinic", "holidays", scene.clinic_id)
    refused = await admin(*words, "--add", TUESDAY, typed="n\n")
    assert refused.code == 1
    assert appointment.id in refused.err
    await admin(*words, "--add", TUESDAY, "--add", "2026-05-04", "--yes")
    assert f"{TUESDAY}, 2026-05-04" in (await admin(*words)).out
    assert "closed on that day" in (await admin("slots", scene.doctor_id, TUESDAY)).out
    left = await admin(*words, "--remove", TUESDAY, "--yes", "--json")
    assert left.json["clinic"]["holidays"] == ["2026-05-04"]
