"""Patients who wait are told when few are called before them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import ADDRESS
from tests.fixtures.waiting import until
from tests.rpc.test_no_shows import set_rules
from tests.rpc.test_queue import TODAY, ask, call, shown, walk_in

JOBS = "SELECT args->>'appointment_id' FROM procrastinate_jobs WHERE args->>'kind' = 'turn'"


async def waits_behind(scene: Scene, others: int) -> str:
    """The patient checks in for 11:30, with so many before; the appointment's id."""
    appointment_id = str((await scene.book_slot("11:30", scene.staff, date=TODAY)).appointment.id)
    for _ in range(others):
        await walk_in(scene)
    await ask(scene, "CheckIn", appointment_id=appointment_id)
    # What was sent about the booking is not of interest here.
    await scene.book.run("DELETE FROM procrastinate_jobs")
    return appointment_id


async def jobs(scene: Scene) -> list[str]:
    return [str(row[0]) for row in await scene.book.rows(JOBS)]


async def test_a_patient_with_five_before_is_told_once_whatever_moves_the_line(reachable: Scene) -> None:
    await set_rules(reachable, tell_before=5)
    appointment_id = await waits_behind(reachable, 8)
    assert await jobs(reachable) == []
    await call(reachable)
    waiting = (await ask(reachable, "GetLane")).lane.waiting
    await ask(reachable, "MoveTicket", ticket_id=waiting[0].id, position=1, reason="by request")
    assert await jobs(reachable) == []
    await ask(reachable, "Skip", ticket_id=waiting[1].id)
    assert await jobs(reachable) == []  # six before
    await call(reachable)
    assert await jobs(reachable) == [appointment_id]
    for _ in range(5):
        await call(reachable)
    assert (await shown(reachable))[1] == ["A9"]
    assert await jobs(reachable) == [appointment_id]


async def test_a_cancellation_ahead_moves_the_line_too(reachable: Scene) -> None:
    await set_rules(reachable, tell_before=1)
    ahead = (await reachable.book_slot("09:30", reachable.staff, date=TODAY, patient_id=reachable.other_id)).appointment
    await ask(reachable, "CheckIn", appointment_id=ahead.id)
    appointment_id = await waits_behind(reachable, 1)
    assert await jobs(reachable) == []
    await reachable.cancel(ahead, reachable.staff)
    assert await jobs(reachable) == [appointment_id]


async def test_nobody_is_told_without_the_rule_nor_at_the_desk_where_few_are_before(reachable: Scene) -> None:
    await waits_behind(reachable, 3)
    await call(reachable)
    assert await jobs(reachable) == []
    await set_rules(reachable, etag="0", tell_before=5)
    scene_other = await reachable.book_slot("11:00", reachable.staff, date=TODAY, patient_id=reachable.other_id)
    await ask(reachable, "CheckIn", appointment_id=scene_other.appointment.id)
    assert await jobs(reachable) == []


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("en", "Your turn comes soon", "Please come to the waiting room"),
        ("ja", "まもなく順番です", "待合室でお待ちください"),
    ],
)
async def test_the_notice_comes_by_mail_in_the_patient_s_language(
    reachable: Scene, relay: Relay, notifications: Any, language: str, subject: str, words: str
) -> None:
    await reachable.book.run("UPDATE patients SET language = %s", language)
    await set_rules(reachable, tell_before=1)
    await waits_behind(reachable, 2)
    reachable.book.clock.advance(timedelta(seconds=5))
    await call(reachable)
    async with notifications:
        [mail] = await relay.arrived(1)
    assert (mail["To"], mail["Subject"]) == (ADDRESS, subject)
    body = mail.get_body()
    assert body
    text = body.get_content()
    assert words in text
    assert "Clinic in Asia/Tokyo" in text
    assert not list(mail.iter_attachments())


async def test_after_the_call_nothing_is_sent_any_more(reachable: Scene, relay: Relay, notifications: Any) -> None:
    await set_rules(reachable, tell_before=1)
    await waits_behind(reachable, 2)
    for _ in range(3):
        await call(reachable)
    assert len(await jobs(reachable)) == 1
    async with notifications:

        async def is_dropped() -> bool:
            found = await reachable.book.rows("SELECT status, outcome FROM notifications WHERE kind = 'turn'")
            return found == [("dropped", "superseded")]

        await until(is_dropped)
    assert relay.mails == []
