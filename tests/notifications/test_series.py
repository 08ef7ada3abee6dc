"""A patient is told of a whole series in one mail, with one calendar file."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from server.domain.ids import uuid7_maker
from server.domain.notices import NoticeKind
from server.notifications.planning import NoticePlanner
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.mail import Relay
from tests.fixtures.notices import ADDRESS, entry
from tests.fixtures.waiting import until
from yoyaku.v1 import appointment_service_pb2 as pb


def entries(mail: Any) -> tuple[str, list[tuple[str, int, str]]]:
    """The method of the mail's calendar file, and the (UID, SEQUENCE, STATUS) of each entry."""
    [attachment] = mail.iter_attachments()
    calendar = Calendar.from_ical(attachment.get_content())
    found = [(str(each["UID"]), int(str(each["SEQUENCE"])), str(each["STATUS"])) for each in calendar.walk("VEVENT")]
    return str(calendar["METHOD"]), found


def text_of(mail: Any) -> str:
    return str(mail.get_body().get_content())


def series_request(scene: Scene) -> pb.CreateAppointmentSeriesRequest:
    """Four weekly appointments."""
    return pb.CreateAppointmentSeriesRequest(
        patient_id=scene.patient_id,
        doctor_id=scene.doctor_id,
        date=TUESDAY,
        time_slot="09:30",
        recurrence=pb.Recurrence(frequency=pb.FREQUENCY_WEEKLY, count=4),
    )


async def booked_and_told(scene: Scene, relay: Relay) -> list[Any]:
    """Four weekly appointments, of which the patient has got the mail."""
    request = series_request(scene)
    answer = await scene.patient(scene.patient.appointments.CreateAppointmentSeries, request)
    await relay.arrived(1)
    scene.book.clock.advance(timedelta(seconds=1))
    return [each.appointment for each in answer.occurrences]


async def move_to(scene: Scene, appointment: Any, date: str) -> None:
    request = pb.RescheduleAppointmentSeriesRequest(appointment_id=appointment.id, date=date, time_slot="10:00")
    await scene.patient(scene.patient.appointments.RescheduleAppointmentSeries, request)


async def test_one_mail_tells_where_a_series_has_moved(reachable: Scene, relay: Relay, notifications: Any) -> None:
    async with notifications:
        booked = await booked_and_told(reachable, relay)
        await move_to(reachable, booked[1], "2026-03-11")
        [_, moved] = await relay.arrived(2)
    assert moved["Subject"] == "Your 3 appointments have moved, the first to Wed 11 Mar 2026, 10:00"
    dates = [f"Wed {day} Mar 2026, 10:00" for day in (11, 18, 25)]
    assert [line for line in text_of(moved).splitlines() if line.startswith("Wed")] == dates
    assert entries(moved) == ("PUBLISH", [(each.id, 2, "CONFIRMED") for each in booked[1:]])


