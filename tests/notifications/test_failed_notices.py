"""What becomes of notices that cannot be sent, or that may have been sent."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import ADDRESS, ledger, ledger_is
from tests.fixtures.waiting import PATIENCE_SECONDS, until
from yoyaku.v1 import notification_service_pb2 as pb
from yoyaku.v1.notification_pb2 import NOTIFICATION_KIND_UNSPECIFIED


@pytest.mark.parametrize("address", ["jörg@example.org", "kei,mori@example.org", "kei\u200b@example.org", "kei"])
async def test_an_address_that_smtp_cannot_be_told_is_a_dead_letter(
    reachable: Scene, relay: Relay, notifications: Any, address: str
) -> None:
    await reachable.book.run("UPDATE patients SET email = %s", address)
    async with notifications:
        await reachable.book_slot("09:30")
        await ledger_is(reachable.book, ("confirmation", 1, "dead", "bad_address"), ("reminder", 1, "planned", ""))
    assert relay.asked == []


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


async def test_a_notice_of_a_kind_that_only_a_newer_release_knows_waits_for_it(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    book = reachable.book
    await book.run("ALTER TABLE notifications DROP CONSTRAINT notifications_kind_known")
    first, second = [(await reachable.book_slot(slot)).appointment.id for slot in ("09:30", "10:30")]
    announced = (
        "UPDATE procrastinate_jobs SET args = args || jsonb_build_object('kind', %s::text)"
        " WHERE args->>'appointment_id' = %s"
    )
    await book.run(announced, "newer", second)
    async with notifications:
        [mail] = await relay.arrived(1)
        assert mail["To"] == ADDRESS

        async def is_entered_as_sent() -> bool:
            return ("confirmation", 1, "sent", "") in await ledger(book)

        await until(is_entered_as_sent)  # a moment after the mail has arrived
        await book.run(
            "UPDATE notifications SET kind = 'newer', status = 'waiting' WHERE appointment_id = %s"
            " AND kind = 'confirmation'",
            first,
        )
        await book.run(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args) SELECT 'email', 'deliver',"
            " jsonb_build_object('notification_id', id) FROM notifications WHERE kind = 'newer'"
        )

        async def both_were_put_off() -> bool:
            return await book.rows(
                "SELECT count(*) FROM procrastinate_jobs WHERE attempts > 0 AND status = 'todo'"
            ) == [(2,)]

        await until(both_were_put_off)
        assert await book.rows("SELECT status, outcome FROM notifications WHERE kind = 'newer'") == [("waiting", "")]
        admin = await reachable.worker.client("admin")
        listed = await admin(admin.notifications.ListNotifications, pb.ListNotificationsRequest(appointment_id=first))
        assert NOTIFICATION_KIND_UNSPECIFIED in {each.kind for each in listed.notifications}
        # The newer release takes over.
        await book.run(announced, "confirmation", second)
        await book.run("UPDATE notifications SET kind = 'confirmation' WHERE kind = 'newer'")
        await book.run("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE attempts > 0")
        await relay.arrived(3)


async def test_a_notice_after_the_start_is_dropped(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    await reachable.book_slot("09:30")
    clock.advance(timedelta(days=1, hours=1))
    async with notifications:
        await ledger_is(reachable.book, ("confirmation", 1, "dropped", "expired"))
    assert relay.mails == []
