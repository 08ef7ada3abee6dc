"""Accounts that were disabled, and are enabled again."""

from tests.fixtures.callers import refusal
from tests.fixtures.people import People

NOBODY = "019ab0c2-7d10-7c3e-9a4f-0242ac120001"


async def enablings(people: People, account_id: str) -> int:
    """How often the audit says that an account was enabled."""
    events = "SELECT FROM security_events WHERE account_id = %s AND kind = 'account_enabled'"
    return len(await people.scene.book.rows(events, account_id))


async def test_an_enabled_account_signs_in_with_its_password_and_its_old_sessions_stay_ended(people: People) -> None:
    account_id = await people.join()
    before = await people.login()
    await people.disable(account_id)
    assert (await refusal(people.login())).reason == "SIGN_IN_FAILED"
    for _ in range(2):
        await people.enable(account_id)
    assert await people.login()
    assert (await refusal(people.refresh(before.refresh_token))).reason == "SESSION_ENDED"
    assert await enablings(people, account_id) == 1


async def test_an_invitation_from_before_an_account_was_disabled_stays_void(people: People) -> None:
    invited = await people.invite()
    await people.disable(invited.account_id)
    await people.enable(invited.account_id)
    refused = await refusal(people.set_password(invited.set_password_token))
    assert refused.reason == "SET_PASSWORD_TOKEN_INVALID"
    reset = await people.reset(invited.account_id)
    await people.set_password(reset.set_password_token)


async def test_neither_a_display_nor_an_unknown_account_is_enabled(people: People) -> None:
    display_id = await people.scene.book.account("display", clinic_ids=[people.scene.clinic_id])
    for account_id in (display_id, NOBODY):
        assert (await refusal(people.enable(account_id))).reason == "ACCOUNT_NOT_FOUND"
    await people.disable(display_id)
    assert (await refusal(people.enable(display_id))).reason == "ACCOUNT_NOT_FOUND"
    assert not await enablings(people, display_id)