async def test_a_series_is_told_of_although_one_of_it_moved_before_the_mail_was_sent(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    request = series_request(reachable)
    answer = await reachable.patient(reachable.patient.appointments.CreateAppointmentSeries, request)
    reachable.book.clock.advance(timedelta(seconds=1))
    await reachable.move(answer.occurrences[0].appointment, "11:00")
    async with notifications:
        mails = await relay.arrived(2)
    assert sorted(str(mail["Subject"]) for mail in mails) == [
        "Your 4 appointments are booked, from Tue 3 Mar 2026, 11:00",
        "Your appointment has moved: Tue 3 Mar 2026, 11:00",
    ]


@pytest.mark.parametrize("planned", [False, True])
async def test_a_moved_series_is_told_of_although_the_first_of_it_was_cancelled_before_the_mail_was_sent(
    reachable: Scene, relay: Relay, notifications: Any, *, planned: bool
) -> None:
    book = reachable.book
    request = series_request(reachable)
    answer = await reachable.patient(reachable.patient.appointments.CreateAppointmentSeries, request)
    _, first, _, _ = [each.appointment for each in answer.occurrences]
    planner = NoticePlanner(book.engine, book.clock, uuid7_maker(book.clock))
    start = answer.occurrences[0].appointment.start_time.ToDatetime(UTC)
    await planner.plan_notices(answer.occurrences[0].appointment.id, NoticeKind.CONFIRMATION, 1, start)
    await book.run("UPDATE notifications SET status = 'sent' WHERE kind = 'confirmation'")
    await book.run("DELETE FROM procrastinate_jobs")
    book.clock.advance(timedelta(seconds=1))
    await move_to(reachable, first, "2026-03-11")
    if planned:
        moved = first.start_time.ToDatetime(UTC) + timedelta(days=1, minutes=30)
        await planner.plan_notices(first.id, NoticeKind.CHANGE, 2, moved)
    book.clock.advance(timedelta(seconds=1))
    await reachable.cancel(first)

    async def nothing_is_queued() -> bool:
        return not await book.rows("SELECT id FROM procrastinate_jobs WHERE task_name <> 'tend'")

    async with notifications:
        await until(nothing_is_queued)
    assert sorted(str(mail["Subject"]) for mail in relay.mails) == [
        "Your 2 appointments have moved, the first to Wed 18 Mar 2026, 10:00",
        "Your appointment is cancelled: Wed 11 Mar 2026, 10:00",
    ]


async def test_the_entries_of_a_series_are_removed_where_they_lie_when_the_address_has_changed(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    scene = reachable
    async with notifications:
        booked = await booked_and_told(scene, relay)
        await scene.book.run("UPDATE patients SET email = 'new@example.org' WHERE id = %s", scene.patient_id)
        await scene.cancel(booked[3])
        alone = {str(mail["To"]): mail for mail in (await relay.arrived(3))[1:]}
        await move_to(scene, booked[1], "2026-03-11")
        rest = {str(mail["To"]): mail for mail in (await relay.arrived(5))[3:]}
        scene.book.clock.advance(timedelta(seconds=1))
        cancel = pb.CancelAppointmentSeriesRequest(appointment_id=booked[0].id)
        await scene.patient(scene.patient.appointments.CancelAppointmentSeries, cancel)
        all_of_it = {str(mail["To"]): mail for mail in (await relay.arrived(7))[5:]}
    method, event = entry(alone[ADDRESS])
    assert (method, str(event["UID"]), event["SEQUENCE"]) == ("CANCEL", booked[3].id, 2)
    assert event["DTSTART"].dt == booked[3].start_time.ToDatetime(UTC)
    assert list(alone["new@example.org"].iter_attachments()) == []
    # The old address learns that two are gone, but not where to.
    assert rest[ADDRESS]["Subject"] == "2 appointments are no longer in this calendar"
    assert entries(rest[ADDRESS]) == ("PUBLISH", [(each.id, 2, "CANCELLED") for each in booked[1:3]])
    assert "10:00" not in text_of(rest[ADDRESS])
    [attachment] = rest[ADDRESS].iter_attachments()
    starts = [each.decoded("DTSTART") for each in Calendar.from_ical(attachment.get_content()).walk("VEVENT")]
    assert starts == [each.start_time.ToDatetime(UTC) for each in booked[1:3]]
    assert entries(rest["new@example.org"]) == ("PUBLISH", [(each.id, 2, "CONFIRMED") for each in booked[1:3]])
    # By now each address holds some of them.
    method, event = entry(all_of_it[ADDRESS])
    assert (method, str(event["UID"])) == ("CANCEL", booked[0].id)
    assert entries(all_of_it["new@example.org"]) == ("PUBLISH", [(each.id, 3, "CANCELLED") for each in booked[1:3]])


async def test_one_mail_tells_of_a_series_and_one_of_its_end(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    scene = reachable
    async with notifications:
        request = series_request(scene)
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

        await until(only_the_first_is_reminded_of)
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
