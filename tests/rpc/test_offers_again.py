"""Offers to move that lose the times held for them, and offers of the same appointment one after the other."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import reachable as reachable  # noqa: PLC0414  # a fixture
from tests.fixtures.waiting import until
from tests.rpc.test_answers_by_link import token_of
from tests.rpc.test_move_offers import answer, held, moment, offered, settled, state, times_of
from tests.rpc.test_time_off import at, get, make
from yoyaku.v1.appointment_pb2 import Appointment
from yoyaku.v1.time_off_pb2 import TimeOffAction


async def test_a_time_of_the_offer_in_which_the_doctor_is_away_too_is_lost_and_the_other_stays(
    reachable: Scene,
) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    time_off = await offered(reachable)
    token, [gone, left] = token_of(reachable, booked), await times_of(reachable, booked)
    away = (await make(reachable, moment(gone), moment(gone) + timedelta(minutes=30))).time_off
    refused = await refusal(answer(reachable, token, gone))
    assert refused.reason == "OFFER_ENDED"
    assert "which times are left" in refused.message
    await settled(reachable, time_off)
    assert await times_of(reachable, booked) == [left]
    assert await told_of(reachable, booked) == 1
    # Nobody has chosen that time, so the desk is not told of it.
    assert not (await get(reachable, away.id)).appointments
    await answer(reachable, token, left)
    assert (await get(reachable, time_off)).time_off.moved_count == 1


@pytest.mark.parametrize("cause", ["time off", "hours", "holiday"])
async def test_an_offer_that_loses_all_its_times_finds_others_and_tells_of_them(reachable: Scene, cause: str) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    time_off = await offered(reachable)
    first = await times_of(reachable, booked)
    assert {f"{moment(each):%Y-%m-%d}" for each in first} == {"2026-03-03"}
    if cause == "time off":
        await make(reachable, at("11:00"), at("12:00"), action=TimeOffAction.TIME_OFF_ACTION_CANCEL)
    elif cause == "hours":
        await reachable.set_hours([("09:00", "11:00")])
    else:
        await reachable.book.run("UPDATE clinics SET holidays = '{2026-03-03}'")
        await reachable.book.run("UPDATE schedule_days SET revision = revision + 1")
    await settled(reachable, time_off)
    second = await times_of(reachable, booked)
    assert (len(second), await held(reachable)) == (2, 2)
    assert "2026-03-03" not in {f"{moment(each):%Y-%m-%d}" for each in second}
    assert await told_of(reachable, booked) == 2
    # Nothing has changed since.
    await settled(reachable, time_off)
    assert await times_of(reachable, booked) == second
    await answer(reachable, token_of(reachable, booked), second[0])
    assert (await get(reachable, time_off)).appointments[0].offer_state == state("ACCEPTED")


async def told_of(scene: Scene, booked: Appointment) -> int:
    """How many messages of an offer were queued."""
    statement = (
        "SELECT count(*) FROM procrastinate_jobs"
        " WHERE args ->> 'kind' = 'move_offer' AND args ->> 'appointment_id' = %s"
    )
    [(number,)] = await scene.book.rows(statement, booked.id)
    return int(str(number))


async def test_of_two_offers_that_were_made_while_no_mail_went_out_only_the_newer_one_is_mailed(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    await reachable.book_slot("10:00")
    await reachable.book.run("DELETE FROM procrastinate_jobs")
    first = await offered(reachable)
    second = await offered(reachable)
    async with notifications:
        await relay.arrived(1)

        async def sent() -> list[bool]:
            return [(await get(reachable, each)).appointments[0].offer_sent for each in (first, second)]

        assert await until(lambda: _equal(sent, [False, True]))

        async def ends() -> list[tuple[object, ...]]:
            return await reachable.book.rows(
                "SELECT status FROM notifications WHERE kind = 'move_offer' ORDER BY version"
            )

        assert await until(lambda: _equal(ends, [("dropped",), ("sent",)]))
    assert len(await relay.arrived(1)) == 1


async def _equal(found: Callable[[], Awaitable[Any]], expected: Any) -> bool:
    return bool(await found() == expected)
