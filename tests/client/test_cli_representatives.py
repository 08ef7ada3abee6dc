"""`yoyaku representatives`: staff let somebody act for a patient, who then books for that patient."""

import re

import pytest

from tests.client.shell import Shell, shell_of
from tests.fixtures.clinic import TUESDAY, Scene


@pytest.fixture
async def staff(scene: Scene) -> Shell:
    """The shell of the clinic's staff."""
    return await shell_of(scene, "staff", clinic_ids=[scene.clinic_id])


async def test_a_carer_is_added_books_for_the_patient_and_is_ended(scene: Scene, staff: Shell) -> None:
    carer = await scene.book.account("patient", patient_id=scene.other_id)
    ((email,),) = await scene.book.rows("SELECT email FROM accounts WHERE id = %s", carer)
    words = ("representatives", "add", scene.patient_id, str(email), "--relation", "carer", "--note", "letter of March")
    refused = await staff(*words)
    assert (refused.code, "give the last day" in refused.err) == (1, True)
    added = await staff(*words, "--until", "2027-12-31")
    assert re.search(r"Relation +carer *\nLast day +2027-12-31", added.out)
    assert "letter of March" in added.out

    other = Shell(staff.address, await scene.worker.parts.tokens.issue(carer) or "")
    shown = (await other("whoami")).out
    assert f"Sato Ken {scene.patient_id} (carer, until 2027-12-31, " in shown
    booked = await other("book", "mori", f"{TUESDAY}T10:00", "--patient", scene.patient_id, "--json")
    appointment = booked.json["appointment"]
    assert appointment["patient"]["id"] == scene.patient_id
    assert appointment["id"] in (await other("appointments", "--patient", scene.patient_id)).out
    assert "booked by the carer" in (await staff("history", appointment["id"])).out

    patient = await shell_of(scene, "patient", patient_id=scene.patient_id)
    [listed] = (await patient("representatives", "list", "--json")).json["representatives"]
    assert (listed["name"], listed["active"], listed["note"]) == ("Ito Yui", True, "")
    assert (await patient("representatives", "end", listed["id"])).out == "Ito Yui no longer acts for Sato Ken\n"
    assert (await patient("representatives", "list")).out == "nobody acts for this patient\n"
    assert "Ito Yui" in (await staff("representatives", "list", scene.patient_id, "--ended")).out


async def test_admins_set_until_which_ages_others_act_for_minors(scene: Scene) -> None:
    admin = await shell_of(scene, "admin")
    changed = await admin(
        "clinic", "change", scene.clinic_id, "--representatives-until-age", "20",
        "--representatives-see-records-until-age", "12", "--yes", "--json",
    )  # fmt: skip
    assert changed.json["clinic"]["representative_policy"] == {"until_age": 20, "see_records_until_age": 12}
    assert (await admin("clinic", "change", scene.clinic_id, "--name", "Elm", "--yes")).code == 0
    kept = (await admin("clinic", "holidays", scene.clinic_id, "--json")).json["clinic"]
    assert (kept["name"], kept["representative_policy"]["until_age"]) == ("Elm", 20)
