"""Series against bookings, over real gRPC and two worker processes."""

from itertools import cycle
from typing import Any

from tests.fixtures.book import Book
from tests.fixtures.worker import Client
from tests.fixtures.workers import Fleet
from tests.races.calls import DAY, at_once, booking, create, staff_of
from yoyaku.v1 import appointment_service_pb2 as pb


async def test_series_and_bookings_in_their_middle_give_each_slot_once(fleet: Fleet, book: Book) -> None:
    clinic = await book.clinic()
    doctor = await book.doctor(clinic)
    staff = cycle(await staff_of(fleet, clinic))

    async def series(client: Client, patient: str) -> Any:
        request = pb.CreateAppointmentSeriesRequest(
            patient_id=patient, doctor_id=doctor, date=DAY, time_slot="10:00", skip_refused=True,
            recurrence=pb.Recurrence(frequency=pb.FREQUENCY_WEEKLY, count=8),
        )  # fmt: skip
        return await client(client.appointments.CreateAppointmentSeries, request)

    first = await series(next(staff), await book.patient())
    dates = [each.date for each in first.occurrences]
    cancel = pb.CancelAppointmentSeriesRequest(appointment_id=first.series_id)
    client = next(staff)
    assert len((await client(client.appointments.CancelAppointmentSeries, cancel)).appointments) == 8

    rivals = []
    for date in dates[2:5]:
        request = booking(await book.patient(), doctor, "10:00")
        request.date = date
        rivals.append(create(next(staff), request))
    racers = [series(next(staff), await book.patient()) for _ in range(3)]
    answers, refusals = await at_once([*racers, *rivals])
    assert {each.reason for each in refusals} <= {"SLOT_TAKEN"}
    many = [each for each in answers if isinstance(each, pb.CreateAppointmentSeriesResponse)]
    told = [each.date for answer in many for each in answer.occurrences if each.HasField("appointment")]
    told += [each.appointment.date for each in answers if isinstance(each, pb.CreateAppointmentResponse)]
    assert sorted(told) == dates
    stored = await book.rows("SELECT date::text FROM appointments WHERE status = 'scheduled' ORDER BY date")
    assert [day for (day,) in stored] == dates
