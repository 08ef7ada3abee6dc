"""Answers to offers against their end, and against others who want the same time: one of them wins."""

from datetime import UTC, datetime, timedelta

from server.rpc.messages.convert import to_timestamp
from server.usecases.identity.signing_keys import key_encryption_key
from server.usecases.links import appointment_links
from tests.fixtures.book import Book
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client
from tests.fixtures.workers import Fleet
from tests.races.calls import DAY, at_once, booking, create, staff_of
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.appointment_pb2 import Appointment
from yoyaku.v1.time_off_pb2 import TimeOffAction

TIMES = ("09:00", "09:30", "10:00", "10:30", "11:00")
_START = datetime.fromisoformat(f"{DAY}T00:00").replace(tzinfo=UTC)


async def test_an_answer_races_the_end_of_its_offer_and_another_booker_and_one_has_the_time(
    fleet: Fleet, book: Book
) -> None:
    clinic = await book.clinic("Etc/UTC", max_per_patient_day=100)
    doctor, workers = await book.doctor(clinic), await staff_of(fleet, clinic)
    visits = {}
    for number, time in enumerate(TIMES):
        patient = await book.patient(email=f"{number}@example.org")
        visits[number] = (await create(workers[0], booking(patient, doctor, time))).appointment
    made = await _offered(workers[0], book, doctor)
    for number, visit in visits.items():
        [(doctor_id, start_at)] = await book.rows(_FIRST_HELD, visit.id)
        # Some offers end while the answers are under way.
        await book.run(_END_SOON, number * 40, visit.id)
        wanted = {"doctor_id": str(doctor_id), "start_time": to_timestamp(start_at)}  # type: ignore[arg-type]
        newcomer = pb.CreateAppointmentRequest(patient_id=await book.patient(), **wanted)  # type: ignore[arg-type]
        answer = pb.AnswerMoveByLinkRequest(
            link_token=_token(fleet, visit, f"{number}@example.org"),
            start_time=wanted["start_time"],  # type: ignore[arg-type]
        )
        nobody = [Client(channel, "") for channel in fleet.channels]
        answers = [each(each.appointments.AnswerMoveByLink, answer) for each in nobody]
        done, refusals = await at_once([*answers, create(workers[number % 2], newcomer)])
        # The same answer twice may be told twice that it is done.
        assert len({type(each) for each in done}) <= 1
        assert {each.reason for each in refusals} <= {"OFFER_ENDED", "SLOT_TAKEN", "LINK_INVALID"}
        assert await book.rows(_THERE, doctor_id, start_at) == [(1 if done else 0,)]

    async def settled() -> bool:
        rows = await book.rows("SELECT DISTINCT status FROM move_offers")
        left = await book.rows("SELECT FROM appointments WHERE status = 'held'")
        return not left and {str(status) for (status,) in rows} <= {"accepted", "lapsed"}

    await until(settled, seconds=60)
    found = await workers[0](workers[0].schedules.GetTimeOff, schedules.GetTimeOffRequest(time_off_id=made))
    accepted = await book.rows("SELECT count(*) FROM move_offers WHERE status = 'accepted'")
    assert [(found.time_off.moved_count,)] == accepted
    assert found.time_off.moved_count + found.time_off.unanswered_count == len(TIMES)


async def test_a_withdrawal_races_an_acceptance_of_the_same_offer_and_one_of_them_wins(
    fleet: Fleet, book: Book
) -> None:
    clinic = await book.clinic("Etc/UTC", max_per_patient_day=100)
    doctor, workers = await book.doctor(clinic), await staff_of(fleet, clinic)
    visits = [(await create(workers[0], booking(await book.patient(), doctor, time))).appointment for time in TIMES]
    await _offered(workers[0], book, doctor)
    for number, visit in enumerate(visits):
        [(doctor_id, start_at)] = await book.rows(_FIRST_HELD, visit.id)
        accept = schedules.AcceptMoveOfferRequest(
            appointment_id=visit.id,
            doctor_id=str(doctor_id),
            start_time=to_timestamp(start_at),  # type: ignore[arg-type]
        )
        withdraw = schedules.WithdrawMoveOfferRequest(appointment_id=visit.id)
        first, second = workers[number % 2], workers[1 - number % 2]
        [done], [refused] = await at_once(
            [
                first(first.schedules.AcceptMoveOffer, accept),
                second(second.schedules.WithdrawMoveOffer, withdraw),
            ]
        )
        assert refused.reason == "OFFER_ENDED"
        accepted = isinstance(done, schedules.AcceptMoveOfferResponse)
        assert await book.rows(_THERE, doctor_id, start_at) == [(1 if accepted else 0,)]
        expected = ("accepted", accepted, int(done.appointment.etag)) if accepted else ("withdrawn", False, None)
        [(status, moved, version)] = await book.rows(_OUTCOME, start_at, visit.id)
        assert (status, moved, version if accepted else None) == expected

    async def given_back() -> bool:
        return not await book.rows("SELECT FROM appointments WHERE status = 'held'")

    await until(given_back, seconds=60)


async def _offered(staff: Client, book: Book, doctor_id: str) -> str:
    """A day off that offers all its patients a move; its id, once all may answer."""
    off = schedules.CreateTimeOffRequest(
        doctor_id=doctor_id,
        start_time=to_timestamp(_START),
        end_time=to_timestamp(_START + timedelta(days=1)),
        action=TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE,
    )
    made = (await staff(staff.schedules.CreateTimeOff, off)).time_off

    async def all_open() -> bool:
        return await book.rows("SELECT DISTINCT status FROM move_offers") == [("open",)]

    await until(all_open, seconds=60)
    return str(made.id)


def _token(fleet: Fleet, visit: Appointment, recipient: str) -> str:
    """The token of the link in the offer."""
    key = key_encryption_key(fleet.settings.key_encryption_key.get_secret_value())
    return appointment_links(key).token(visit.id, visit.start_time.ToDatetime(tzinfo=UTC), recipient)


_FIRST_HELD = """
SELECT h.doctor_id, h.start_at FROM appointments h JOIN move_offers o ON h.held_by = 'offer:' || o.id
WHERE o.appointment_id = %s AND h.status = 'held' ORDER BY h.start_at LIMIT 1
"""
_END_SOON = """
WITH soon AS (SELECT now() + %s * interval '1 millisecond' AS at, id FROM move_offers WHERE appointment_id = %s),
    ending AS (UPDATE move_offers o SET expires_at = soon.at FROM soon WHERE o.id = soon.id)
UPDATE appointments SET held_until = soon.at FROM soon WHERE held_by = 'offer:' || soon.id AND status = 'held'
"""
_OUTCOME = """
SELECT o.status, a.start_at = %s, a.version FROM move_offers o JOIN appointments a ON a.id = o.appointment_id
WHERE a.id = %s
"""
_THERE = "SELECT count(*) FROM appointments WHERE doctor_id = %s AND start_at = %s AND status = 'scheduled'"
