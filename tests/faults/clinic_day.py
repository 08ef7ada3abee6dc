"""A clinic's day of tickets and calls on processes that are killed, checked against a plain model.

`python -m tests.faults.clinic_day` runs the large one and prints its figures.
"""

import asyncio
import math
import random
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from db.postgres.cluster.engines import Connection
from db.postgres.cluster.transaction import transact
from tests.faults.breaking import FAULTS
from tests.faults.conftest import visiting
from tests.faults.screen import QueueScreen, queue_screen
from tests.faults.ticket_model import contradictions
from tests.faults.town import Town, town
from tests.fixtures.waiting import until
from tests.fixtures.worker import Client, Refusal
from tests.fixtures.workers import Fleet
from yoyaku import Client as Watcher
from yoyaku.v1 import queue_service_pb2 as pb

KILLED = ("workers killed by turns", "valkey killed")
_RETRIED = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED", "CANCELLED", "INTERNAL", "UNKNOWN"}
_PATIENCE = 60.0
_APPOINTMENT = b"""
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, reason, version, created_at, updated_at)
SELECT %s, id, practitioner_id, clinic_id, %s, (%s AT TIME ZONE %s)::date, %s, %s, tstzrange(%s, %s), 1, 'scheduled',
    '', 1, now(), now()
FROM doctors WHERE id = %s
"""


Place = tuple[str, str]
"""A lane, and a room to which its tickets are called."""


@dataclass
class Day:
    """What was asked for and what came of it."""

    calls: dict[Place, list[tuple[str, float]]] = field(default_factory=lambda: defaultdict(list))
    """Labels and when desks were answered, in their order."""
    shown: list[dict[tuple[Place, str], float]] = field(default_factory=list)
    """For each follower, when it was first shown that a ticket is called; the last one is the queue screen."""
    contradictions: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def called(self) -> list[tuple[str, str]]:
        """Lane and label of every call."""
        return [(lane, label) for (lane, _), calls in self.calls.items() for label, _ in calls]

    def seen_after(self, follower: int) -> list[float]:
        """Seconds from the answer to each call until a follower was shown it, or a later one to the same room."""
        found = []
        for place, calls in self.calls.items():
            seen_at = math.inf
            for label, answered_at in reversed(calls):
                seen_at = min(seen_at, self.shown[follower].get((place, label), math.inf))
                found.append(max(seen_at - answered_at, 0.0))
        return sorted(found)

    def note_drawn(self, drawn: dict[str, float]) -> None:
        """Note what the screen has drawn so far: when, by label."""
        for place, calls in self.calls.items():
            self.shown[-1].update({(place, label): drawn[label] for label, _ in calls if label in drawn})

    def summary(self) -> str:
        """The figures, the followers each on a line."""
        lines = [f"{len(self.called)} calls in {self.seconds:.1f} s, {len(self.contradictions)} contradictions"]
        names = [f"told by the stream of worker {number + 1}" for number in range(len(self.shown) - 1)]
        for number, name in enumerate([*names, "drawn on the queue screen"]):
            seen = self.seen_after(number)
            median, p99, most = (seen[int(share * (len(seen) - 1))] * 1e3 for share in (0.5, 0.99, 1))
            lines.append(f"  {name} after {median:.0f} ms (median), {p99:.0f} ms (p99), {most:.0f} ms at most")
        return "\n".join(lines)


async def clinic_day(
    fleet: Fleet, place: Town, *, patients: int, doctors: int, desks: int, faults: Sequence[str], pause: float = 0.0
) -> Day:
    """Patients arrive, desks call them, two followers and a queue screen watch, and meanwhile the faults happen."""
    day, pick = Day(), random.Random(patients)
    zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"  # about noon there
    clinic = await fleet.book.clinic(zone)
    lanes = [await fleet.book.doctor(clinic, [("00:00", "23:59")]) for _ in range(doctors)]
    arrivals = await _arrivals(fleet, pick, zone, lanes, patients)
    staff = await fleet.clients("staff", clinic_ids=[clinic])
    token = str(dict(staff[0].metadata)["authorization"]).removeprefix("Bearer ")
    day.shown = [{} for _ in (*fleet.addresses, "the queue screen")]
    followers = [
        asyncio.create_task(_follow(address, token, clinic, shown))
        for address, shown in zip(fleet.addresses, day.shown, strict=False)
    ]
    opened, arrived = asyncio.Event(), asyncio.Event()
    desk_tasks = [
        asyncio.create_task(_desk(staff, lanes, f"Room {number}", day, (opened, arrived), pause))
        for number in range(desks)
    ]
    breaking: list[asyncio.Future[None]] = []
    try:
        async with queue_screen(fleet.addresses, token) as screen:
            began = time.monotonic()
            for number, arrival in enumerate(arrivals):
                if number == len(arrivals) // 3:
                    opened.set()
                if number == len(arrivals) // 2:
                    breaking += [asyncio.ensure_future(FAULTS[fault](place, fleet)) for fault in faults]
                await arrival(staff)
                await asyncio.sleep(pause / 4)
            arrived.set()
            await asyncio.gather(*desk_tasks, *breaking)
            day.seconds = time.monotonic() - began
            await until(lambda: _is_shown(day, screen), _PATIENCE)
    finally:
        for task in (*followers, *desk_tasks):
            task.cancel()
        await asyncio.wait([*followers, *desk_tasks])
    day.contradictions += await contradictions(fleet.book, day.called, lanes, patients)
    return day


