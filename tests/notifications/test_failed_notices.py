"""What becomes of notices that cannot be sent, or that may have been sent."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import ADDRESS, ledger_is
from tests.fixtures.waiting import PATIENCE_SECONDS


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


async def test_a_notice_after_the_start_is_dropped(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    await reachable.book_slot("09:30")
    clock.advance(timedelta(days=1, hours=1))
    async with notifications:
        await ledger_is(reachable.book, ("confirmation", 1, "dropped", "expired"))
    assert relay.mails == []
