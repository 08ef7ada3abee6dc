"""The primary hangs: its processes are there and say nothing. Also, it wakes when another has taken its place."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from db.postgres.cluster.nodes import HUNG_SECONDS
from server.rpc.calls.read_marks import READ_MARK, STALENESS
from tests.faults.conftest import finds_primary, visiting
from tests.faults.desk import TIMES, Desk, next_day
from tests.faults.history import History
from tests.faults.load import load
from tests.faults.test_failover import LONGEST_SECONDS, promote
from tests.faults.town import WORKERS, Town, town
from tests.fixtures.worker import Refusal
from tests.fixtures.workers import Fleet
from yoyaku.v1 import appointment_service_pb2 as pb

CALLS_A_SECOND = 25
OUTAGE_SECONDS = 6
REFUSED_AFTER_SECONDS = 4.5
"""Half a second before the deadline of a call that waits for the primary; a fast machine needs little over two."""
ON_THE_WAY_SECONDS = 0.3
"""An answer that was under way when the primary began to hang may show what a replica still lacks."""


@pytest.fixture
def place() -> Iterator[Town]:
    """A town for one test, which may leave it with another primary."""
    with town() as built:
        yield built


@pytest.fixture
async def fleet(place: Town) -> AsyncIterator[Fleet]:
    async with visiting(place) as there:
        yield there


async def reads(desk: Desk, outcomes: list[tuple[float, str, float]], begin: float) -> None:
    """Lists by one who wrote nothing, at a steady rate: when each began, what came of it, after how many seconds."""

    async def look(number: int) -> None:
        at = time.monotonic()
        try:
            _, metadata = await desk.seen(desk.other[number % 2])
            outcome = "marked" if STALENESS in metadata else "current"
        except Refusal as refusal:
            outcome = refusal.reason or refusal.code.name
        outcomes.append((at - begin, outcome, time.monotonic() - at))

    async with asyncio.TaskGroup() as group:
        for number in range(CALLS_A_SECOND * OUTAGE_SECONDS):
            group.create_task(look(number))
            await asyncio.sleep(1 / CALLS_A_SECOND)


async def writes(desk: Desk, outcomes: list[tuple[float, str, float]], begin: float) -> None:
    """Bookings, four a second, likewise."""
    day = next_day()

    async def book(number: int) -> None:
        at = time.monotonic()
        request = pb.CreateAppointmentRequest(
            patient_id=desk.patient_id, doctor_id=desk.doctor_id, date=day, time_slot=TIMES[number]
        )
        client = desk.writer[number % 2]
        try:
            await client(client.appointments.CreateAppointment, request, 5)
            outcome = "booked"
        except Refusal as refusal:
            outcome = refusal.reason or refusal.code.name
        outcomes.append((at - begin, outcome, time.monotonic() - at))

    async with asyncio.TaskGroup() as group:
        for number in range(4 * OUTAGE_SECONDS):
            group.create_task(book(number))
            await asyncio.sleep(0.25)


async def test_with_a_hanging_primary_reads_go_on_marked_and_writes_are_refused_at_once(
    desk: Desk, place: Town
) -> None:
    await place.caught_up()
    read: list[tuple[float, str, float]] = []
    wrote: list[tuple[float, str, float]] = []
    place.parts["primary"].send(signal.SIGSTOP)
    begin = time.monotonic()
    try:
        await asyncio.gather(reads(desk, read, begin), writes(desk, wrote, begin))
    finally:
        place.parts["primary"].send(signal.SIGCONT)
    refused = [at + seconds for at, outcome, seconds in wrote if outcome == "DATABASE_UNAVAILABLE"]
    print("reads", Counter(outcome for _, outcome, _ in read), "longest", max(seconds for *_, seconds in read))
    print("writes", Counter(outcome for _, outcome, _ in wrote), "first refused after", min(refused, default=None))
    assert Counter(outcome for _, outcome, _ in read).keys() <= {"marked", "current"}
    assert {outcome for at, outcome, _ in read if at > REFUSED_AFTER_SECONDS} == {"marked"}
    assert max(seconds for at, _, seconds in read if at > REFUSED_AFTER_SECONDS) < HUNG_SECONDS
    assert {outcome for _, outcome, _ in wrote} == {"DATABASE_UNAVAILABLE"}
    assert max(at + seconds for at, _, seconds in wrote if at < HUNG_SECONDS) < REFUSED_AFTER_SECONDS
    assert max(seconds for at, _, seconds in wrote if at > REFUSED_AFTER_SECONDS) < HUNG_SECONDS


async def test_with_a_hanging_primary_who_wrote_more_than_the_replica_has_is_told_so(desk: Desk, place: Town) -> None:
    standby, day = place.servers[1], next_day()
    await place.caught_up()
    standby.query("SELECT pg_wal_replay_pause()")
    await desk.book(day, TIMES[0])
    place.parts["primary"].send(signal.SIGSTOP)
    try:
        await asyncio.sleep(HUNG_SECONDS + 1)
        for number in range(4):
            with pytest.raises(Refusal) as refused:
                await desk.seen(desk.writer[number % 2])
            assert refused.value.reason == "DATABASE_UNAVAILABLE"
    finally:
        place.parts["primary"].send(signal.SIGCONT)
        standby.query("SELECT pg_wal_replay_resume()")


async def end_valkey(place: Town) -> None:
    place.parts["valkey"].kill()
    await place.parts["valkey"].start_again()


async def end_valkey_and_wait(desk: Desk) -> None:
    """The other worker finds Valkey back long before this one asks for it."""
    await end_valkey(desk.town)
    for _ in range(14):
        await desk.seen(desk.other[1])
        await asyncio.sleep(0.5)


async def times_missing(desk: Desk, appointment_id: str) -> int:
    """How often its owner gets a list without it, in eight seconds."""
    missing = 0
    for number in range(16):
        with suppress(Refusal):
            missing += appointment_id not in (await desk.seen(desk.writer[number % 2]))[0]
        await asyncio.sleep(0.5)
    return missing


@pytest.mark.parametrize("ended", ["before the booking", "after the booking", "in the outage"])
async def test_no_booking_is_missing_for_its_owner_when_valkey_ends(ended: str, desk: Desk, place: Town) -> None:
    await place.caught_up()
    if ended == "before the booking":
        await end_valkey_and_wait(desk)
    place.servers[1].query("SELECT pg_wal_replay_pause()")
    booked, mark = await desk.book(next_day(), TIMES[0])
    await place.received(mark)
    if ended == "after the booking":
        await end_valkey(place)
    place.parts["primary"].send(signal.SIGSTOP)
    try:
        await asyncio.sleep(HUNG_SECONDS + 0.5)
        if ended == "in the outage":
            await end_valkey(place)
        assert await times_missing(desk, booked) == 0
        # A mark that the caller brings along is proof enough, once the replica has come so far.
        place.servers[1].query("SELECT pg_wal_replay_resume()")
        await asyncio.sleep(1)
        assert booked in (await desk.seen(desk.writer[1], (READ_MARK, str(mark))))[0]
    finally:
        place.parts["primary"].send(signal.SIGCONT)


async def test_a_primary_that_wakes_after_another_took_its_place_acknowledges_nothing(place: Town) -> None:
    old, new = place.parts["primary"], place.servers[1]
    async with visiting(place) as fleet, asyncio.timeout(LONGEST_SECONDS):
        async with load(fleet, patients=16) as running:
            await asyncio.sleep(1.5)
            old.send(signal.SIGSTOP)
            hung_at = time.monotonic()
            promoting = asyncio.create_task(promote(place))
            while await asyncio.to_thread(new.query, "SELECT pg_is_in_recovery()") == "t":
                assert not promoting.done()
            old.send(signal.SIGCONT)
            said = await promoting
            assert said.startswith("0: "), said
            await running.serves_again()
            await asyncio.sleep(2)
        notes = running.notes
        later = History(
            [each for each in notes.history.bookings if each.end > hung_at + ON_THE_WAY_SECONDS],
            [each for each in notes.history.cancellings if each.end > hung_at + ON_THE_WAY_SECONDS],
        )
        lost = later.lost(await running.book())
        print(f"woke: {running.summary()}; {len(lost)} of {len(later.bookings)} acknowledged after that are lost")
        assert lost == []
        assert await running.contradictions(losses=True) == []


async def test_a_fresh_worker_writes_nothing_to_an_old_primary_while_valkey_knows_a_newer_epoch(place: Town) -> None:
    async with visiting(place) as fleet:
        async with load(fleet, patients=2) as running:
            place.parts["primary"].send(signal.SIGSTOP)
            said = await promote(place)
            assert said.startswith("0: "), said
            await running.serves_again()
        await finds_primary(fleet.book.engine)
        patient = await fleet.book.patient()
        clients = await fleet.clients("patient", patient_id=patient)
        # The new primary hangs as the old one wakes, and workers start that have seen nothing of all this.
        place.parts["standby_1"].send(signal.SIGSTOP)
        place.parts["primary"].send(signal.SIGCONT)
        try:
            for name in WORKERS:
                place.parts[name].kill()
                place.parts[name].process = place.parts[name].launch()
            await asyncio.sleep(6)
            outcomes: Counter[str] = Counter()
            for number, time_slot in enumerate(TIMES[2:14]):
                request = pb.CreateAppointmentRequest(
                    patient_id=patient, doctor_id=running.doctor_ids[0], date=running.date, time_slot=time_slot
                )
                client = clients[number % 2]
                try:
                    await client(client.appointments.CreateAppointment, request, 5)
                    outcomes["booked"] += 1
                except Refusal as refusal:
                    outcomes[refusal.code.name] += 1
            print("fresh workers", outcomes)
            assert outcomes.keys() == {"UNAVAILABLE"}
        finally:
            place.parts["standby_1"].send(signal.SIGCONT)
        await finds_primary(fleet.book.engine)
        for name in WORKERS:
            if place.parts[name].process.ended:
                await place.parts[name].start_again()
        async with load(fleet, patients=2) as again:
            await again.serves_again()
