"""When patients are reminded, and where."""

from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.domain.ids import uuid7_maker
from server.domain.notices import NoticeKind
from server.notifications.planning import NoticePlanner
from tests.fixtures.book import Book, Clock
from tests.fixtures.clinic import Scene
from tests.fixtures.fhir import appointment, export, load, organization, patient, practitioner, role
from tests.fixtures.mail import Relay
from tests.fixtures.notices import ADDRESS, ledger, ledger_is
from tests.fixtures.waiting import until
from yoyaku.v1 import appointment_service_pb2 as pb


async def test_the_reminder_goes_out_a_day_before(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    async with notifications:
        await reachable.book_slot("09:30")
        await relay.arrived(1)
        clock.advance(timedelta(minutes=29))
        await ledger_is(reachable.book, ("confirmation", 1, "sent", ""), ("reminder", 1, "planned", ""))
        clock.advance(timedelta(minutes=1))
        mails = await relay.arrived(2)
    assert mails[1]["Subject"] == "A reminder of your appointment: Tue 3 Mar 2026, 09:30"
    assert list(mails[1].iter_attachments()) == []


async def test_a_reminder_whose_time_came_before_it_was_planned_is_sent_all_the_same(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    await reachable.book_slot("09:30")
    clock.advance(timedelta(hours=1))  # as if the provider had been away
    async with notifications:
        await ledger_is(reachable.book, ("confirmation", 1, "sent", ""), ("reminder", 1, "sent", ""))
    assert len(relay.mails) == 2


async def test_who_was_imported_with_an_appointment_is_reminded_of_it_and_told_nothing_else(
    book: Book, relay: Relay, notifications: Any, clock: Clock, tmp_path: Path
) -> None:
    person = patient(telecom=[{"system": "email", "value": ADDRESS}])
    await load(book, export(tmp_path, a=[organization(), practitioner(), role(), person, appointment()]))
    async with notifications:
        await ledger_is(book, ("reminder", 1, "planned", ""))
        clock.advance(timedelta(hours=15))
        [mail] = await relay.arrived(1)
        assert mail["Subject"] == "A reminder of your appointment: Tue 3 Mar 2026, 09:00"
        export(tmp_path, a=[organization(), practitioner(), role(), person, appointment(status="cancelled")])
        await load(book, tmp_path)
        await ledger_is(book, ("reminder", 1, "sent", ""))


@pytest.mark.parametrize("change", ["move", "cancel"])
async def test_the_reminder_goes_with_the_appointment(
    reachable: Scene, relay: Relay, notifications: Any, clock: Clock, change: str
) -> None:
    async with notifications:
        booked = (await reachable.book_slot("11:00")).appointment
        await relay.arrived(1)
        if change == "move":
            await reachable.move(booked, "11:30")
            told, later = "change", [("reminder", 2, "planned", "")]
        else:
            await reachable.cancel(booked)
            told, later = "cancellation", []
        first = [("confirmation", 1, "sent", ""), ("reminder", 1, "dropped", "superseded"), (told, 2, "sent", "")]
        await ledger_is(reachable.book, *first, *later)
        if change == "move":
            clock.advance(timedelta(hours=2, minutes=30))
            assert "reminder" in (await relay.arrived(3))[2]["Subject"]


async def test_who_cannot_be_reached_is_told_nothing(scene: Scene, notifications: Any, clock: Clock) -> None:
    async with notifications:
        await scene.book_slot("09:30")
        await ledger_is(scene.book, ("confirmation", 1, "dropped", "no_address"), ("reminder", 1, "planned", ""))
        clock.advance(timedelta(minutes=30))
        await ledger_is(
            scene.book, ("confirmation", 1, "dropped", "no_address"), ("reminder", 1, "dropped", "no_address")
        )
    assert set(await scene.book.rows("SELECT channel, recipient FROM notifications")) == {("none", "")}


async def test_a_reminder_goes_where_the_patient_is_reached_when_it_is_due(
    scene: Scene, relay: Relay, notifications: Any, clock: Clock
) -> None:
    book = scene.book
    await book.run(
        "UPDATE patients SET email = 'gone@example.org', phone = '+819011112222' WHERE id = %s", scene.other_id
    )
    async with notifications:
        found_later = (await scene.book_slot("09:30")).appointment
        removed = (await scene.book_slot("10:00", patient_id=scene.other_id)).appointment
        await relay.arrived(1)
        await book.run("UPDATE patients SET email = %s WHERE id = %s", ADDRESS, scene.patient_id)
        await book.run("UPDATE patients SET email = '' WHERE id = %s", scene.other_id)
        clock.advance(timedelta(hours=1))
        await relay.arrived(2)

        async def sent() -> bool:
            rows = await book.rows(
                "SELECT appointment_id, channel, recipient, status FROM notifications WHERE kind = 'reminder'"
            )
            return {(str(row[0]), *row[1:]) for row in rows} == {
                (found_later.id, "email", ADDRESS, "sent"),
                (removed.id, "sms", "+819011112222", "sent"),
            }

        await until(sent)
    assert [mail["To"] for mail in relay.mails] == ["gone@example.org", ADDRESS]


async def test_a_room_that_is_swapped_before_the_reminder_is_planned_does_not_lose_it(
    reachable: Scene, relay: Relay, notifications: Any
) -> None:
    await reachable.book.resource(reachable.clinic_id, "room")
    scan = await reachable.book.appointment_type(reachable.clinic_id, minutes=30, resource_kinds=["room"])
    booked = (await reachable.book_slot("10:00", appointment_type_id=scan)).appointment
    await reachable.book.resource(reachable.clinic_id, "room")
    swap = pb.SwapResourceRequest(appointment_id=booked.id, resource_id=booked.resources[0].id)
    await reachable.staff(reachable.staff.appointments.SwapResource, swap)
    async with notifications:
        await ledger_is(reachable.book, ("confirmation", 1, "sent", ""), ("reminder", 1, "planned", ""))


async def test_an_offer_to_move_leaves_the_confirmation_and_the_reminder_as_they_are(
    reachable: Scene, clock: Clock
) -> None:
    booked = (await reachable.book_slot("10:00")).appointment
    planner = NoticePlanner(reachable.book.engine, clock, uuid7_maker(clock))
    starts = booked.start_time.ToDatetime(UTC)
    for version, kind in enumerate((NoticeKind.CONFIRMATION, NoticeKind.MOVE_OFFER, NoticeKind.MOVE_OFFER), 1):
        await planner.plan_notices(booked.id, kind, version, starts)
    assert await ledger(reachable.book) == [
        ("confirmation", 1, "waiting", ""),
        ("reminder", 1, "planned", ""),
        ("move_offer", 2, "dropped", "superseded"),
        ("move_offer", 3, "waiting", ""),
    ]
