"""The feed of a clinic while many write to it, over two worker processes."""

import asyncio
from collections import Counter, defaultdict
from itertools import cycle
from random import Random
from typing import Any

import grpc

from tests.fixtures.book import Book
from tests.fixtures.feed import event_of, following
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from tests.races.calls import DAY, booking, create
from yoyaku.v1 import appointment_service_pb2 as pb

SLOTS = [f"{hour:02}:{minute}" for hour in range(9, 12) for minute in ("00", "30")]
ROUNDS = 6


async def change_at_random(clients: list[Client], patient: str, doctors: list[str], random: Random) -> list[Any]:
    """Book, move between doctors, and cancel; (appointment, event, revisions by doctor) of what was done."""
    done = []
    for _ in range(ROUNDS):
        client, doctor, other = random.choice(clients), *random.sample(doctors, 2)
        try:
            booked = await create(client, booking(patient, doctor, random.choice(SLOTS)))
            done.append((booked.appointment.id, "booked", {doctor: booked.revision}))
            move = pb.RescheduleAppointmentRequest(
                appointment_id=booked.appointment.id, doctor_id=other, date=DAY, time_slot=random.choice(SLOTS)
            )
            moved = await client(client.appointments.RescheduleAppointment, move)
            revisions = {each.doctor_id: each.revision for each in moved.day_revisions}
            done.append((booked.appointment.id, "rescheduled", revisions))
            cancel = pb.CancelAppointmentRequest(appointment_id=booked.appointment.id)
            cancelled = await client(client.appointments.CancelAppointment, cancel)
            done.append((booked.appointment.id, "cancelled", {other: cancelled.revision}))
        except Refusal as refusal:
            if refusal.code is not grpc.StatusCode.ALREADY_EXISTS:
                raise
    return done


async def read_with_interruptions(clients: list[Client], clinic: str, count: int, random: Random) -> list[Any]:
    """So many changes from the beginning, coming back to either worker after a few of them."""
    found: list[Any] = []
    position, workers = "1.0", cycle(clients)
    while len(found) < count:
        async with following(next(workers), clinic, position) as feed:
            for _ in range(min(random.randint(1, 8), count - len(found))):
                change = await feed.change()
                found.append((change.appointment_id, event_of(change)))
            position = feed.position
    return found


async def test_readers_that_come_and_go_see_each_change_once_in_commit_order(fleet: Fleet, book: Book) -> None:
    random = Random(5)
    here, there = await book.clinic(), await book.clinic()
    doctors = [await book.doctor(clinic) for clinic in (here, here, there, there)]
    clinics = dict(zip(doctors, (here, here, there, there), strict=True))
    clients = await fleet.clients("staff", clinic_ids=[here, there])
    patients = [await book.patient() for _ in range(8)]
    writing = asyncio.gather(*(change_at_random(clients, each, doctors, random) for each in patients))
    early = asyncio.create_task(read_with_interruptions(clients, here, 10, random))
    done = [each for some in await writing for each in some]

    expected = {clinic: Counter[Any]() for clinic in (here, there)}
    for appointment, event, revisions in done:
        for clinic in {clinics[doctor] for doctor in revisions}:
            expected[clinic][appointment, event] += 1
    revision_of = {(appointment, event): revisions for appointment, event, revisions in done}
    for clinic in (here, there):
        told = await read_with_interruptions(clients, clinic, expected[clinic].total(), random)
        assert Counter(told) == expected[clinic]
        # The revisions of a doctor's day rise in commit order: so must they in the order of the feed.
        rising: dict[str, list[int]] = defaultdict(list)
        for change in told:
            for doctor, revision in revision_of[change].items():
                if clinics[doctor] == clinic:
                    rising[doctor].append(revision)
        assert all(revisions == sorted(revisions) for revisions in rising.values())
        if clinic == here:
            assert await early == told[:10]
    assert len(done) > ROUNDS * len(patients) // 2  # some are refused, since others were faster
    assert await book.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
