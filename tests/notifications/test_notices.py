"""What patients get to read, when, and how often."""

import email.message
from datetime import UTC, timedelta
from itertools import pairwise
from typing import Any

import icalendar
import pytest

from tests.fixtures.book import Book, Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay, notifying
from tests.fixtures.people import EMAIL, People
from tests.fixtures.waiting import PATIENCE_SECONDS, until
from tests.fixtures.worker import settings_for

ADDRESS = "ken@example.org"


@pytest.fixture
def notifications(database_url: str, valkey_urls: dict[str, str], relay: Relay, clock: Clock) -> Any:
    """Runs a notification worker that hands mail to the relay."""
    settings = settings_for(database_url, **valkey_urls, smtp_url=relay.url, provider_timeout_seconds=1)
    return notifying(settings, clock)


@pytest.fixture
async def reachable(scene: Scene) -> Scene:
    """The scene, with a patient who has an email address."""
    await scene.book.run("UPDATE patients SET email = %s WHERE id = %s", ADDRESS, scene.patient_id)
    return scene


async def ledger(book: Book) -> list[tuple[Any, ...]]:
    """(kind, version, status, outcome) of all notifications, in the order of their making."""
    return await book.rows("SELECT kind, version, status, outcome FROM notifications ORDER BY version, kind")


async def ledger_is(book: Book, *expected: tuple[Any, ...]) -> None:
    """Wait until the ledger says so; then nothing is left in the queue but what tends it."""

    async def settled() -> bool:
        jobs = await book.rows("SELECT task_name FROM procrastinate_jobs WHERE task_name <> 'tend'")
        return not jobs and await ledger(book) == list(expected)

    try:
        await until(settled)
    except TimeoutError:
        assert await ledger(book) == list(expected)
        raise


def entry(mail: email.message.EmailMessage) -> tuple[str, Any]:
    """The method of the attached calendar and its event."""
    [attachment] = mail.iter_attachments()
    assert attachment.get_content_type() == "text/calendar"
    calendar = icalendar.Calendar.from_ical(attachment.get_content())
    [event] = calendar.walk("VEVENT")
    assert attachment.get_param("method") == str(calendar["METHOD"])
    return str(calendar["METHOD"]), event


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


