"""The end of a hold against a new booker, over real gRPC and two workers of which none has a sweeper."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import grpc
import pytest

from server.wiring import wired
from tests.fixtures.book import Book, Clock
from tests.fixtures.clinic import TUESDAY
from tests.fixtures.worker import Client, settings_for
from tests.races.calls import at_once
from yoyaku.v1 import appointment_service_pb2 as pb

TIMES = [f"{hour:02}:{minute}" for hour in range(9, 12) for minute in ("00", "30")]
BEHIND = timedelta(seconds=1)


def running_late(clock: Clock, late: timedelta) -> Callable[[], datetime]:
    return lambda: clock.now - late


@pytest.fixture
async def workers(database_url: str, clock: Clock) -> AsyncIterator[list[Any]]:
    """Two workers that answer calls and do nothing else; the clock of the first is a second behind."""
    settings = settings_for(database_url)
    async with AsyncExitStack() as stack:
        running = []
        for late in (BEHIND, timedelta()):
            parts = await stack.enter_async_context(wired(settings, running_late(clock, late)))
            await parts.keys.ensure()
            port = await parts.server.start("127.0.0.1:0")
            stack.push_async_callback(parts.server.stop, 0)
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
            running.append((parts, channel))
        yield running


async def test_a_hold_at_its_end_goes_to_its_holder_or_to_a_new_booker_and_never_to_both(
    workers: list[Any], book: Book, clock: Clock
) -> None:
    clinic = await book.clinic(max_per_patient_day=len(TIMES))
    doctor, holder = await book.doctor(clinic), await book.patient()
    account = await book.account("staff", clinic_ids=[clinic])
    place: Any = {"doctor_id": doctor, "date": TUESDAY}
    for time_slot in TIMES:
        token = await workers[0][0].tokens.issue(account)
        behind, ahead = (Client(channel, token) for _, channel in workers)
        request = pb.HoldSlotRequest(patient_id=holder, time_slot=time_slot, **place)
        held = (await ahead(ahead.appointments.HoldSlot, request)).appointment
        # For one worker the hold has half a second left, for the other it is over.
        clock.advance(timedelta(minutes=5) + BEHIND / 2)
        rivals = [
            pb.CreateAppointmentRequest(patient_id=await book.patient(), time_slot=time_slot, **place) for _ in range(3)
        ]
        confirmed = behind(behind.appointments.ConfirmHold, pb.ConfirmHoldRequest(appointment_id=held.id))
        booked = [ahead(ahead.appointments.CreateAppointment, each) for each in rivals]
        [answer], refusals = await at_once([confirmed, *booked])
        lost = {"SLOT_TAKEN"} if answer.appointment.id == held.id else {"SLOT_TAKEN", "STATUS_FORBIDS"}
        assert {each.reason for each in refusals} == lost
    assert await book.rows("SELECT count(*) FROM appointments WHERE status = 'scheduled'") == [(len(TIMES),)]
    assert await book.rows("SELECT count(*) FROM appointments WHERE status = 'held'") == [(0,)]
