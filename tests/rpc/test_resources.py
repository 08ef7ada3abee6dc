"""Rooms and devices: a visit of a type occupies one of each kind that the type needs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from db.postgres.cluster.engines import connection
from server.domain.booking.resources import MOST_OF_CLINIC
from server.wiring import wired
from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.clinic import Scene
from tests.fixtures.wire import traced
from tests.fixtures.worker import Client, Refusal, settings_for
from yoyaku.v1 import appointment_service_pb2 as appointments
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import Appointment, AppointmentEvent
from yoyaku.v1.appointment_type_pb2 import AppointmentType
from yoyaku.v1.resource_pb2 import Resource


@pytest.fixture
async def scan(scene: Scene) -> str:
    """A type that needs a room; the clinic has one, and two doctors."""
    await scene.book.resource(scene.clinic_id, "room")
    return await scene.book.appointment_type(scene.clinic_id, minutes=30, resource_kinds=["room"])


@pytest.fixture
async def second(scene: Scene) -> str:
    """Another doctor of the clinic."""
    return await scene.book.doctor(scene.clinic_id)


async def test_a_visit_occupies_a_room_that_another_doctor_cannot_have(scene: Scene, scan: str, second: str) -> None:
    booked = (await scene.book_slot("10:00", appointment_type_id=scan)).appointment
    assert [each.kind for each in booked.resources] == ["room"]
    other: dict[str, Any] = {"doctor_id": second, "patient_id": scene.other_id, "appointment_type_id": scan}
    refused = await refusal(scene.book_slot("10:00", **other))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_TAKEN")
    assert refused.alternatives
    starts = {slot.start_time.seconds for slot in refused.alternatives.slots}
    assert booked.start_time.seconds not in starts
    assert booked.start_time.seconds + 1800 in starts
    assert "10:00" not in await scene.free(doctor_id=second, type_id=scan)
    assert "10:00" in await scene.free(doctor_id=second)
    await scene.book_slot("10:00", doctor_id=second, patient_id=scene.other_id)  # without a type no room is needed
    [listed] = (await scene.list()).appointments
    assert listed == booked


async def test_seats_are_no_more_than_rooms(scene: Scene, scan: str) -> None:
    crowd = await scene.book.doctor(scene.clinic_id, capacity=5)
    await scene.book.resource(scene.clinic_id, "room")
    assert [slot.seats_free for slot in (await scene.slots(doctor_id=crowd, type_id=scan)).slots] == [2] * 6


async def test_a_cancelled_visit_frees_its_room_and_a_moved_one_takes_it_along(
    scene: Scene, scan: str, second: str
) -> None:
    booked = (await scene.book_slot("10:00", appointment_type_id=scan)).appointment
    moved = (await scene.move(booked, "10:30")).appointment
    assert list(moved.resources) == list(booked.resources)
    free = await scene.free(doctor_id=second, type_id=scan)
    assert ("10:00" in free, "10:30" in free) == (True, False)
    cancelled = (await scene.cancel(moved)).appointment
    assert list(cancelled.resources) == list(booked.resources)  # what it had can still be seen
    assert "10:30" in await scene.free(doctor_id=second, type_id=scan)


async def test_a_visit_that_moves_leaves_a_room_that_its_type_no_longer_needs(
    scene: Scene, scan: str, second: str
) -> None:
    booked = (await scene.book_slot("10:00", appointment_type_id=scan)).appointment
    change = pb.UpdateAppointmentTypeRequest(
        appointment_type_id=scan, appointment_type=AppointmentType(), update_mask=FieldMask(paths=["resource_kinds"])
    )
    await scene.staff(scene.staff.schedules.UpdateAppointmentType, change)
    assert not (await scene.move(booked, "10:30")).appointment.resources
    [moved] = (await scene.list()).appointments
    assert not moved.resources
    other = await scene.book.appointment_type(scene.clinic_id, minutes=30, resource_kinds=["room"])
    assert "10:00" in await scene.free(doctor_id=second, type_id=other)


async def test_a_visit_cannot_move_to_where_no_room_is_free(scene: Scene, scan: str, second: str) -> None:
    booked = (await scene.book_slot("10:00", appointment_type_id=scan)).appointment
    await scene.book_slot("10:30", doctor_id=second, patient_id=scene.other_id, appointment_type_id=scan)
    assert (await refusal(scene.move(booked, "10:30"))).reason == "RESOURCE_TAKEN"
    [kept] = (await scene.list()).appointments
    assert kept == booked


async def test_a_visit_needs_one_of_each_kind_all_or_nothing(scene: Scene, scan: str, second: str) -> None:
    both = await scene.book.appointment_type(scene.clinic_id, minutes=30, resource_kinds=["device", "room"])
    assert await scene.free(type_id=both) == []
    assert (await refusal(scene.book_slot("10:00", appointment_type_id=both))).metadata["kind"] == "device"
    await scene.book.resource(scene.clinic_id, "device")
    booked = (await scene.book_slot("10:00", appointment_type_id=both)).appointment
    assert [each.kind for each in booked.resources] == ["device", "room"]
    refused = await refusal(
        scene.book_slot("10:00", doctor_id=second, patient_id=scene.other_id, appointment_type_id=scan)
    )
    assert (refused.reason, refused.metadata["kind"]) == ("RESOURCE_TAKEN", "room")


async def test_a_room_out_of_use_is_given_to_nobody_new(scene: Scene, scan: str) -> None:
    request = pb.ListResourcesRequest(clinic_id=scene.clinic_id)
    [room] = (await scene.patient(scene.patient.schedules.ListResources, request)).resources
    booked = (await scene.book_slot("10:00", appointment_type_id=scan)).appointment
    change = pb.UpdateResourceRequest(resource_id=room.id, resource=Resource(), update_mask=FieldMask(paths=["active"]))
    await scene.staff(scene.staff.schedules.UpdateResource, change)
    assert await scene.free(type_id=scan) == []
    [kept] = (await scene.list()).appointments
    assert kept == booked


async def test_rooms_have_different_names(scene: Scene) -> None:
    request = pb.CreateResourceRequest(clinic_id=scene.clinic_id, kind="room", name="Room 1")
    created = (await scene.staff(scene.staff.schedules.CreateResource, request)).resource
    assert (created.kind, created.name, created.active) == ("room", "Room 1", True)
    refused = await refusal(scene.staff(scene.staff.schedules.CreateResource, request))
    assert refused.reason == "RESOURCE_EXISTS"
    odd = pb.CreateResourceRequest(clinic_id=scene.clinic_id, kind="Operating theatre", name="Room 2")
    assert (await refusal(scene.staff(scene.staff.schedules.CreateResource, odd))).reason == "INVALID_REQUEST"


async def test_the_buffer_of_a_type_is_for_its_room_too(scene: Scene, second: str) -> None:
    await scene.book.resource(scene.clinic_id, "room")
    cleaned = await scene.book.appointment_type(scene.clinic_id, minutes=30, buffer_minutes=15, resource_kinds=["room"])
    await scene.book_slot("10:00", appointment_type_id=cleaned)
    free = await scene.free(doctor_id=second, type_id=cleaned)
    assert free == ["09:00", "11:00", "11:30"]


def swap(scene: Scene, booked: Appointment, to: str = "", left: str = "") -> Any:
    request = appointments.SwapResourceRequest(
        appointment_id=booked.id, resource_id=left or booked.resources[0].id, to_resource_id=to, etag=booked.etag
    )
    return scene.staff(scene.staff.appointments.SwapResource, request)


async def test_staff_swap_the_room_of_a_visit_for_a_free_one(scene: Scene, scan: str, second: str) -> None:
    booked = (await scene.book_slot("10:00", appointment_type_id=scan)).appointment
    other = await scene.book.resource(scene.clinic_id, "room")
    swapped = (await swap(scene, booked)).appointment
    assert [each.id for each in swapped.resources] == [other]
    [listed] = (await scene.list()).appointments
    assert listed == swapped
    back = (await swap(scene, swapped, to=booked.resources[0].id)).appointment
    assert list(back.resources) == list(booked.resources)
    history = appointments.ListAppointmentEventsRequest(appointment_id=booked.id)
    events = (await scene.staff(scene.staff.appointments.ListAppointmentEvents, history)).events
    left, taken = booked.resources[0].name, swapped.resources[0].name
    assert [each.note for each in events] == ["", f"{left} -> {taken}", f"{taken} -> {left}"]
    assert events[1].event == AppointmentEvent.APPOINTMENT_EVENT_RESOURCE_SWAPPED
    await scene.book_slot("10:00", doctor_id=second, patient_id=scene.other_id, appointment_type_id=scan)
    jobs = await scene.book.rows("SELECT args ->> 'kind' FROM procrastinate_jobs WHERE task_name = 'announce'")
    assert jobs == [("confirmation",), ("confirmation",)]


async def test_a_swap_is_refused_with_what_to_do_and_changes_nothing(scene: Scene, scan: str, second: str) -> None:
    booked = (await scene.book_slot("10:00", appointment_type_id=scan)).appointment
    room, device = booked.resources[0].id, await scene.book.resource(scene.clinic_id, "device")
    none = await refusal(swap(scene, booked))
    assert (none.reason, bool(none.alternatives)) == ("RESOURCE_TAKEN", True)
    taken = await scene.book.resource(scene.clinic_id, "room")
    await scene.book_slot("10:00", doctor_id=second, patient_id=scene.other_id, appointment_type_id=scan)
    assert (await refusal(swap(scene, booked, to=taken))).reason == "RESOURCE_TAKEN"
    assert (await refusal(swap(scene, booked, to=device))).reason == "RESOURCE_NOT_FOUND"
    assert (await refusal(swap(scene, booked, to=room))).reason == "RESOURCE_NOT_FOUND"
    assert (await refusal(swap(scene, booked, left=taken))).reason == "RESOURCE_NOT_FOUND"
    [kept] = (await scene.list()).appointments
    assert kept == booked
    await scene.cancel(booked)
    booked.etag = ""
    assert (await refusal(swap(scene, booked))).reason == "STATUS_FORBIDS"


@pytest.fixture
async def alone(scene: Scene, database_url: str, clock: Clock) -> AsyncIterator[tuple[Client, Any]]:
    """A caller of a worker that does nothing else, and its only connection."""
    async with wired(settings_for(database_url, pool_size=1), clock) as parts:
        port = await parts.server.start("127.0.0.1:0")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            patient = Client(channel, "")
            patient.metadata = scene.patient.metadata
            await scene.list(patient)
            async with connection(parts.engine) as pg:
                pass
            yield patient, pg
        await parts.server.stop(0)


async def test_a_room_costs_a_booking_one_round_trip_more_and_a_list_none(
    scene: Scene, scan: str, alone: tuple[Client, Any]
) -> None:
    patient, pg = alone
    await scene.book_slot("09:00", patient)
    with traced(pg) as plain:
        await scene.book_slot("09:30", patient)
    with traced(pg) as booking:
        await scene.book_slot("10:00", patient, appointment_type_id=scan)
    with traced(pg) as free:
        await scene.slots(client=patient, type_id=scan)
    with traced(pg) as listing:
        await scene.list(patient)
    assert (plain.trips, booking.trips, free.trips, listing.trips) == (2, 3, 1, 1)


async def test_a_clinic_has_so_many_rooms_and_devices_at_most_also_if_two_add_one_at_once(scene: Scene) -> None:
    await scene.book.run(
        "INSERT INTO resources (id, clinic_id, kind, name, active, version, created_at, updated_at)"
        " SELECT gen_random_uuid(), %s, 'room', number, false, 1, now(), now() FROM generate_series(1, %s) AS number",
        scene.clinic_id, MOST_OF_CLINIC - 1,
    )  # fmt: skip
    requests = [pb.CreateResourceRequest(clinic_id=scene.clinic_id, kind="room", name=name) for name in ("A", "B")]
    adding = (scene.staff(scene.staff.schedules.CreateResource, request) for request in requests)
    both = await asyncio.gather(*adding, return_exceptions=True)
    [refused] = [each for each in both if isinstance(each, Refusal)]
    assert refused.reason == "INVALID_REQUEST"
    assert "has 500 rooms and devices" in str(refused.violations)