async def test_the_reminder_goes_out_a_day_before(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    async with notifications:
        await reachable.book_slot("09:30")
        await relay.arrived(1)
        clock.advance(timedelta(minutes=29))
        await ledger_is(reachable.book, ("confirmation", 1, "sent", ""), ("reminder", 1, "planned", ""))
        clock.advance(timedelta(minutes=1))
        mails = await relay.arrived(2)
    assert mails[1]["Subject"] == "A reminder of your appointment: Tue 3 Mar 2026, 09:30"
    assert list(mails[1].iter_attachments()) == []


async def test_a_reminder_whose_time_came_before_it_was_planned_is_sent_all_the_same(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    await reachable.book_slot("09:30")
    clock.advance(timedelta(hours=1))  # as if the provider had been away
    async with notifications:
        await ledger_is(reachable.book, ("confirmation", 1, "sent", ""), ("reminder", 1, "sent", ""))
    assert len(relay.mails) == 2


@pytest.mark.parametrize("change", ["move", "cancel"])
async def test_the_reminder_goes_with_the_appointment(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock, change: str
) -> None:
    async with notifications:
        booked = (await reachable.book_slot("11:00")).appointment
        await relay.arrived(1)
        if change == "move":
            await reachable.move(booked, "11:30")
            told, later = "change", [("reminder", 2, "planned", "")]
        else:
            await reachable.cancel(booked)
            told, later = "cancellation", []
        first = [("confirmation", 1, "sent", ""), ("reminder", 1, "dropped", "superseded"), (told, 2, "sent", "")]
        await ledger_is(reachable.book, *first, *later)
        if change == "move":
            clock.advance(timedelta(hours=2, minutes=30))
            assert "reminder" in (await relay.arrived(3))[2]["Subject"]


async def test_who_cannot_be_reached_is_told_nothing(scene: Scene, notifications: Any, clock: Clock) -> None:
    async with notifications:
        await scene.book_slot("09:30")
        await ledger_is(scene.book, ("confirmation", 1, "dropped", "no_address"), ("reminder", 1, "planned", ""))
        clock.advance(timedelta(minutes=30))
        await ledger_is(
            scene.book, ("confirmation", 1, "dropped", "no_address"), ("reminder", 1, "dropped", "no_address")
        )
    assert set(await scene.book.rows("SELECT channel, recipient FROM notifications")) == {("none", "")}


async def test_a_reminder_goes_where_the_patient_is_reached_when_it_is_due(
    scene: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    book = scene.book
    await book.run(
        "UPDATE patients SET email = 'gone@example.org', phone = '+819011112222' WHERE id = %s", scene.other_id
    )
    async with notifications:
        found_later = (await scene.book_slot("09:30")).appointment
        removed = (await scene.book_slot("10:00", patient_id=scene.other_id)).appointment
        await relay.arrived(1)
        await book.run("UPDATE patients SET email = %s WHERE id = %s", ADDRESS, scene.patient_id)
        await book.run("UPDATE patients SET email = '' WHERE id = %s", scene.other_id)
        clock.advance(timedelta(hours=1))
        await relay.arrived(2)

        async def sent() -> bool:
            rows = await book.rows(
                "SELECT appointment_id, channel, recipient, status FROM notifications WHERE kind = 'reminder'"
            )
            return {(str(row[0]), *row[1:]) for row in rows} == {
                (found_later.id, "email", ADDRESS, "sent"),
                (removed.id, "sms", "+819011112222", "sent"),
            }

        await until(sent)
    assert [mail["To"] for mail in relay.mails] == ["gone@example.org", ADDRESS]


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


@pytest.mark.parametrize("address", ["jörg@example.org", "kei,mori@example.org", "kei\u200b@example.org", "kei"])
async def test_an_address_that_smtp_cannot_be_told_is_a_dead_letter(
    reachable: Scene, relay: Relay, notifications: Any, address: str
) -> None:
    await reachable.book.run("UPDATE patients SET email = %s", address)
    async with notifications:
        await reachable.book_slot("09:30")
        await ledger_is(reachable.book, ("confirmation", 1, "dead", "bad_address"), ("reminder", 1, "planned", ""))
    assert relay.asked == []


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


async def test_a_refused_address_is_a_dead_letter_at_once(reachable: Scene, relay: Relay, notifications: Any) -> None:
    relay.answers[ADDRESS] = "550 no such mailbox"
    async with notifications:
        await reachable.book_slot("09:30")
        await ledger_is(reachable.book, ("confirmation", 1, "dead", "refused"), ("reminder", 1, "planned", ""))
    assert await reachable.book.rows("SELECT attempts FROM notifications WHERE status = 'dead'") == [(1,)]


async def test_what_fails_is_tried_again_after_one_three_and_nine_seconds(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    relay.answers["*"] = "451 try later"
    async with notifications:
        await reachable.book_slot("09:30")
        await ledger_is(reachable.book, ("confirmation", 1, "dead", "failed"), ("reminder", 1, "planned", ""))
    pauses = [after - before for before, after in pairwise(relay.asked)]
    assert [wanted <= pause < wanted + 2 for wanted, pause in zip((1, 3, 9), pauses, strict=True)] == [True] * 3


async def test_mail_without_an_answer_is_never_sent_again(reachable: Scene, relay: Relay, notifications: Any) -> None:
    relay.pause_after_data = PATIENCE_SECONDS
    async with notifications:
        await reachable.book_slot("09:30")
        await ledger_is(reachable.book, ("confirmation", 1, "dead", "outcome_unknown"), ("reminder", 1, "planned", ""))
    assert len(relay.mails) == 1


OF_A_BOOKING = """
'announce', jsonb_build_object(
    'appointment_id', appointment_id, 'kind', 'confirmation', 'version', 1, 'start_at', expires_at)
"""


@pytest.mark.parametrize("job", [OF_A_BOOKING, "'deliver', jsonb_build_object('notification_id', id)"])
async def test_what_a_dead_worker_was_sending_is_never_sent_again(
    reachable: Scene, relay: Relay, notifications: Any, job: str
) -> None:
    await reachable.book_slot("09:30")
    async with notifications:
        await relay.arrived(1)
        await ledger_is(reachable.book, ("confirmation", 1, "sent", ""), ("reminder", 1, "planned", ""))
        # As kill -9 leaves it: a job that a worker without a heartbeat does, a notice that is being sent.
        await reachable.book.run("UPDATE notifications SET status = 'sending' WHERE kind = 'confirmation'")
        doing = f"SELECT 'email', {job}, 'doing' FROM notifications WHERE kind = 'confirmation'"  # noqa: S608
        await reachable.book.run(f"INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) {doing}")
        await ledger_is(reachable.book, ("confirmation", 1, "dead", "outcome_unknown"), ("reminder", 1, "planned", ""))
    assert len(relay.mails) == 1


async def test_a_notice_after_the_start_is_dropped(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    await reachable.book_slot("09:30")
    clock.advance(timedelta(days=1, hours=1))
    async with notifications:
        await ledger_is(reachable.book, ("confirmation", 1, "dropped", "expired"))
    assert relay.mails == []


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
