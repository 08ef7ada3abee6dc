"""Changed addresses and numbers of patients: used once they are confirmed, and the old ones hear of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay, notifying
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal, settings_for
from tests.rpc.patients import get, register, update
from yoyaku.v1 import directory_service_pb2 as pb
from yoyaku.v1.patient_pb2 import Patient

OLD, NEW = "old@example.org", "new@example.org"


async def confirm(scene: Scene, code: str, caller: Client | None = None, **fields: Any) -> Patient:
    caller = caller or scene.patient
    request = pb.ConfirmContactRequest(**{"patient_id": scene.patient_id, "code": code} | fields)
    response: pb.ConfirmContactResponse = await caller(caller.directory.ConfirmContact, request)
    return response.patient


@pytest.fixture
async def reachable(scene: Scene) -> Scene:
    """The scene, with a patient whose address staff took down."""
    assert (await update(scene, Patient(email=OLD))).email == OLD
    return scene


@pytest.fixture
async def sending(
    scene: Scene, relay: Relay, database_url: str, valkey_urls: dict[str, str], clock: Clock
) -> AsyncIterator[Relay]:
    """A relay, and a notification worker that hands mail to it."""
    async with notifying(settings_for(database_url, **valkey_urls, smtp_url=relay.url), clock):
        yield relay


async def codes(relay: Relay, number: int) -> list[str]:
    """The codes that were sent, once there are so many."""

    async def found() -> list[str]:
        subjects = [mail["Subject"] for mail in relay.mails]
        codes = [match[1] for subject in subjects if (match := re.fullmatch(r"Your code is (\d{6})", subject))]
        return codes if len(codes) >= number else []

    return list(await until(found))


async def kinds(scene: Scene) -> list[tuple[Any, ...]]:
    return await scene.book.rows("SELECT kind, recipient FROM notifications ORDER BY kind, recipient")


async def test_what_staff_take_down_first_counts_at_once(scene: Scene) -> None:
    patient = await register(scene, email=OLD, phone="+81312345678")
    assert (patient.email, patient.phone, patient.pending_email) == (OLD, "+81312345678", "")
    changed = await update(scene, Patient(phone="+81312345678"))
    assert (changed.phone, changed.pending_phone) == ("+81312345678", "")
    assert await kinds(scene) == []


@pytest.mark.parametrize("role", ["patient", "staff"])
async def test_a_changed_address_is_used_once_its_code_comes_back(reachable: Scene, sending: Relay, role: str) -> None:
    caller = getattr(reachable, role)
    waiting = await update(reachable, Patient(email=NEW), caller=caller)
    assert (waiting.email, waiting.pending_email, waiting.etag) == (OLD, NEW, "3")
    [code] = await codes(sending, 1)
    await sending.arrived(2)
    assert {str(mail["To"]) for mail in sending.mails} == {OLD, NEW}
    assert not any(NEW in mail.as_string() for mail in sending.mails if mail["To"] == OLD)
    confirmed = await confirm(reachable, f"{code[:3]} - {code[3:]}", caller)
    assert (confirmed.email, confirmed.pending_email, confirmed.etag) == (NEW, "", "4")
    assert await get(reachable.patient, reachable.patient_id) == confirmed
    assert (await refusal(confirm(reachable, code, caller))).reason == "CONTACT_CODE_WRONG"


async def test_until_then_notices_go_to_the_old_address(reachable: Scene, sending: Relay) -> None:
    await update(reachable, Patient(email=NEW))
    await reachable.book_slot("09:30")
    mails = await sending.arrived(3)
    assert [mail["To"] for mail in mails if "booked" in mail["Subject"]] == [OLD]


async def test_a_patients_own_first_number_is_confirmed_too_and_the_address_told(scene: Scene, sending: Relay) -> None:
    await update(scene, Patient(email=OLD))
    waiting = await update(scene, Patient(phone="+819011112222"), caller=scene.patient)
    assert (waiting.phone, waiting.pending_phone) == ("", "+819011112222")
    assert await kinds(scene) == [("contact_changed", OLD), ("contact_code", "+819011112222")]
    [mail] = await sending.arrived(1)
    assert mail["To"] == OLD


async def test_removing_an_address_holds_at_once_and_it_is_told(reachable: Scene) -> None:
    await update(reachable, Patient(email=NEW))
    removed = await update(reachable, Patient(), "email", caller=reachable.patient)
    assert (removed.email, removed.pending_email) == ("", "")
    assert await kinds(reachable) == [("contact_changed", OLD), ("contact_changed", OLD), ("contact_code", NEW)]


@pytest.mark.parametrize("role", ["patient", "staff"])
async def test_an_address_after_a_removed_one_is_confirmed_and_the_removed_one_told(
    reachable: Scene, role: str
) -> None:
    await update(reachable, Patient(), "email", caller=getattr(reachable, role))
    waiting = await update(reachable, Patient(email=NEW))
    assert (waiting.email, waiting.pending_email) == ("", NEW)
    assert await kinds(reachable) == [("contact_changed", OLD), ("contact_changed", OLD), ("contact_code", NEW)]


async def test_a_removed_number_is_told_of_a_first_address(scene: Scene) -> None:
    await update(scene, Patient(phone="+819011112222"))
    await update(scene, Patient(), "phone")
    await update(scene, Patient(email=NEW))
    assert await kinds(scene) == [("contact_changed", "+819011112222")] * 2


async def test_a_removed_address_comes_back_without_a_code(reachable: Scene, sending: Relay) -> None:
    await update(reachable, Patient(), "email")
    back = await update(reachable, Patient(email=OLD))
    assert (back.email, back.pending_email) == (OLD, "")
    await update(reachable, Patient(), "email")
    await update(reachable, Patient(email=NEW))
    await confirm(reachable, (await codes(sending, 1))[0])
    # Once another is confirmed, the removed one is as foreign as any.
    assert (await update(reachable, Patient(email=OLD))).pending_email == OLD


async def test_sending_the_current_address_drops_what_waits(reachable: Scene, sending: Relay) -> None:
    await update(reachable, Patient(email=NEW))
    [code] = await codes(sending, 1)
    kept = await update(reachable, Patient(email=OLD))
    assert (kept.email, kept.pending_email) == (OLD, "")
    assert (await refusal(confirm(reachable, code))).reason == "CONTACT_CODE_WRONG"


async def test_a_code_that_was_not_sent_yet_is_not_sent_once_its_change_is_dropped(
    reachable: Scene, relay: Relay, database_url: str, valkey_urls: dict[str, str], clock: Clock
) -> None:
    await update(reachable, Patient(email=NEW))
    await update(reachable, Patient(email=OLD))
    async with notifying(settings_for(database_url, **valkey_urls, smtp_url=relay.url), clock):

        async def settled() -> bool:
            rows = await reachable.book.rows("SELECT status FROM notifications WHERE kind = 'contact_code'")
            return rows == [("dropped",)]

        await until(settled)
        await relay.arrived(1)
    assert [mail["To"] for mail in relay.mails] == [OLD]


async def test_after_five_wrong_codes_the_right_one_is_worth_nothing(reachable: Scene, sending: Relay) -> None:
    await update(reachable, Patient(email=NEW))
    [code] = await codes(sending, 1)
    wrong = [f"{(int(code) + step) % 1_000_000:06}" for step in range(1, 6)]
    tries = await asyncio.gather(*(confirm(reachable, each) for each in wrong), return_exceptions=True)
    assert [isinstance(each, Refusal) and each.reason for each in tries] == ["CONTACT_CODE_WRONG"] * 5
    assert (await refusal(confirm(reachable, code))).reason == "CONTACT_CODE_WRONG"
    # The same address once more gets another code.
    await update(reachable, Patient(email=NEW))
    assert (await confirm(reachable, (await codes(sending, 2))[1])).email == NEW


async def wrong_codes(scene: Scene, code: str, caller: Client, number: int = 5) -> None:
    """Enter wrong codes, which are all refused as such."""
    for step in range(1, number + 1):
        refused = await refusal(confirm(scene, f"{(int(code) + step) % 1_000_000:06}", caller))
        assert refused.reason == "CONTACT_CODE_WRONG"


async def test_wrong_codes_of_one_account_use_up_nobody_elses_tries(reachable: Scene, sending: Relay) -> None:
    await update(reachable, Patient(email=NEW))
    [code] = await codes(sending, 1)
    colleague = await reachable.worker.client("staff", clinic_ids=[reachable.clinic_id])
    await wrong_codes(reachable, code, colleague)
    assert (await refusal(confirm(reachable, code, colleague))).reason == "CONTACT_CODE_WRONG"
    assert (await confirm(reachable, code, reachable.staff)).email == NEW


async def test_all_staff_together_have_twenty_tries_and_the_patient_five_of_their_own(
    reachable: Scene, sending: Relay
) -> None:
    await update(reachable, Patient(email=NEW))
    [code] = await codes(sending, 1)
    for _ in range(4):
        await wrong_codes(reachable, code, await reachable.worker.client("staff", clinic_ids=[reachable.clinic_id]))
    assert (await refusal(confirm(reachable, code, reachable.staff))).reason == "CONTACT_CODE_WRONG"
    await wrong_codes(reachable, code, reachable.patient, 4)
    assert (await confirm(reachable, code)).email == NEW


async def test_a_code_ends_after_a_day(reachable: Scene, sending: Relay, clock: Clock) -> None:
    await update(reachable, Patient(email=NEW))
    [code] = await codes(sending, 1)
    clock.advance(timedelta(hours=24))
    patient = await reachable.worker.client("patient", patient_id=reachable.patient_id)
    assert (await refusal(confirm(reachable, code, patient))).reason == "CONTACT_CODE_WRONG"
    clock.advance(timedelta(seconds=1))
    await reachable.worker.parts.housekeeping.forget_contacts()
    assert await reachable.book.rows("SELECT value FROM contact_changes") == []


async def test_a_confirmation_whose_answer_was_lost_gets_it_again(reachable: Scene, sending: Relay) -> None:
    await update(reachable, Patient(email=NEW))
    [code] = await codes(sending, 1)
    once: dict[str, Any] = {"request_id": "019ab0c2-7d10-7c3e-9a4f-0242ac120009"}
    first = await confirm(reachable, code, **once)
    assert await confirm(reachable, code, **once) == first


async def test_nobody_else_confirms_and_no_code_is_another_patients(reachable: Scene, sending: Relay) -> None:
    await update(reachable, Patient(email=NEW))
    [code] = await codes(sending, 1)
    assert (await refusal(confirm(reachable, code, reachable.other))).reason == "PATIENT_NOT_FOUND"
    elsewhere = confirm(reachable, code, reachable.staff, patient_id=reachable.other_id)
    assert (await refusal(elsewhere)).reason == "CONTACT_CODE_WRONG"
    assert (await confirm(reachable, code)).email == NEW
