"""Who moves an appointment while something else raises its version gets the etag that the appointment then has."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from tests.fixtures.clinic import Scene
from tests.fixtures.notices import reachable as reachable  # noqa: PLC0414  # a fixture
from tests.fixtures.waiting import until
from tests.rpc.test_answers_by_link import confirm, token_of
from tests.rpc.test_move_offers import offered
from tests.rpc.test_offers_by_staff import resend
from yoyaku.v1.appointment_pb2 import Appointment

_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def _resend(scene: Scene, booked: Appointment) -> None:
    await scene.book.run("UPDATE move_offers SET updated_at = updated_at - interval '1 hour'")
    await resend(scene, booked)


async def _make_open(scene: Scene, _: Appointment) -> None:
    """Another worker makes the offer again: what it holds is held already."""
    await scene.book.run("UPDATE move_offers SET status = 'waiting', expires_at = NULL, taken_until = NULL")
    await scene.worker.parts.move_offers.look()


async def _confirm(scene: Scene, booked: Appointment) -> None:
    await confirm(scene, token_of(scene, booked))


@pytest.mark.parametrize("is_new", [False, True], ids=["a day with changes", "a day without"])
@pytest.mark.parametrize("raises", [_resend, _make_open, _confirm])
async def test_a_move_at_the_moment_at_which_a_version_is_raised_answers_with_the_etag_that_follows(
    reachable: Scene, raises: Callable[[Scene, Appointment], Coroutine[Any, Any, None]], *, is_new: bool
) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    await offered(reachable)
    if is_new:  # as where the clinic has got another time zone, and the appointment another date
        await reachable.book.run("DELETE FROM schedule_days")

    def waiting(number: int) -> Callable[[], Awaitable[bool]]:
        async def are() -> bool:
            return await reachable.book.rows(_WAITING) == [(number,)]

        return are

    # History comes last: whoever waits for it has raised the version already.
    async with reachable.book.locked("appointment_events"):
        raising = asyncio.create_task(raises(reachable, booked))
        await until(waiting(1))
        moving: asyncio.Task[Any] = asyncio.create_task(
            reachable.move(booked, "11:30", client=reachable.staff, date="2026-03-12")
        )
        await until(waiting(2))
    # The link of a confirmation ends with the move, perhaps before it has shown what it confirmed.
    await asyncio.wait([moving, raising])
    moved = moving.result()
    [stored] = await reachable.book.rows("SELECT version FROM appointments WHERE id = %s", booked.id)
    assert int(moved.appointment.etag) == stored[0]
