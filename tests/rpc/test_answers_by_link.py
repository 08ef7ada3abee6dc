"""What patients do by the link of a message, without an account."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.mail import Relay, notifying
from tests.fixtures.notices import ADDRESS
from tests.fixtures.notices import reachable as reachable  # noqa: PLC0414  # a fixture
from tests.fixtures.waiting import until
from tests.fixtures.worker import settings_for
from yoyaku.v1 import appointment_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import Appointment, AppointmentEvent, AppointmentStatus

URL = "https://book.example.org"
REQUEST = "019ab0c2-7d10-7c3e-9a4f-0242ac12000a"


def token_of(scene: Scene, appointment: Appointment, recipient: str = ADDRESS) -> str:
    """The token of a link as a message to the recipient carries it."""
    start = appointment.start_time.ToDatetime(tzinfo=scene.book.clock.now.tzinfo)
    return scene.worker.parts.links.token(appointment.id, start, recipient)


async def shown(scene: Scene, token: str) -> Any:
    stranger = scene.worker.stranger()
    request = pb.GetAppointmentByLinkRequest(link_token=token)
    return (await stranger(stranger.appointments.GetAppointmentByLink, request)).appointment


async def confirm(scene: Scene, token: str) -> Any:
    stranger = scene.worker.stranger()
    request = pb.ConfirmAppointmentByLinkRequest(link_token=token)
    return (await stranger(stranger.appointments.ConfirmAppointmentByLink, request)).appointment


async def cancel(scene: Scene, token: str, request_id: str = "") -> Any:
    stranger = scene.worker.stranger()
    request = pb.CancelAppointmentByLinkRequest(link_token=token, request_id=request_id)
    return await stranger(stranger.appointments.CancelAppointmentByLink, request)


async def check_in(scene: Scene, token: str) -> Any:
    stranger = scene.worker.stranger()
    return await stranger(stranger.appointments.CheckInByLink, pb.CheckInByLinkRequest(link_token=token))


async def events(scene: Scene, appointment_id: str) -> list[tuple[int, str]]:
    request = pb.ListAppointmentEventsRequest(appointment_id=appointment_id)
    found = await scene.staff(scene.staff.appointments.ListAppointmentEvents, request)
    return [(each.event, each.actor) for each in found.events]


@pytest.fixture
async def sending(
    reachable: Scene, relay: Relay, database_url: str, valkey_urls: dict[str, str], clock: Clock
) -> AsyncIterator[Relay]:
    """A relay, and a notification worker with the server's key, which hands mail to it."""
    key = reachable.worker.key_encryption_key
    settings = settings_for(database_url, **valkey_urls, smtp_url=relay.url, public_url=URL, key_encryption_key=key)
    async with notifying(settings, clock):
        yield relay


async def test_the_link_of_a_mail_shows_what_the_mail_says_and_confirms_it(reachable: Scene, sending: Relay) -> None:
    booked = (await reachable.book_slot("09:30", reason="a secret")).appointment
    [mail] = await sending.arrived(1)
    body = mail.get_body()
    assert body
    found = re.search(rf"{re.escape(URL)}/visit/#(\S+)", body.get_content())
    assert found
    appointment = await shown(reachable, found[1])
    assert (appointment.start_time, appointment.status) == (booked.start_time, booked.status)
    assert not any(name in str(appointment) for name in ("secret", booked.patient.name, booked.doctor.name))
    for _ in range(2):
        assert (await confirm(reachable, found[1])).HasField("confirm_time")
    [listed] = (await reachable.list(reachable.staff)).appointments
    assert (listed.HasField("confirm_time"), listed.etag) == (True, "2")
    assert await events(reachable, booked.id) == [
        (AppointmentEvent.APPOINTMENT_EVENT_BOOKED, (await events(reachable, booked.id))[0][1]),
        (AppointmentEvent.APPOINTMENT_EVENT_ATTENDANCE_CONFIRMED, "link"),
    ]


async def test_a_cancellation_by_link_is_the_patients_own_and_happens_once(reachable: Scene) -> None:
    booked = (await reachable.book_slot("09:30")).appointment
    token = token_of(reachable, booked)
    for _ in range(2):
        await cancel(reachable, token, REQUEST)
    assert (await shown(reachable, token)).status == AppointmentStatus.APPOINTMENT_STATUS_CANCELLED
    assert "09:30" in await reachable.free()
    assert (await events(reachable, booked.id))[-1] == (AppointmentEvent.APPOINTMENT_EVENT_CANCELLED, "link")
    assert (await refusal(cancel(reachable, token))).reason == "STATUS_FORBIDS"
    assert (await refusal(confirm(reachable, token))).reason == "STATUS_FORBIDS"