async def _arrivals(
    fleet: Fleet, pick: random.Random, zone: str, lanes: Sequence[str], patients: int
) -> list[Callable[[Sequence[Client]], Awaitable[Any]]]:
    """How each patient arrives: with an appointment ahead, too late for one, or without any."""
    soon = datetime.now(UTC).replace(second=0, microsecond=0)
    rows, arrivals = [], []
    for number in range(patients):
        lane, kind = lanes[number % len(lanes)], pick.choice(("ahead", "ahead", "late", "walk-in"))
        if kind == "walk-in":
            arrivals.append(_asked("RegisterWalkIn", lane_id=lane))
            continue
        minutes = 5 * (number // len(lanes) + 1)
        start = soon + timedelta(minutes=minutes if kind == "ahead" else -15 - minutes)
        appointment_id, end = str(uuid.uuid4()), start + timedelta(minutes=5)
        patient = await fleet.book.patient()
        rows.append((appointment_id, patient, start, zone, start, end, start, end, lane))
        arrivals.append(_asked("CheckIn", appointment_id=appointment_id))

    async def work(pg: Connection) -> None:
        for row in rows:
            await pg.execute(_APPOINTMENT, row)

    await transact(fleet.book.engine, work)
    pick.shuffle(arrivals)
    return arrivals


def _asked(name: str, **fields: str) -> Callable[[Sequence[Client]], Awaitable[Any]]:
    request = getattr(pb, f"{name}Request")(request_id=str(uuid.uuid4()), **fields)
    return lambda clients: _surely(clients, name, request)


async def _surely(clients: Sequence[Client], name: str, request: Any) -> Any:
    """A call, with one request id, until a worker has answered it."""
    until, number = time.monotonic() + _PATIENCE, random.randrange(len(clients))
    while True:
        client, number = clients[number % len(clients)], number + 1
        try:
            return await client(getattr(client.queue, name), request)
        except Refusal as refused:
            if refused.code.name not in _RETRIED or time.monotonic() > until:
                raise
            await asyncio.sleep(0.05)


async def _desk(
    clients: Sequence[Client],
    lanes: Sequence[str],
    room: str,
    day: Day,
    signals: tuple[asyncio.Event, asyncio.Event],
    pause: float,
) -> None:
    """Calls from all lanes in no order, until everybody has arrived and nobody waits."""
    opened, arrived = signals
    await opened.wait()
    pick = random.Random(room)
    while True:
        was_last, empty = arrived.is_set(), 0
        for lane in pick.sample(lanes, len(lanes)):
            request = pb.CallNextRequest(lane_id=lane, room=room, request_id=str(uuid.uuid4()))
            try:
                ticket = (await _surely(clients, "CallNext", request)).ticket
            except Refusal as refused:
                if refused.reason != "LANE_EMPTY":
                    raise
                empty += 1
            else:
                day.calls[lane, room].append((ticket.label, time.monotonic()))
            await asyncio.sleep(pause)
        if was_last and empty == len(lanes):
            return


async def _follow(address: str, token: str, clinic: str, shown: dict[tuple[Place, str], float]) -> None:
    """Follow the lanes over lost connections, and note when each call is shown."""
    async with Watcher(f"http://{address}", token=token) as client:
        async for lane in client.watch_queue(clinic):
            for each in lane.now_serving:
                shown.setdefault(((lane.lane_id, each.room), each.label), time.monotonic())


async def _is_shown(day: Day, screen: QueueScreen) -> bool:
    day.note_drawn(await screen.drawn())
    return all((place, calls[-1][0]) in shown for shown in day.shown for place, calls in day.calls.items())


async def _large(place: Town) -> list[str]:
    async with visiting(place) as fleet:
        day = await clinic_day(fleet, place, patients=300, doctors=12, desks=4, faults=KILLED, pause=1.0)
    print(f"300 patients, 12 doctors, 4 desks, {' and '.join(KILLED)}: {day.summary()}")
    return day.contradictions


def main() -> None:
    """Exit code 1 if anything contradicts."""
    with town() as place:
        contradictions = asyncio.run(_large(place))
    for each in contradictions:
        print(each, file=sys.stderr)
    sys.exit(bool(contradictions))


if __name__ == "__main__":
    main()
