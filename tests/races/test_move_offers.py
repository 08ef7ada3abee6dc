"""Answers to offers against their end, and against others who want the same time: one of them wins."""

from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

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
from yoyaku.v1.time_off_pb2 import TimeOffAction

TIMES = ("09:00", "09:30", "10:00", "10:30", "11:00")


async def test_an_answer_races_the_end_of_its_offer_and_another_booker_and_one_has_the_time(
    fleet: Fleet, book: Book
) -> None:
    clinic = await book.clinic("Etc/UTC", max_per_patient_day=100)
    doctor = await book.doctor(clinic)
    workers = await staff_of(fleet, clinic)
    visits = [
        (await create(workers[0], booking(await book.patient(email=f"{time[:2]}{time[3:]}@example.org"), doctor, time)))
        for time in TIMES
    ]
    start = datetime.fromisoformat(f"{DAY}T00:00").replace(tzinfo=UTC)
    off = schedules.CreateTimeOffRequest(
        doctor_id=doctor,
        start_time=to_timestamp(start),
        end_time=to_timestamp(start + timedelta(days=1)),
        action=TimeOffAction.TIME_OFF_ACTION_OFFER_MOVE,
    )
    made = (await workers[0](workers[0].schedules.CreateTimeOff, off)).time_off

    async def all_open() -> bool:
        return await book.rows("SELECT DISTINCT status FROM move_offers") == [("open",)]

    await until(all_open, seconds=60)
    links = appointment_links(key_encryption_key(fleet.settings.key_encryption_key.get_secret_value()))
    staff = cycle(workers)
    for number, visit in enumerate(each.appointment for each in visits):
        token = links.token(
            visit.id, visit.start_time.ToDatetime(tzinfo=UTC), f"{TIMES[number].replace(':', '')}@example.org"
        )
        # Some offers end while the answers are under way.
        [(held_id, doctor_id, start_at)] = await book.rows(_FIRST_HELD, visit.id)
        await book.run(_END_SOON, number * 40, visit.id)
        wanted = pb.CreateAppointmentRequest(
            patient_id=await book.patient(),
            doctor_id=str(doctor_id),
            start_time=to_timestamp(start_at),  # type: ignore[arg-type]
        )
        request = pb.AnswerMoveByLinkRequest(link_token=token, start_time=to_timestamp(start_at))  # type: ignore[arg-type]
        nobody = [Client(channel, "") for channel in fleet.channels]
        answers: list[Any] = [each(each.appointments.AnswerMoveByLink, request) for each in nobody]
        done, refusals = await at_once([*answers, create(next(staff), wanted)])
        assert len(done) == 1 or (not done and {each.reason for each in refusals} <= {"OFFER_ENDED", "SLOT_TAKEN"})
        assert {each.reason for each in refusals} <= {"OFFER_ENDED", "SLOT_TAKEN", "LINK_INVALID"}
        [(there,)] = await book.rows(_THERE, doctor_id, start_at)
        assert there == len(done)
        assert await book.rows("SELECT status FROM appointments WHERE id = %s", held_id) != [("scheduled",)]

    async def settled() -> bool:
        rows = await book.rows("SELECT DISTINCT status FROM move_offers")
        left = await book.rows("SELECT FROM appointments WHERE status = 'held'")
        return not left and {str(status) for (status,) in rows} <= {"accepted", "lapsed"}

    await until(settled, seconds=60)
    found = await workers[0](workers[0].schedules.GetTimeOff, schedules.GetTimeOffRequest(time_off_id=made.id))
    accepted = await book.rows("SELECT count(*) FROM move_offers WHERE status = 'accepted'")
    assert [(found.time_off.moved_count,)] == accepted
    assert found.time_off.moved_count + found.time_off.unanswered_count == len(TIMES)


_FIRST_HELD = """
SELECT h.id, h.doctor_id, h.start_at FROM appointments h JOIN move_offers o ON h.held_by = 'offer:' || o.id
WHERE o.appointment_id = %s AND h.status = 'held' ORDER BY h.start_at LIMIT 1
"""
_END_SOON = """
WITH soon AS (SELECT now() + %s * interval '1 millisecond' AS at, id FROM move_offers WHERE appointment_id = %s),
    ending AS (UPDATE move_offers o SET expires_at = soon.at FROM soon WHERE o.id = soon.id)
UPDATE appointments SET held_until = soon.at FROM soon WHERE held_by = 'offer:' || soon.id AND status = 'held'
"""
_THERE = "SELECT count(*) FROM appointments WHERE doctor_id = %s AND start_at = %s AND status = 'scheduled'"