async def test_the_clinics_cancel_by_time_holds_by_link_too(reachable: Scene, clock: Clock) -> None:
    await reachable.book.run("UPDATE clinics SET cancel_by_minutes = 60")
    booked = (await reachable.book_slot("09:30")).appointment
    token, start = token_of(reachable, booked), booked.start_time.ToDatetime(tzinfo=clock.now.tzinfo)
    assert (await shown(reachable, token)).change_by_time.ToDatetime(tzinfo=clock.now.tzinfo) == start - timedelta(
        hours=1
    )
    clock.now = start - timedelta(minutes=59)
    assert (await refusal(cancel(reachable, token))).reason == "TOO_LATE_TO_CHANGE"
    assert (await confirm(reachable, token)).HasField("confirm_time")
    clock.now = start
    assert (await refusal(confirm(reachable, token))).reason == "TOO_LATE_TO_CHANGE"


async def test_a_patient_checks_in_by_link_around_the_start_only(reachable: Scene, clock: Clock) -> None:
    booked = (await reachable.book_slot("09:30")).appointment
    token = token_of(reachable, booked)
    assert (await refusal(check_in(reachable, token))).reason == "TOO_EARLY"
    opens = (await shown(reachable, token)).check_in_open_time.ToDatetime(tzinfo=clock.now.tzinfo)
    clock.now = opens
    ticket = (await check_in(reachable, token)).ticket
    assert ticket.number == 1
    assert (await shown(reachable, token)).ticket == ticket
    clock.now = booked.end_time.ToDatetime(tzinfo=clock.now.tzinfo)
    assert (await refusal(shown(reachable, token))).reason == "LINK_INVALID"


async def test_a_link_ends_when_the_appointment_moves_or_the_patients_address_changes(reachable: Scene) -> None:
    booked = (await reachable.book_slot("09:30")).appointment
    token = token_of(reachable, booked)
    await confirm(reachable, token)
    moved = (await reachable.move(booked, "10:30")).appointment
    assert not moved.HasField("confirm_time")
    assert (await refusal(cancel(reachable, token))).reason == "LINK_INVALID"
    newest = token_of(reachable, moved)
    assert await shown(reachable, newest)
    await reachable.book.run("UPDATE patients SET email = 'new@example.org', phone = '+81312345678'")
    assert (await refusal(shown(reachable, newest))).reason == "LINK_INVALID"
    assert await shown(reachable, token_of(reachable, moved, "+81312345678"))


async def test_a_forged_or_broken_link_says_nothing(reachable: Scene) -> None:
    booked = (await reachable.book_slot("09:30")).appointment
    other = (await reachable.book_slot("10:30", patient_id=reachable.other_id)).appointment
    token = token_of(reachable, booked)
    nobody = token_of(reachable, other, "")  # the other patient has no address
    half = token_of(reachable, other)[:22] + token[22:]
    for wrong in (token[:-1], f"{token}AAAA", "x", "ü" * 43, nobody, half):
        for call in (shown(reachable, wrong), confirm(reachable, wrong), cancel(reachable, wrong)):
            assert (await refusal(call)).reason == "LINK_INVALID"


async def test_a_confirmation_is_in_the_clinics_feed(reachable: Scene) -> None:
    booked = (await reachable.book_slot("09:30")).appointment
    await confirm(reachable, token_of(reachable, booked))

    async def told() -> bool:
        rows = await reachable.book.rows("SELECT event FROM appointment_changes ORDER BY seq")
        return rows == [("booked",), ("attendance_confirmed",)]

    assert await until(told)


async def test_a_patient_moves_an_appointment_to_a_free_time_of_the_same_doctor(reachable: Scene) -> None:
    booked = (await reachable.book_slot("09:30")).appointment
    await reachable.book_slot("10:00", patient_id=reachable.other_id)
    token, stranger = token_of(reachable, booked), reachable.worker.stranger()
    request = pb.ListSlotsByLinkRequest(link_token=token, date=TUESDAY)
    slots = (await stranger(stranger.appointments.ListSlotsByLink, request)).slots
    assert [each.time_slot for each in slots] == await reachable.free()
    chosen = next(each for each in slots if each.time_slot == "11:00")
    move = pb.RescheduleByLinkRequest(link_token=token, start_time=chosen.start_time)
    await stranger(stranger.appointments.RescheduleByLink, move)
    [moved] = (await reachable.list()).appointments
    assert (moved.id, moved.time_slot) == (booked.id, "11:00")
    for call in (
        stranger(stranger.appointments.RescheduleByLink, move),
        stranger(stranger.appointments.ListSlotsByLink, request),
    ):
        assert (await refusal(call)).reason == "LINK_INVALID"


async def test_a_taken_time_is_refused_with_free_ones_by_link_too(reachable: Scene) -> None:
    booked = (await reachable.book_slot("09:30")).appointment
    other = (await reachable.book_slot("10:00", patient_id=reachable.other_id)).appointment
    stranger = reachable.worker.stranger()
    move = pb.RescheduleByLinkRequest(link_token=token_of(reachable, booked), start_time=other.start_time)
    refused = await refusal(stranger(stranger.appointments.RescheduleByLink, move))
    assert refused.reason == "SLOT_TAKEN"
    assert refused.alternatives
