"""Staff send an offer to move again, withdraw it, and accept one of its times for a patient on the phone."""

import uuid
from datetime import UTC, timedelta
from typing import Any

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import reachable as reachable  # noqa: PLC0414  # a fixture
from tests.rpc.test_answers_by_link import token_of
from tests.rpc.test_move_offers import answer, held, offered, settled, state, times_of
from tests.rpc.test_time_off import at, get, make, status_of
from yoyaku.v1 import appointment_service_pb2 as appointments
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import Appointment, AppointmentEvent
from yoyaku.v1.time_off_pb2 import TimeOffAction, TimeOffOutcome


async def resend(scene: Scene, booked: Appointment, request_id: str = "") -> Any:
    request = pb.ResendMoveOfferRequest(appointment_id=booked.id, request_id=request_id)
    return await scene.staff(scene.staff.schedules.ResendMoveOffer, request)


async def withdraw(scene: Scene, booked: Appointment) -> Any:
    request = pb.WithdrawMoveOfferRequest(appointment_id=booked.id)
    return await scene.staff(scene.staff.schedules.WithdrawMoveOffer, request)


async def accept(scene: Scene, booked: Appointment, start_time: Any, request_id: str = "") -> Any:
    request = pb.AcceptMoveOfferRequest(
        appointment_id=booked.id, doctor_id=scene.doctor_id, start_time=start_time, request_id=request_id
    )
    return await scene.staff(scene.staff.schedules.AcceptMoveOffer, request)


async def history(scene: Scene, booked: Appointment) -> list[tuple[str, bool]]:
    """(what happened, whether staff did it), the newest last."""
    request = appointments.ListAppointmentEventsRequest(appointment_id=booked.id)
    found = await scene.staff(scene.staff.appointments.ListAppointmentEvents, request)
    [(staff,)] = await scene.book.rows("SELECT id FROM accounts WHERE roles = '{staff}'")
    names = [AppointmentEvent.Name(each.event).removeprefix("APPOINTMENT_EVENT_") for each in found.events]
    return [(name, each.actor == staff) for name, each in zip(names, found.events, strict=True)]


async def test_an_offer_is_mailed_again_a_minute_after_the_last_message_and_once_for_each_request(
    reachable: Scene, clock: Clock, relay: Relay, notifications: Any
) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    await reachable.book.run("DELETE FROM procrastinate_jobs")
    await offered(reachable)
    times = await times_of(reachable, booked)
    async with notifications:
        await relay.arrived(1)
        assert (await refusal(resend(reachable, booked))).reason == "TOO_MANY_ATTEMPTS"
        clock.advance(timedelta(minutes=1))
        request_id = str(uuid.uuid4())
        again = await resend(reachable, booked, request_id)
        assert await resend(reachable, booked, request_id) == again
        assert int(again.appointment.etag) == int((await reachable.list()).appointments[0].etag)
        first, second = await relay.arrived(2)
    assert first["subject"] == second["subject"]
    assert first["message-id"] != second["message-id"]
    assert await times_of(reachable, booked) == times
    assert (await history(reachable, booked))[-2:] == [("MOVE_OFFERED", False), ("MOVE_OFFERED", True)]


async def test_an_accepted_offer_answers_its_request_again_although_another_offer_is_made_meanwhile(
    reachable: Scene, clock: Clock
) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    await offered(reachable)
    [chosen, _], request_id = await times_of(reachable, booked), str(uuid.uuid4())
    moved = await accept(reachable, booked, chosen, request_id)
    clock.advance(timedelta(minutes=1))  # what is newest is told by the time
    start = chosen.ToDatetime(tzinfo=UTC)
    action = TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE
    made = await make(reachable, start, start + timedelta(minutes=30), action=action)
    assert made.time_off.offered_count == 1
    assert await accept(reachable, booked, chosen, request_id) == moved


async def test_an_offer_whose_times_are_still_being_looked_for_is_not_sent_yet(reachable: Scene) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    await make(reachable, at("09:00"), at("11:00"), action=TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE)
    assert (await refusal(resend(reachable, booked))).reason == "STATUS_FORBIDS"


async def test_a_withdrawn_offer_gives_its_times_back_and_leaves_the_appointment(reachable: Scene) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    time_off = await offered(reachable)
    token, [chosen, _] = token_of(reachable, booked), await times_of(reachable, booked)
    assert (await withdraw(reachable, booked)).appointment.start_time == booked.start_time
    for late in (answer(reachable, token, chosen), accept(reachable, booked, chosen), withdraw(reachable, booked)):
        assert (await refusal(late)).reason == "OFFER_ENDED"
    assert (await refusal(resend(reachable, booked))).reason == "OFFER_ENDED"
    await settled(reachable, time_off)
    assert (await held(reachable), await status_of(reachable, booked)) == (0, "scheduled")
    assert (await get(reachable, time_off)).appointments[0].offer_state == state("WITHDRAWN")
    assert (await history(reachable, booked))[-1] == ("MOVE_DECLINED", True)


async def test_an_offer_that_is_withdrawn_before_it_is_made_is_never_sent(reachable: Scene) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    made = await make(reachable, at("09:00"), at("11:00"), action=TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE)
    await withdraw(reachable, booked)
    await settled(reachable, made.time_off.id)
    assert await held(reachable) == 0
    assert "MOVE_OFFERED" not in {event for event, _ in await history(reachable, booked)}


async def test_staff_accept_a_time_that_is_held_for_the_patient_and_no_other(reachable: Scene) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    time_off = await offered(reachable)
    [chosen, other] = await times_of(reachable, booked)
    elsewhere = type(chosen)(seconds=chosen.seconds + 7 * 86_400)
    assert (await refusal(accept(reachable, booked, elsewhere))).reason == "OFFER_ENDED"
    request_id = str(uuid.uuid4())
    moved = await accept(reachable, booked, chosen, request_id)
    assert moved.appointment.start_time == chosen
    assert await accept(reachable, booked, chosen, request_id) == moved
    assert (await refusal(accept(reachable, booked, other))).reason == "OFFER_ENDED"
    await settled(reachable, time_off)
    [told] = (await get(reachable, time_off)).appointments
    assert (told.outcome, told.offer_state) == (TimeOffOutcome.TIME_OFF_OUTCOME_MOVED, state("ACCEPTED"))
    assert await held(reachable) == 0
