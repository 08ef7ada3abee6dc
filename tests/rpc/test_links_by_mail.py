"""Invitations, new passwords and confirmations of addresses: by a link in a mail to the person."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.family import Family
from tests.fixtures.mail import Relay, notifying
from tests.fixtures.notices import ledger_is
from tests.fixtures.people import EMAIL, People
from tests.fixtures.waiting import until
from tests.fixtures.worker import settings_for
from tests.rpc.patients import get, update
from yoyaku.v1 import auth_service_pb2 as auth
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1 import record_service_pb2 as records
from yoyaku.v1.account_role_pb2 import AccountRole
from yoyaku.v1.patient_pb2 import Patient
from yoyaku.v1.record_pb2 import RecordAccessKind as Kind

URL = "https://book.example.org"


@pytest.fixture
def public_url() -> str:
    """Links are sent here."""
    return URL


@pytest.fixture
async def sending(
    people: People, relay: Relay, database_url: str, valkey_urls: dict[str, str], clock: Clock
) -> AsyncIterator[Relay]:
    """A relay, and a notification worker that hands mail to it."""
    settings = settings_for(database_url, **valkey_urls, smtp_url=relay.url, public_url=URL)
    async with notifying(settings, clock):
        yield relay


def token_in(mail: EmailMessage, purpose: str) -> str:
    """The token in the link of a mail."""
    body = mail.get_body()
    assert body
    found = re.search(rf"^{re.escape(URL)}/account/#{purpose}=(\S+)", body.get_content(), re.MULTILINE)
    assert found, body.get_content()
    return found[1]


async def request_reset(people: People, email: str = EMAIL) -> Any:
    stranger = people.scene.worker.stranger()
    return await stranger(stranger.auth.RequestPasswordReset, auth.RequestPasswordResetRequest(email=email))


async def test_an_invited_person_gets_the_link_and_the_admin_no_token(people: People, sending: Relay) -> None:
    invited = await people.invite()
    assert invited.set_password_token == ""
    [mail] = await sending.arrived(1)
    assert mail["To"] == EMAIL
    token = token_in(mail, "invitation")
    kept = str(await people.scene.book.rows("SELECT a::text, n::text FROM accounts a, notifications n"))
    assert token.partition(".")[2] not in kept
    await people.set_password(token)
    assert (await refusal(people.set_password(token))).reason == "SET_PASSWORD_TOKEN_INVALID"
    assert await people.login()


async def test_until_the_mail_is_sent_no_token_exists(people: People) -> None:
    await people.invite()
    assert await people.scene.book.rows("SELECT one_time_hash FROM accounts WHERE email = %s", EMAIL) == [(None,)]
    [(job,)] = await people.scene.book.rows("SELECT args::text FROM procrastinate_jobs WHERE task_name = 'deliver'")
    assert EMAIL not in str(job)


async def test_an_invitation_is_in_the_first_language_of_the_clinic(people: People, sending: Relay) -> None:
    clinic_id = people.scene.clinic_id
    await people.scene.book.run("UPDATE clinics SET languages = '{ja,en}' WHERE id = %s", clinic_id)
    await people.invite(role=AccountRole.ACCOUNT_ROLE_STAFF, clinic_ids=[clinic_id])
    [mail] = await sending.arrived(1)
    assert mail["Subject"] == "アカウントのご案内:パスワードの設定"


async def test_a_reset_by_an_admin_goes_to_the_owner_too(people: People, sending: Relay) -> None:
    invited = await people.invite()
    [invitation] = await sending.arrived(1)
    await people.set_password(token_in(invitation, "invitation"))
    assert (await people.reset(invited.account_id)).set_password_token == ""
    assert (await refusal(people.login())).reason == "SIGN_IN_FAILED"
    _, mail = await sending.arrived(2)
    await people.set_password(token_in(mail, "reset"), "quite another one")
    assert await people.login(password="quite another one")


async def test_who_forgot_a_password_gets_a_link_and_the_old_password_works_until_then(
    people: People, sending: Relay, clock: Clock
) -> None:
    await people.invite()
    [invitation] = await sending.arrived(1)
    await people.set_password(token_in(invitation, "invitation"))
    await request_reset(people, EMAIL.upper())
    _, mail = await sending.arrived(2)
    assert await people.login()
    token = token_in(mail, "reset")
    clock.advance(timedelta(hours=24))
    assert (await refusal(people.set_password(token, "quite another one"))).reason == "SET_PASSWORD_TOKEN_INVALID"
    await request_reset(people)
    *_, newest = await sending.arrived(3)
    await people.set_password(token_in(newest, "reset"), "quite another one")
    assert await people.login(password="quite another one")
    events = "SELECT count(*) FROM security_events WHERE kind = 'password_reset_requested' AND actor = 'unknown'"
    assert await people.scene.book.rows(events) == [(2,)]


async def test_a_request_for_an_email_that_nobody_has_answers_and_works_alike_and_sends_nothing(
    people: People, sending: Relay
) -> None:
    invited = await people.invite()
    await sending.arrived(1)
    await people.disable(invited.account_id)
    for email in (EMAIL, "nobody@example.org"):
        assert await request_reset(people, email) == auth.RequestPasswordResetResponse()
    # Both have queued a job, which finds nothing to send.
    [(last,)] = await people.scene.book.rows("SELECT last_value FROM procrastinate_jobs_id_seq")
    assert int(str(last)) >= 3
    await ledger_is(people.scene.book, ("invitation", 1, "sent", ""))
    assert len(sending.mails) == 1


async def test_an_email_gets_five_links_an_hour_whether_or_not_an_account_has_it(people: People) -> None:
    await people.invite()
    for email in (EMAIL, "nobody@example.org"):
        for _ in range(5):
            await request_reset(people, email)
        refused = await refusal(request_reset(people, email))
        assert refused.reason == "TOO_MANY_ATTEMPTS"
        assert refused.retry_seconds
        assert refused.retry_seconds > 60


async def test_an_invitation_that_waits_until_a_password_is_set_is_not_sent(
    people: People, relay: Relay, database_url: str, valkey_urls: dict[str, str], clock: Clock
) -> None:
    await people.invite()
    await people.scene.book.run("UPDATE accounts SET password_hash = 'any' WHERE email = %s", EMAIL)
    async with notifying(settings_for(database_url, **valkey_urls, smtp_url=relay.url, public_url=URL), clock):
        await ledger_is(people.scene.book, ("invitation", 1, "dropped", "superseded"))
    assert relay.mails == []


async def test_without_an_address_of_its_own_a_notification_worker_leaves_a_dead_letter(
    people: People, relay: Relay, database_url: str, valkey_urls: dict[str, str], clock: Clock
) -> None:
    await people.invite()
    async with notifying(settings_for(database_url, **valkey_urls, smtp_url=relay.url), clock):
        await ledger_is(people.scene.book, ("invitation", 1, "dead", "failed"))
    assert relay.mails == []


async def mail_to(relay: Relay, address: str) -> EmailMessage:
    async def arrived() -> list[EmailMessage]:
        return [mail for mail in relay.mails if mail["To"] == address]

    mails: list[EmailMessage] = await until(arrived)
    return mails[-1]


async def test_a_representative_confirms_an_address_with_its_name_and_none_after_the_end(
    family: Family, sending: Relay
) -> None:
    scene, added = family.scene, await family.add()
    parent = await family.signed_in()
    whose: dict[str, Any] = {"caller": parent, "patient_id": family.child_id}
    await update(scene, Patient(email="new@example.org"), **whose)
    code = str((await mail_to(sending, "new@example.org"))["Subject"])[-6:]
    confirm = pb.ConfirmContactRequest(patient_id=family.child_id, code=code)
    await parent(parent.directory.ConfirmContact, confirm)
    log = records.ListRecordAccessRequest(patient_id=family.child_id)
    found = [(each.kind, each.account_id) for each in (await parent(parent.records.ListRecordAccess, log)).accesses]
    assert found[:2] == [(Kind.RECORD_ACCESS_KIND_PATIENT_CHANGED, family.account_id)] * 2  # asked and confirmed

    await update(scene, Patient(email="newer@example.org"), **whose)
    token = token_in(await mail_to(sending, "newer@example.org"), "address")
    await family.end(added.id)
    stranger, request = scene.worker.stranger(), pb.ConfirmContactByLinkRequest(link_token=token)
    assert (await refusal(stranger(stranger.directory.ConfirmContactByLink, request))).reason == "LINK_INVALID"
    patient = await get(scene.staff, family.child_id)
    assert (patient.email, patient.pending_email) == ("new@example.org", "")


async def test_neither_link_nor_code_confirms_an_address_after_the_last_day_of_a_representative(
    family: Family, sending: Relay, clock: Clock
) -> None:
    scene, last_day = family.scene, str(clock.now.astimezone(ZoneInfo("Asia/Tokyo")).date())
    added = await family.add(end_date=last_day)
    await update(scene, Patient(email="new@example.org"), caller=await family.signed_in(), patient_id=family.child_id)
    mail = await mail_to(sending, "new@example.org")
    clock.advance(added.end_time.ToDatetime(UTC) - clock.now)
    stranger, child = scene.worker.stranger(), await scene.worker.client("patient", patient_id=family.child_id)
    by_link = pb.ConfirmContactByLinkRequest(link_token=token_in(mail, "address"))
    assert (await refusal(stranger(stranger.directory.ConfirmContactByLink, by_link))).reason == "LINK_INVALID"
    by_code = pb.ConfirmContactRequest(patient_id=family.child_id, code=str(mail["Subject"])[-6:])
    assert (await refusal(child(child.directory.ConfirmContact, by_code))).reason == "CONTACT_CODE_WRONG"


async def test_the_link_of_a_mail_confirms_a_new_address_once(people: People, sending: Relay) -> None:
    scene = people.scene
    await update(scene, Patient(email="old@example.org"))
    await update(scene, Patient(email="new@example.org"), caller=scene.patient)

    stranger, token = scene.worker.stranger(), token_in(await mail_to(sending, "new@example.org"), "address")
    for wrong in (token[:-1], token[1:], "x"):
        request = pb.ConfirmContactByLinkRequest(link_token=wrong)
        refused = await refusal(stranger(stranger.directory.ConfirmContactByLink, request))
        assert refused.reason == "LINK_INVALID"
    request = pb.ConfirmContactByLinkRequest(link_token=token)
    await stranger(stranger.directory.ConfirmContactByLink, request)
    patient = await get(scene.patient, scene.patient_id)
    assert (patient.email, patient.pending_email) == ("new@example.org", "")
    refused = await refusal(stranger(stranger.directory.ConfirmContactByLink, request))
    assert refused.reason == "LINK_INVALID"
