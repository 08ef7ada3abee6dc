"""A patient is told of a whole series in one mail, with one calendar file."""

from datetime import timedelta
from typing import Any

from icalendar import Calendar

from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import entry
from tests.fixtures.waiting import eventually
from yoyaku.v1 import appointment_service_pb2 as pb


def entries(mail: Any) -> tuple[str, list[tuple[str, int, str]]]:
    """The method of the mail's calendar file, and the (UID, SEQUENCE, STATUS) of each entry."""
    [attachment] = mail.iter_attachments()
    calendar = Calendar.from_ical(attachment.get_content())
    found = [(str(each["UID"]), int(str(each["SEQUENCE"])), str(each["STATUS"])) for each in calendar.walk("VEVENT")]
    return str(calendar["METHOD"]), found


async def test_one_mail_tells_of_a_series_and_one_of_its_end(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    scene = reachable
    async with notifications:
        request = pb.CreateAppointmentSeriesRequest(
            patient_id=scene.patient_id,
            doctor_id=scene.doctor_id,
            date=TUESDAY,
            time_slot="09:30",
            recurrence=pb.Recurrence(frequency=pb.FREQUENCY_WEEKLY, count=4),
        )
        answer = await scene.patient(scene.patient.appointments.CreateAppointmentSeries, request)
        ids = [each.appointment.id for each in answer.occurrences]
        [booked] = await relay.arrived(1)
        alone = pb.CancelAppointmentRequest(appointment_id=ids[1])
        await scene.patient(scene.patient.appointments.CancelAppointment, alone)
        [_, cancelled] = await relay.arrived(2)
        scene.book.clock.advance(timedelta(seconds=1))
        rest = pb.CancelAppointmentSeriesRequest(appointment_id=ids[2])
        await scene.patient(scene.patient.appointments.CancelAppointmentSeries, rest)
        [*_, ended] = await relay.arrived(3)

        async def only_the_first_is_reminded_of() -> bool:
            planned = "SELECT appointment_id FROM notifications WHERE kind = 'reminder' AND status = 'planned'"
            return [str(each) for (each,) in await scene.book.rows(planned)] == ids[:1]

        await eventually(only_the_first_is_reminded_of)
    assert booked["Subject"] == "Your 4 appointments are booked, from Tue 3 Mar 2026, 09:30"
    body = booked.get_body()
    assert body
    dates = [f"Tue {day} Mar 2026, 09:30" for day in (3, 10, 17, 24)]
    assert [line for line in body.get_content().splitlines() if line.startswith("Tue")] == dates
    assert entries(booked) == ("PUBLISH", [(each, 1, "CONFIRMED") for each in ids])
    assert cancelled["Subject"] == "Your appointment is cancelled: Tue 10 Mar 2026, 09:30"
    method, event = entry(cancelled)
    assert (method, str(event["UID"])) == ("CANCEL", ids[1])
    assert ended["Subject"] == "Your 2 appointments are cancelled, from Tue 17 Mar 2026, 09:30"
    assert entries(ended) == ("PUBLISH", [(each, 2, "CANCELLED") for each in ids[2:]])
