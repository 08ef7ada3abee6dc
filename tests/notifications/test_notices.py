"""What patients get to read, when, and how often."""

from datetime import UTC
from typing import Any

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.family import Family
from tests.fixtures.mail import Relay
from tests.fixtures.notices import ADDRESS, entry, ledger_is
from tests.fixtures.people import EMAIL, PASSWORD, People
from tests.fixtures.second_factor import EMAIL as DESK
from tests.fixtures.second_factor import joined, set_up
from tests.rpc.patients import update
from yoyaku.v1 import auth_service_pb2 as auth
from yoyaku.v1.patient_pb2 import Patient


async def test_a_booking_is_confirmed_with_a_calendar_entry(reachable: Scene, relay: Relay, notifications: Any) -> None:
    booked = (await reachable.book_slot("09:30", reason="cough")).appointment
    async with notifications:
        [mail] = await relay.arrived(1)
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Your appointment is booked: Tue 3 Mar 2026, 09:30")
    method, event = entry(mail)
    assert (method, str(event["UID"]), event["SEQUENCE"]) == ("REQUEST", booked.id, 1)
    assert event["DTSTART"].dt == booked.start_time.ToDatetime(UTC)
    [attachment] = mail.iter_attachments()
    body = mail.get_body()
    assert body
    text = f"{mail.items()}{body.get_content()}{attachment.get_content()}"
    assert "Clinic in Asia/Tokyo" in text
    assert not [secret for secret in ("Sato", "Ken ", "cough", "Mori", "General practice") if secret in text]


