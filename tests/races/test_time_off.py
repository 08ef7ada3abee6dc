"""Time off and holidays against bookings of the same moment: each booking is among their appointments, or refused."""

from datetime import UTC, datetime, timedelta
from itertools import cycle

import grpc
import pytest

from server.rpc.messages.convert import to_timestamp
from tests.fixtures.book import Book
from tests.fixtures.workers import Fleet
from tests.races.calls import DAY, at_once, booking, create, staff_of
from yoyaku.v1 import directory_service_pb2 as directory
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.clinic_pb2 import Clinic
from yoyaku.v1.time_off_pb2 import TimeOffAction

TIMES = [f"{hour:02}:{minute}" for hour in range(9, 12) for minute in ("00", "30")]


@pytest.mark.parametrize("what", ["time off", "holiday"])
async def test_a_booking_that_races_time_off_or_a_holiday_is_counted_or_refused(
    fleet: Fleet, book: Book, what: str
) -> None:
    clinic = await book.clinic("Etc/UTC", max_per_patient_day=100)
    doctor, patients = await book.doctor(clinic), [await book.patient() for _ in TIMES]
    workers, [admin, _] = await staff_of(fleet, clinic), await fleet.clients("admin")
    start = datetime.fromisoformat(f"{DAY}T00:00").replace(tzinfo=UTC)
    if what == "time off":
        off = schedules.CreateTimeOffRequest(
            doctor_id=doctor,
            start_time=to_timestamp(start),
            end_time=to_timestamp(start + timedelta(days=1)),
            action=TimeOffAction.TIME_OFF_ACTION_CANCEL,
        )
        closing = workers[0](workers[0].schedules.CreateTimeOff, off)
    else:
        change = directory.UpdateClinicRequest(clinic_id=clinic, clinic=Clinic(holidays=[DAY]))
        closing = admin(admin.directory.UpdateClinic, change)
    staff = cycle(workers)
    bookings = [create(next(staff), booking(*each)) for each in zip(patients, cycle([doctor]), TIMES, strict=False)]
    answers, refusals = await at_once([*bookings[:3], closing, *bookings[3:]])
    assert {(each.code, each.reason) for each in refusals} <= {
        (grpc.StatusCode.FAILED_PRECONDITION, "SLOT_NOT_OFFERED")
    }
    [closed] = [each for each in answers if not hasattr(each, "appointment")]
    made = {each.appointment.id for each in answers if each is not closed}
    assert len(made) + len(refusals) == len(TIMES)
    named = closed.appointments if what == "time off" else closed.uncovered
    assert {each.appointment_id for each in named} == made
    left = await book.rows("SELECT id FROM appointments WHERE status = 'scheduled'")
    assert len(left) == (0 if what == "time off" else len(made))
    assert (await at_once([create(workers[1], booking(patients[0], doctor, "09:00"))]))[1]
