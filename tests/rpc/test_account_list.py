"""Accounts as admins list them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import all_pages, refusal
from tests.fixtures.people import People
from tests.fixtures.second_factor import joined, set_up
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.account_list_messages_pb2 import AccountState
from yoyaku.v1.account_role_pb2 import AccountRole


async def listed(people: People, **fields: Any) -> list[Any]:
    def page(token: str) -> Any:
        request = pb.ListAccountsRequest(page_token=token, **{"size": 2} | fields)
        return people.admin(people.admin.auth.ListAccounts, request)

    return await all_pages(page, lambda answer: answer.accounts)


def emails(found: list[Any]) -> list[str]:
    return [each.account.email for each in found]


async def staff(people: People, *names: str, clinic_id: str = "") -> list[str]:
    """Invite somebody for each name; the accounts' ids."""
    clinic_ids = [clinic_id or people.scene.clinic_id]
    made = [
        await people.invite(f"{name}@list.example", role=AccountRole.ACCOUNT_ROLE_STAFF, clinic_ids=clinic_ids)
        for name in names
    ]
    return [each.account_id for each in made]


async def test_everybody_but_patients_is_listed_the_newest_first_in_pages(people: People, clock: Clock) -> None:
    await people.join()
    for name in ("ann", "bob", "cho"):
        await staff(people, name)
        clock.advance(timedelta(seconds=1))
    assert emails(await listed(people, text="@LIST.example")) == [
        f"{name}@list.example" for name in ("cho", "bob", "ann")
    ]
    assert "ken@example.org" not in emails(await listed(people))


async def test_patients_are_listed_by_email_if_they_are_asked_for(people: People) -> None:
    for email in ("c@patients.example", "a@patients.example", "b@patients.example"):
        await people.join(email)
    patients: dict[str, Any] = {"role": AccountRole.ACCOUNT_ROLE_PATIENT}
    expected = ["a@patients.example", "b@patients.example", "c@patients.example"]
    assert [each for each in emails(await listed(people, **patients)) if each.endswith("patients.example")] == expected
    [found] = await listed(people, **patients, text="B@pat")
    assert (found.account.email, bool(found.name), found.state) == (
        expected[1],
        True,
        AccountState.ACCOUNT_STATE_ACTIVE,
    )
    assert await listed(people, **patients, text="patients.example") == []


async def test_accounts_are_found_by_role_clinic_and_state(people: People, clock: Clock) -> None:
    elsewhere = await people.scene.book.clinic()
    _, gone = await staff(people, "here", "gone")
    await staff(people, "there", clinic_id=elsewhere)
    await people.disable(gone)
    doctor = {"role": AccountRole.ACCOUNT_ROLE_DOCTOR, "doctor_id": people.scene.doctor_id}
    await people.invite("doctor@list.example", **doctor)
    owner = await set_up(await joined(people, clock))
    text = {"text": "list.example"}

    async def names(**fields: Any) -> set[str]:
        return {email.partition("@")[0] for email in emails(await listed(people, **text, **fields))}

    assert await names(clinic_id=people.scene.clinic_id) == {"here", "gone", "doctor"}
    assert await names(clinic_id=elsewhere) == {"there"}
    assert await names(role=AccountRole.ACCOUNT_ROLE_DOCTOR) == {"doctor"}
    assert await names(state=AccountState.ACCOUNT_STATE_DISABLED) == {"gone"}
    assert await names(state=AccountState.ACCOUNT_STATE_WITHOUT_PASSWORD) == {"here", "there", "doctor"}
    [found] = await listed(people, text="desk@example.org")
    assert (found.account.id, found.account.second_factor) == (owner.account_id, True)
    assert found.state == AccountState.ACCOUNT_STATE_ACTIVE


async def test_hospital_systems_are_found_by_their_names(people: People) -> None:
    request = pb.CreateServiceAccountRequest(name="The Laboratory", all_clinics=True)
    made = await people.admin(people.admin.auth.CreateServiceAccount, request)
    [found] = await listed(people, text="laborat")
    assert (found.account.id, found.name) == (made.account_id, "The Laboratory")
    assert made.account_id in [each.account.id for each in await listed(people, clinic_id=people.scene.clinic_id)]


@pytest.mark.parametrize("text", ["%", "_", "\\", "' OR true --"])
async def test_a_text_stands_for_itself_alone(people: People, text: str) -> None:
    await staff(people, "ann")
    assert await listed(people, text=text) == []


async def test_a_page_token_belongs_to_its_question(people: People) -> None:
    await staff(people, "ann", "bob", "cho")
    ask = people.admin.auth.ListAccounts
    token = (await people.admin(ask, pb.ListAccountsRequest(size=1))).next_page_token
    refused = await refusal(people.admin(ask, pb.ListAccountsRequest(size=1, text="a", page_token=token)))
    assert refused.reason == "PAGE_TOKEN_INVALID"