async def test_moving_changes_the_entry_and_cancelling_removes_it(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    async with notifications:
        booked = (await reachable.book_slot("09:30")).appointment
        await relay.arrived(1)
        await reachable.move(booked, "11:00")
        await relay.arrived(2)
        await reachable.cancel(booked)
        mails = await relay.arrived(3)
    entries = [entry(mail) for mail in mails]
    assert [method for method, _ in entries] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for _, event in entries} == {booked.id}
    assert [event["SEQUENCE"] for _, event in entries] == [1, 2, 3]
    assert [str(event["STATUS"]) for _, event in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [mail["Subject"] for mail in mails[1:]] == [
        "Your appointment has moved: Tue 3 Mar 2026, 11:00",
        "Your appointment is cancelled: Tue 3 Mar 2026, 11:00",
    ]


async def test_the_text_is_in_the_patients_language(reachable: Scene, relay: Relay, notifications: Any) -> None:
    await reachable.book.run("UPDATE patients SET language = 'ja'")
    await reachable.book_slot("09:30")
    async with notifications:
        [mail] = await relay.arrived(1)
    assert mail["Subject"] == "ご予約を承りました:2026年3月3日(火)09:30"
    body = mail.get_body()
    assert body
    assert "Clinic in Asia/Tokyo" in body.get_content()


async def test_a_notice_that_was_overtaken_is_dropped(reachable: Scene, relay: Relay, notifications: Any) -> None:
    booked = (await reachable.book_slot("09:30")).appointment
    await reachable.move(booked, "11:00")
    async with notifications:
        [mail] = await relay.arrived(1)
        await ledger_is(
            reachable.book,
            ("confirmation", 1, "dropped", "superseded"),
            ("change", 2, "sent", ""),
            ("reminder", 2, "planned", ""),
        )
    assert "has moved" in mail["Subject"]


async def test_a_job_that_is_done_twice_sends_once(reachable: Scene, relay: Relay, notifications: Any) -> None:
    await reachable.book_slot("09:30")
    await reachable.book.run(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
        " SELECT queue_name, task_name, args FROM procrastinate_jobs, generate_series(1, 3)"
    )
    async with notifications:
        await ledger_is(reachable.book, ("confirmation", 1, "sent", ""), ("reminder", 1, "planned", ""))
    assert len(relay.mails) == 1


async def test_a_booking_that_fails_queues_nothing(reachable: Scene) -> None:
    await reachable.book_slot("09:30")
    assert (await refusal(reachable.book_slot("09:30", patient_id=reachable.other_id))).reason == "SLOT_TAKEN"
    [(jobs,)] = await reachable.book.rows("SELECT count(*) FROM procrastinate_jobs")
    assert jobs == 1


@pytest.mark.parametrize("change", ["move", "cancel"])
async def test_the_entry_is_removed_where_it_lies_when_the_address_has_changed(
    reachable: Scene, relay: Relay, notifications: Any, change: str
) -> None:
    async with notifications:
        booked = (await reachable.book_slot("09:30")).appointment
        await relay.arrived(1)
        await reachable.book.run("UPDATE patients SET email = 'new@example.org' WHERE id = %s", reachable.patient_id)
        await (reachable.move(booked, "11:00") if change == "move" else reachable.cancel(booked))
        mails = {str(mail["To"]): mail for mail in (await relay.arrived(3))[1:]}
    method, event = entry(mails[ADDRESS])
    assert (method, str(event["UID"]), event["SEQUENCE"]) == ("CANCEL", booked.id, 2)
    assert str(event["ATTENDEE"]) == f"mailto:{ADDRESS}"
    # Nobody at the old address learns of the new time.
    assert event["DTSTART"].dt == booked.start_time.ToDatetime(UTC)
    assert "11:00" not in f"{mails[ADDRESS]['Subject']}{mails[ADDRESS].get_body()}"
    if change == "move":
        method, event = entry(mails["new@example.org"])
        assert (method, event["SEQUENCE"]) == ("REQUEST", 2)
    else:
        assert list(mails["new@example.org"].iter_attachments()) == []


async def test_a_cancellation_by_text_message_removes_the_entry_by_mail(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    async with notifications:
        booked = (await reachable.book_slot("09:30")).appointment
        await relay.arrived(1)
        await reachable.book.run("UPDATE patients SET email = '', phone = '+819011112222'")
        await reachable.cancel(booked)
        mails = await relay.arrived(2)
    assert (mails[1]["To"], entry(mails[1])[0]) == (ADDRESS, "CANCEL")


async def test_the_entry_says_where_and_whom_to_call_and_asks_nothing(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    await reachable.book.run("UPDATE clinics SET address = '1-2-3 Aoba, Sendai', phone = '+81221234567'")
    await reachable.book_slot("09:30")
    async with notifications:
        [mail] = await relay.arrived(1)
    _, event = entry(mail)
    assert str(event["LOCATION"]) == "Clinic in Asia/Tokyo, 1-2-3 Aoba, Sendai"
    assert "+81221234567" in str(event["CONTACT"])
    assert event["ORGANIZER"].params["CN"] == "Clinic in Asia/Tokyo"
    assert (event["ATTENDEE"].params["PARTSTAT"], event["ATTENDEE"].params["RSVP"]) == ("ACCEPTED", "FALSE")
    assert str(event["ATTENDEE"]) == f"mailto:{ADDRESS}"
    body = mail.get_body()
    assert body
    assert "1-2-3 Aoba, Sendai\n+81221234567" in body.get_content().replace("\r\n", "\n")
    assert mail["From"].addresses[0].display_name == "Clinic in Asia/Tokyo"


async def test_the_owner_of_a_stolen_session_hears_of_it_once(people: People, relay: Relay, notifications: Any) -> None:
    await people.join()
    stolen = (await people.login()).refresh_token
    await people.refresh((await people.refresh(stolen)).refresh_token)
    for _ in range(2):
        assert (await refusal(people.refresh(stolen))).reason == "SESSION_ENDED"
    async with notifications:
        [mail] = await relay.arrived(1)
        await ledger_is(people.scene.book, ("security_warning", 1, "sent", ""))
    assert (mail["To"], mail["Subject"]) == (EMAIL, "Your account was signed out")
    assert len(relay.mails) == 1


async def test_who_loses_a_second_factor_or_gets_new_recovery_codes_is_told(
    people: People, clock: Clock, relay: Relay, notifications: Any
) -> None:
    owner, admin = await joined(people, clock), people.admin
    async with notifications:
        await set_up(owner)
        await owner.ask("RenewRecoveryCodes", code=owner.recovery_codes[0])
        await relay.arrived(1)
        await admin(admin.auth.ResetSecondFactor, auth.ResetSecondFactorRequest(account_id=owner.account_id))
        await relay.arrived(2)
        owner.tokens = await owner.login()
        await set_up(owner)
        await owner.ask("RemoveSecondFactor", password=PASSWORD, code=owner.recovery_codes[0])
        mails = await relay.arrived(3)
    removed = (DESK, "Your account has no second factor any more")
    told = [(mail["To"], mail["Subject"]) for mail in mails]
    assert told == [(DESK, "Your account has new recovery codes"), removed, removed]


async def test_the_patient_and_who_acts_for_them_are_told_each_in_their_own_words(
    family: Family, relay: Relay, notifications: Any
) -> None:
    reached = Patient(email="mei@example.org", language="ja")
    await update(family.scene, reached, "email", "language", patient_id=family.child_id)
    async with notifications:
        added = await family.add()
        begun = list(await relay.arrived(2))
        await family.end(added.id)
        ended = (await relay.arrived(4))[2:]
    for mails, (to_patient, to_other) in (
        (begun, ("あなたの代理の方を登録しました", "you may act for another patient")),
        (ended, ("代理の方の登録が終了しました", "You no longer act")),
    ):
        text = {mail["To"]: mail.get_body().get_content() for mail in mails}  # type: ignore[union-attr]
        assert to_patient in text["mei@example.org"]
        assert to_other in text[family.email]
        assert not any("Sato" in each for each in text.values())


@pytest.mark.parametrize("desk", ["", "mei@example.org"])
async def test_a_patient_is_told_where_the_patient_signs_in_whatever_address_the_desk_has(
    family: Family, relay: Relay, notifications: Any, desk: str
) -> None:
    book = family.scene.book
    await update(family.scene, Patient(email=desk), "email", patient_id=family.child_id)
    account_id = await book.account("patient", patient_id=family.child_id)
    await book.run("UPDATE accounts SET email = 'own@example.org', password_hash = 'x' WHERE id = %s", account_id)
    expected = {*filter(None, [desk]), "own@example.org", family.email}
    async with notifications:
        added = await family.add(family.admin)
        assert {mail["To"] for mail in await relay.arrived(len(expected))} == expected
        await family.end(added.id, family.admin)
        mails = await relay.arrived(2 * len(expected))
    assert {mail["To"] for mail in mails[len(expected) :]} == expected


async def test_a_cancellation_removes_an_entry_whose_mail_the_relay_is_still_taking(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    relay.pause_after_data = 1.0
    async with notifications:
        booked = (await reachable.book_slot("09:30")).appointment
        await relay.arrived(1)
        await reachable.cancel(booked)
        mails = await relay.arrived(2)
    assert [entry(mail)[0] for mail in mails] == ["REQUEST", "CANCEL"]
