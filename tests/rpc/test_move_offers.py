"""Patients whose doctor is away are offered a move: what is held, how they answer, what the time off tells of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import reachable as reachable  # noqa: PLC0414  # a fixture
from tests.fixtures.waiting import until
from tests.rpc.test_answers_by_link import shown, token_of
from tests.rpc.test_holds import confirm, hold
from tests.rpc.test_moved_series import move_from
from tests.rpc.test_series import series
from tests.rpc.test_time_off import at, delete, get, make, status_of
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import Appointment
from yoyaku.v1.schedule_pb2 import ALTERNATIVE_REASON_SAME_DOCTOR, ALTERNATIVE_REASON_SAME_SPECIALTY
from yoyaku.v1.time_off_pb2 import MoveOfferState, TimeOffAction, TimeOffOutcome

OFFER = TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE


def state(name: str) -> int:
    return MoveOfferState.Value(f"MOVE_OFFER_STATE_{name}")


async def offered(scene: Scene, start: str = "09:00", end: str = "11:00", day: str = "2026-03-03") -> str:
    """Time off that offers its patients a move; its id, once the offers are made."""
    made = (await make(scene, at(start), at(end, day), action=OFFER)).time_off
    await settled(scene, made.id)
    return str(made.id)


async def settled(scene: Scene, time_off_id: str) -> None:
    """Let the worker look after the offers, until none waits to be made."""

    async def none_waits() -> bool:
        await scene.worker.parts.move_offers.look()
        found = await get(scene, time_off_id)
        return all(each.offer_state != state("WAITING") for each in found.appointments)

    await until(none_waits)


async def answer(scene: Scene, token: str, start_time: Any = None) -> Any:
    stranger = scene.worker.stranger()
    request = pb.AnswerMoveByLinkRequest(link_token=token, start_time=start_time)
    return await stranger(stranger.appointments.AnswerMoveByLink, request)


async def held(scene: Scene) -> int:
    [(number,)] = await scene.book.rows("SELECT count(*) FROM appointments WHERE status = 'held'")
    return int(str(number))


async def times_of(scene: Scene, booked: Appointment) -> list[Any]:
    """The starts that are held for the patient."""
    return [each.start_time for each in (await shown(scene, token_of(scene, booked))).move_offer.options]


async def test_a_patient_accepts_a_time_that_is_held_and_the_time_off_tells_of_it(
    reachable: Scene, clock: Clock
) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    time_off = await offered(reachable)
    token = token_of(reachable, booked)
    offer = (await shown(reachable, token)).move_offer
    # 25 hours are left, and half of them is less than 24.
    expires = offer.expire_time.ToDatetime(tzinfo=clock.now.tzinfo)
    assert expires - clock.now == (booked.start_time.ToDatetime(tzinfo=clock.now.tzinfo) - clock.now) / 2
    assert [each.start_time for each in offer.options] == sorted(
        (each.start_time for each in offer.options), key=lambda each: each.seconds
    )
    assert {each.reason for each in offer.options} == {ALTERNATIVE_REASON_SAME_DOCTOR}
    assert (len(offer.options), await held(reachable)) == (2, 2)
    chosen = offer.options[0].start_time
    taken = await refusal(reachable.book_slot("", date="", start_time=chosen, patient_id=reachable.other_id))
    assert taken.reason == "SLOT_TAKEN"
    found = await get(reachable, time_off)
    assert (found.time_off.offered_count, found.appointments[0].offer_state) == (1, state("OPEN"))
    await answer(reachable, token, chosen)
    await settled(reachable, time_off)
    [moved] = [each for each in (await reachable.list()).appointments if each.id == booked.id]
    assert (moved.start_time, await held(reachable)) == (chosen, 0)
    found = await get(reachable, time_off)
    [told] = found.appointments
    assert (told.outcome, told.offer_state) == (TimeOffOutcome.TIME_OFF_OUTCOME_MOVED, state("ACCEPTED"))
    assert (found.time_off.offered_count, found.time_off.moved_count) == (0, 1)
    assert (await refusal(answer(reachable, token, chosen))).reason == "LINK_INVALID"


async def test_a_patient_keeps_the_appointment_or_cancels_it_although_it_is_late(
    reachable: Scene, clock: Clock
) -> None:
    await reachable.book.run("UPDATE clinics SET cancel_by_minutes = 4000")
    await reachable.book.run("UPDATE patients SET email = 'ken@example.org' WHERE id = %s", reachable.other_id)
    kept = (await reachable.book_slot("09:30")).appointment
    left = (await reachable.book_slot("10:00", patient_id=reachable.other_id)).appointment
    time_off = await offered(reachable)
    await answer(reachable, token_of(reachable, kept))
    assert not (await shown(reachable, token_of(reachable, kept))).HasField("move_offer")
    # Who says it again is told again that it is done; who changes their mind is too late.
    await answer(reachable, token_of(reachable, kept))
    late = answer(reachable, token_of(reachable, kept), kept.start_time)
    assert (await refusal(late)).reason == "OFFER_ENDED"
    stranger = reachable.worker.stranger()
    request = pb.CancelAppointmentByLinkRequest(link_token=token_of(reachable, left))
    await stranger(stranger.appointments.CancelAppointmentByLink, request)
    await settled(reachable, time_off)
    assert (await status_of(reachable, kept), await status_of(reachable, left)) == ("scheduled", "cancelled")
    assert [each.offer_state for each in (await get(reachable, time_off)).appointments] == [
        state("KEPT"), state("WITHDRAWN"),
    ]  # fmt: skip
    assert await held(reachable) == 0
    late_cancel = pb.CancelAppointmentByLinkRequest(link_token=token_of(reachable, kept))
    cancelling = stranger(stranger.appointments.CancelAppointmentByLink, late_cancel)
    assert (await refusal(cancelling)).reason == "TOO_LATE_TO_CHANGE"


async def test_who_does_not_answer_in_time_keeps_the_appointment_and_gives_the_times_back(
    reachable: Scene, clock: Clock
) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    time_off = await offered(reachable)
    token, [chosen, other] = token_of(reachable, booked), await times_of(reachable, booked)
    clock.advance(timedelta(hours=12, minutes=31))
    reachable.staff = await reachable.worker.client("staff", clinic_ids=[reachable.clinic_id])
    assert (await refusal(answer(reachable, token, chosen))).reason == "OFFER_ENDED"
    # Others can have it at once, before anybody has looked after the offer.
    await reachable.book_slot("", reachable.staff, date="", start_time=other, patient_id=reachable.other_id)
    await settled(reachable, time_off)
    found = await get(reachable, time_off)
    assert (found.time_off.unanswered_count, found.time_off.kept_count) == (1, 1)
    assert found.appointments[0].offer_state == state("LAPSED")
    assert (await held(reachable), await status_of(reachable, booked)) == (0, "scheduled")


async def test_other_doctors_of_the_clinic_help_and_without_any_nothing_is_sent(reachable: Scene) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    colleague = await reachable.book.doctor(reachable.clinic_id)
    time_off = await offered(reachable, day="2026-05-01")
    offer = (await shown(reachable, token_of(reachable, booked))).move_offer
    assert ALTERNATIVE_REASON_SAME_SPECIALTY in {each.reason for each in offer.options}
    rows = await reachable.book.rows("SELECT doctor_id FROM appointments WHERE status = 'held'")
    assert (colleague,) in rows
    other = next(each.start_time for each in offer.options if each.reason == ALTERNATIVE_REASON_SAME_SPECIALTY)
    await answer(reachable, token_of(reachable, booked), other)
    assert (await get(reachable, time_off)).time_off.moved_count == 1


async def test_without_any_free_time_the_desk_learns_of_it_and_the_patient_does_not(reachable: Scene) -> None:
    await reachable.set_hours([("10:00", "10:30")])
    booked = (await reachable.book_slot("10:00")).appointment
    await reachable.set_hours([], valid_from="2026-03-04")
    time_off = await offered(reachable)
    [told] = (await get(reachable, time_off)).appointments
    assert (told.offer_state, told.offer_sent) == (state("NONE_FREE"), False)
    assert not (await shown(reachable, token_of(reachable, booked))).HasField("move_offer")
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'kind' = 'move_offer'"
    assert await reachable.book.rows(jobs) == [(0,)]


async def test_what_is_held_is_in_nobodys_way_but_others(reachable: Scene) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    time_off = await offered(reachable)
    [chosen, _] = await times_of(reachable, booked)
    [(alternative,)] = await reachable.book.rows("SELECT id FROM appointments WHERE status = 'held' LIMIT 1")
    assert (await refusal(confirm(reachable, str(alternative)))).reason == "STATUS_FORBIDS"
    elsewhere = pb.RescheduleAppointmentRequest(appointment_id=str(alternative), date="2026-03-05", time_slot="09:00")
    moving = reachable.patient(reachable.patient.appointments.RescheduleAppointment, elsewhere)
    assert (await refusal(moving)).reason == "STATUS_FORBIDS"
    # The patient books something else by holds of their own, and the desk moves the appointment by hand.
    mine = await hold(reachable, "11:30", date="2026-03-05")
    assert mine.hold_expire_time
    move = pb.RescheduleAppointmentRequest(appointment_id=booked.id, start_time=chosen)
    moved = await reachable.staff(reachable.staff.appointments.RescheduleAppointment, move)
    assert moved.appointment.start_time == chosen
    await settled(reachable, time_off)
    [told] = (await get(reachable, time_off)).appointments
    assert (told.outcome, told.offer_state) == (TimeOffOutcome.TIME_OFF_OUTCOME_MOVED, state("WITHDRAWN"))
    assert await held(reachable) == 1


def moment(time: Any) -> datetime:
    """On the clinic's wall clock."""
    return time.ToDatetime(tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo"))  # type: ignore[no-any-return]


async def test_the_rest_of_a_series_moves_to_times_that_are_held_for_it(reachable: Scene) -> None:
    first, *_ = [each.appointment for each in (await series(reachable, 2)).occurrences]
    time_off = await offered(reachable)
    [chosen, _] = await times_of(reachable, first)
    start = moment(chosen)
    answer = await move_from(reachable, first, f"{start:%Y-%m-%d}", f"{start:%H:%M}", client=reachable.staff)
    assert [each.appointment.start_time for each in answer.moves][:1] == [chosen]
    await settled(reachable, time_off)
    [told] = (await get(reachable, time_off)).appointments
    assert (told.outcome, told.offer_state) == (TimeOffOutcome.TIME_OFF_OUTCOME_MOVED, state("WITHDRAWN"))
    assert await held(reachable) == 0


async def test_time_off_that_is_deleted_offers_nothing_any_more(reachable: Scene) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    time_off = await offered(reachable)
    token, [chosen, _] = token_of(reachable, booked), await times_of(reachable, booked)
    await delete(reachable, time_off)
    assert (await refusal(answer(reachable, token, chosen))).reason == "OFFER_ENDED"
    await settled(reachable, time_off)
    assert await held(reachable) == 0


async def test_the_room_of_an_accepted_time_is_the_one_that_was_held(reachable: Scene) -> None:
    await reachable.book.resource(reachable.clinic_id, "room")
    scan = await reachable.book.appointment_type(reachable.clinic_id, minutes=30, resource_kinds=["room"])
    booked = (await reachable.book_slot("10:00", appointment_type_id=scan)).appointment
    await offered(reachable)
    [chosen, _] = await times_of(reachable, booked)
    await answer(reachable, token_of(reachable, booked), chosen)
    [moved] = [each for each in (await reachable.list()).appointments if each.id == booked.id]
    assert (moved.start_time, list(moved.resources)) == (chosen, list(booked.resources))


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "Please choose another time"), ("ja", "ご予約日時の変更のお願い")]
)
async def test_the_offer_comes_by_mail_with_its_times(
    reachable: Scene, relay: Relay, notifications: Any, language: str, subject: str
) -> None:
    await reachable.book.run("UPDATE patients SET language = %s", language)
    booked = (await reachable.book_slot("10:00")).appointment
    await reachable.book.run("DELETE FROM procrastinate_jobs")
    time_off = await offered(reachable)
    async with notifications:
        [mail] = await relay.arrived(1)
    assert subject in mail["subject"]
    body = mail.get_body()
    assert body
    assert "11:00" in body.get_content()
    assert booked.doctor.name not in str(mail)

    async def reached() -> bool:
        return bool((await get(reachable, time_off)).appointments[0].offer_sent)

    assert await until(reached)
