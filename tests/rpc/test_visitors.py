"""What callers without a token see, and how much of a worker they may use."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import grpc
import pytest

from server.domain.errors import DomainError, Reason
from server.usecases.identity.visitors import MOST_COSTLY, MOST_INSIDE, Visitors
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal, Worker
from yoyaku.v1 import directory_service_pb2 as directory
from yoyaku.v1 import schedule_service_pb2 as schedules
from yoyaku.v1.clinic_pb2 import Clinic


@dataclass(frozen=True)
class Scene:
    """An open clinic and a closed one, with a doctor each, and a visitor."""

    worker: Worker
    visitor: Client
    open_clinic: str
    doctor: str
    closed_clinic: str
    hidden_doctor: str
    day: str


@pytest.fixture
async def scene(worker: Worker) -> Scene:
    book = worker.book
    open_clinic, closed_clinic = await book.clinic(public_browsing=True), await book.clinic()
    doctor, hidden = await book.doctor(open_clinic), await book.doctor(closed_clinic)
    day = f"{book.clock.now + timedelta(days=1):%Y-%m-%d}"
    return Scene(worker, worker.stranger(), open_clinic, doctor, closed_clinic, hidden, day)


async def reason_of(call: Any) -> str:
    with pytest.raises(Refusal) as refused:
        await call
    return refused.value.reason


def slots(scene: Scene, doctor_id: str) -> Any:
    request = schedules.ListAvailableSlotsRequest(doctor_id=doctor_id, date=scene.day)
    return scene.visitor(scene.visitor.schedules.ListAvailableSlots, request)


async def test_visitors_find_open_clinics_their_doctors_and_slots_and_no_others(scene: Scene) -> None:
    visitor, book = scene.visitor, scene.worker.book
    await book.appointment_type(scene.open_clinic)
    found = await visitor(visitor.directory.ListClinics, directory.ListClinicsRequest())
    assert [each.id for each in found.clinics] == [scene.open_clinic]
    listed = await visitor(visitor.directory.ListDoctors, directory.ListDoctorsRequest())
    assert [each.id for each in listed.doctors] == [scene.doctor]
    assert len((await slots(scene, scene.doctor)).slots) == 6
    search = schedules.SearchAvailableSlotsRequest(specialty="General practice", from_date=scene.day, to_date=scene.day)
    offers = await visitor(visitor.schedules.SearchAvailableSlots, search)
    assert {each.doctor.id for each in offers.slots} == {scene.doctor}
    types = schedules.ListAppointmentTypesRequest(clinic_id=scene.open_clinic)
    assert len((await visitor(visitor.schedules.ListAppointmentTypes, types)).appointment_types) == 1


async def test_visitors_learn_no_specialty_of_a_closed_clinic(scene: Scene) -> None:
    await scene.worker.book.run("UPDATE doctors SET specialty = 'Oncology' WHERE id = %s", scene.hidden_doctor)
    for specialty in ("Oncology", "Haruspicy"):
        for call, request in (
            (scene.visitor.directory.ListDoctors, directory.ListDoctorsRequest(specialty=specialty)),
            (
                scene.visitor.schedules.SearchAvailableSlots,
                schedules.SearchAvailableSlotsRequest(specialty=specialty, from_date=scene.day, to_date=scene.day),
            ),
        ):
            with pytest.raises(Refusal) as refused:
                await scene.visitor(call, request)
            assert refused.value.reason == "SPECIALTY_NOT_FOUND"
            assert refused.value.message == "no doctor has this specialty: send one of General practice"


async def test_visitors_are_told_to_sign_in_for_everything_else(scene: Scene) -> None:
    visitor = scene.visitor
    assert await reason_of(slots(scene, scene.hidden_doctor)) == "TOKEN_MISSING"
    hidden = directory.GetClinicRequest(clinic_id=scene.closed_clinic)
    assert await reason_of(visitor(visitor.directory.GetClinic, hidden)) == "TOKEN_MISSING"
    rooms = schedules.ListResourcesRequest(clinic_id=scene.open_clinic)
    assert await reason_of(visitor(visitor.schedules.ListResources, rooms)) == "TOKEN_MISSING"
    late = f"{scene.worker.book.clock.now + timedelta(days=60):%Y-%m-%d}"
    search = schedules.SearchAvailableSlotsRequest(clinic_id=scene.open_clinic, from_date=scene.day, to_date=late)
    assert await reason_of(visitor(visitor.schedules.SearchAvailableSlots, search)) == "TOKEN_MISSING"
    counts = schedules.ListAvailableDaysRequest(clinic_id=scene.open_clinic, from_date=scene.day, to_date=scene.day)
    assert await reason_of(visitor(visitor.schedules.ListAvailableDays, counts)) == "TOKEN_MISSING"


async def test_a_clinic_is_open_to_visitors_from_when_an_admin_says_so_until_the_admin_takes_it_back(
    worker: Worker,
) -> None:
    clinic_id, admin, visitor = await worker.book.clinic(), await worker.client("admin"), worker.stranger()
    listing = directory.ListClinicsRequest()
    assert await reason_of(visitor(visitor.directory.ListClinics, listing)) == "TOKEN_MISSING"

    async def let_in(everybody: bool) -> Any:
        change = directory.UpdateClinicRequest(clinic_id=clinic_id, clinic=Clinic(public_browsing=everybody))
        change.update_mask.paths.append("public_browsing")
        return await admin(admin.directory.UpdateClinic, change)

    async def is_open() -> bool:
        try:
            return len((await visitor(visitor.directory.ListClinics, listing)).clinics) == 1
        except Refusal:
            return False

    opened = await let_in(everybody=True)
    assert opened.clinic.public_browsing
    assert "without signing in" in opened.consequences[0]
    await until(is_open)
    assert not (await let_in(everybody=False)).clinic.public_browsing

    async def is_closed() -> bool:
        return not await is_open()

    await until(is_closed)


async def test_a_visitor_follows_a_week_of_one_doctor_and_no_more(scene: Scene) -> None:
    watch = scene.visitor.schedules.WatchSlots
    stream: Any = watch(schedules.WatchSlotsRequest(doctor_ids=[scene.doctor], date=scene.day, days=7), timeout=20)
    assert [(await stream.read()).day.doctor_id for _ in range(7)] == [scene.doctor] * 7
    stream.cancel()
    for more in (
        schedules.WatchSlotsRequest(clinic_id=scene.open_clinic),
        schedules.WatchSlotsRequest(doctor_ids=[scene.doctor, scene.hidden_doctor]),
        schedules.WatchSlotsRequest(doctor_ids=[scene.hidden_doctor]),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await watch(more, timeout=20).read()
        assert Refusal.of(refused.value).reason == "TOKEN_MISSING"


async def test_visitors_wait_for_each_other_and_nobody_else_waits_for_them(scene: Scene) -> None:
    book, visitor = scene.worker.book, scene.visitor
    patient = await scene.worker.client("patient", patient_id=await book.patient())
    await slots(scene, scene.doctor)

    async def look() -> str:
        types = schedules.ListAppointmentTypesRequest(clinic_id=scene.open_clinic)
        try:
            await visitor(visitor.schedules.ListAppointmentTypes, types, seconds=30)
        except Refusal as refusal:
            return refusal.reason
        return "OK"

    async with book.locked("appointment_types"):
        calls = [asyncio.create_task(look()) for _ in range(MOST_INSIDE + 3)]
        await until(lambda: _are_done(calls, 3))
        # The others hold half of the connections, so there are some left for who has signed in.
        await patient(patient.directory.ListClinics, directory.ListClinicsRequest())
    assert sorted([await each for each in calls]) == ["OK"] * MOST_INSIDE + ["OVERLOADED"] * 3


async def test_a_search_without_a_token_leaves_the_worker_to_others_for_as_long_as_the_one_before_took(
    worker: Worker,
) -> None:
    visitors, seconds = Visitors(worker.parts.engine), 0.2
    async with visitors.place("", costly=True):
        await asyncio.sleep(seconds)
        left = time.monotonic()
    async with visitors.place("", costly=True):
        assert time.monotonic() - left >= seconds


async def test_searches_that_wait_leave_places_to_those_who_look_at_something_else(worker: Worker) -> None:
    visitors = Visitors(worker.parts.engine)

    async def search(address: str) -> None:
        async with visitors.place(address, costly=True):
            pass

    async with visitors.place("first", costly=True):
        waiting = [asyncio.create_task(search(str(number))) for number in range(MOST_COSTLY - 1)]
        await asyncio.sleep(0)
        with pytest.raises(DomainError) as refused:
            await search("another")
        assert refused.value.reason is Reason.OVERLOADED
        async with visitors.place("another", costly=False):
            pass
    await asyncio.gather(*waiting)


async def _are_done(calls: list[asyncio.Task[str]], count: int) -> bool:
    return sum(each.done() for each in calls) == count
