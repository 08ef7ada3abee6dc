"""How often a call goes to the database and back, once its caller is known."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import grpc
import pytest

from db.postgres.cluster.engines import Connection, connection
from server.wiring import wired
from tests.fixtures.book import Clock
from tests.fixtures.clinic import TUESDAY, Scene
from tests.fixtures.wire import traced
from tests.fixtures.worker import Client, Refusal, settings_for
from yoyaku.v1 import appointment_service_pb2 as pb


@pytest.fixture
async def alone(scene: Scene, database_url: str, clock: Clock) -> AsyncIterator[tuple[Scene, Connection]]:
    """A worker that does nothing beside answering calls and knows the patient already; its only connection."""
    async with wired(settings_for(database_url, pool_size=1), clock) as parts:
        port = await parts.server.start("127.0.0.1:0")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            patient = Client(channel, "")
            patient.metadata = scene.patient.metadata
            there = replace(scene, patient=patient)
            await there.list()
            async with connection(parts.engine) as pg:
                pass
            yield there, pg
        await parts.server.stop(0)


async def test_a_booking_a_move_and_a_cancellation_are_three_round_trips_at_most(
    alone: tuple[Scene, Connection],
) -> None:
    scene, pg = alone
    with traced(pg) as first:
        await scene.book_slot("09:00", request_id=str(uuid4()))
    with traced(pg) as booking:
        booked = await scene.book_slot("10:00", request_id=str(uuid4()))
    with traced(pg) as moving:
        moved = await scene.move(booked.appointment, "11:00", request_id=str(uuid4()))
    with traced(pg) as cancelling:
        await scene.cancel(moved.appointment, request_id=str(uuid4()))
    assert (first.trips, booking.trips, moving.trips, cancelling.trips) == (3, 2, 3, 3)


async def test_a_type_with_a_room_takes_one_round_trip_more_and_a_hold_none(alone: tuple[Scene, Connection]) -> None:
    scene, pg = alone
    await scene.book.resource(scene.clinic_id, "room")
    scan = await scene.book.appointment_type(scene.clinic_id, minutes=30, resource_kinds=["room"])
    await scene.book_slot("09:00", request_id=str(uuid4()))
    with traced(pg) as plain:
        await scene.book_slot("09:30", request_id=str(uuid4()))
    with traced(pg) as of_type:
        booked = await scene.book_slot("10:00", appointment_type_id=scan, request_id=str(uuid4()))
    await scene.cancel(booked.appointment)
    hold = pb.HoldSlotRequest(
        patient_id=scene.patient_id, doctor_id=scene.doctor_id, date=TUESDAY, time_slot="11:00",
        request_id=str(uuid4()),
    )  # fmt: skip
    with traced(pg) as holding:
        held = (await scene.patient(scene.patient.appointments.HoldSlot, hold)).appointment
    confirm = pb.ConfirmHoldRequest(appointment_id=held.id, request_id=str(uuid4()))
    with traced(pg) as confirming:
        await scene.patient(scene.patient.appointments.ConfirmHold, confirm)
    assert (plain.trips, of_type.trips, holding.trips, confirming.trips) == (2, 3, 2, 3)


async def test_what_a_refused_booking_saw_of_a_doctor_spares_the_next_a_round_trip(
    alone: tuple[Scene, Connection],
) -> None:
    scene, pg = alone
    await scene.book_slot("09:00", client=scene.other, patient_id=scene.other_id)  # at another worker
    with pytest.raises(Refusal, match="taken"), traced(pg) as refused:
        await scene.book_slot("09:00", request_id=str(uuid4()))
    with traced(pg) as booking:
        await scene.book_slot("10:00", request_id=str(uuid4()))
    assert (refused.trips > booking.trips, booking.trips) == (True, 2)


async def test_a_list_and_an_appointment_are_one_round_trip_each(alone: tuple[Scene, Connection]) -> None:
    scene, pg = alone
    booked = await scene.book_slot("10:00")
    with traced(pg) as listing:
        await scene.list()
    with traced(pg) as getting:
        request = pb.GetAppointmentRequest(appointment_id=booked.appointment.id)
        await scene.patient(scene.patient.appointments.GetAppointment, request)
    assert (listing.trips, getting.trips) == (1, 1)
