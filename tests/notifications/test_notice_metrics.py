"""What a scrape of the notification worker finds."""

from typing import Any

from db.postgres.cluster.engines import Engine
from db.postgres.cluster.transaction import read
from db.postgres.notifications import notifications as letters
from server.domain.notices import DEAD_OUTCOMES
from server.notifications.notice_metrics import NoticeMetrics
from server.telemetry import metrics
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import ADDRESS, ledger_is


async def test_dead_letters_are_counted_from_zero_for_each_outcome_that_they_can_have(engine: Engine) -> None:
    NoticeMetrics(engine, {})
    samples = [sample for metric in metrics.DEAD_LETTERS.collect() for sample in metric.samples]
    assert {sample.labels["outcome"] for sample in samples} == set(DEAD_OUTCOMES)


async def test_a_dead_letter_is_counted_until_nobody_has_any_use_for_it(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    relay.answers[ADDRESS] = "550 no such mailbox"
    async with notifications:
        await reachable.book_slot("09:30")
        await ledger_is(reachable.book, ("confirmation", 1, "dead", "refused"), ("reminder", 1, "planned", ""))
    await reachable.book.run("UPDATE notifications SET expires_at = now() + interval '1 hour'")
    await reachable.book.run("UPDATE notifications SET updated_at = now() - interval '1 hour'")
    [found] = await read(reachable.book.engine, letters.counts)
    assert (found.status, found.number, found.newest_seconds // 60) == ("dead", 1, 60)
    await reachable.book.run("UPDATE notifications SET expires_at = now()")
    assert await read(reachable.book.engine, letters.counts) == []
