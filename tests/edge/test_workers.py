"""Workers that end, hang or leave, with calls and streams under way."""

import itertools
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from server.edge.render import write_workers
from server.local.processes.ports import free
from server.local.processes.process import Process
from tests.edge.clinic import Stack
from tests.edge.envoys import NEVER, NO_LIMITS, Edge, running_envoy, wait_for_readyz
from tests.edge.rest import Rest
from tests.fixtures.waiting import eventually
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest
from yoyaku.v1.schedule_service_pb2_grpc import ScheduleServiceStub

RESTARTS_SECONDS = float(os.environ.get("TEST_RESTART_SECONDS", "15"))
"""How long the rolling restart goes on; 60 and more are for a patient person."""


@dataclass
class Pair:
    """The stack's worker and another beside it, behind one Envoy."""

    edge: Edge
    ports: list[int]
    processes: list[Process] = field(default_factory=list)

    def healthy(self) -> set[int]:
        """The ports that get calls."""
        clusters = httpx.get(f"{self.edge.admin}/clusters").text
        return {
            int(port)
            for port in re.findall(r"^workers::127.0.0.1:(\d+)::health_flags::healthy$", clusters, re.MULTILINE)
        }

    def name(self, *ports: int) -> None:
        """Tell Envoy of these workers."""
        write_workers([("127.0.0.1", port) for port in ports], self.edge.directory)


@pytest.fixture(scope="module")
def pair(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Every test leaves two healthy workers."""
    (port,) = free(1)
    other = stack.launch("other", port)
    ports = [stack.port, port]
    with running_envoy(
        tmp_path_factory.mktemp("an edge"), workers=[("127.0.0.1", port) for port in ports], limits=NO_LIMITS
    ) as edge:
        wait_for_readyz(edge, 200)
        pair = Pair(edge, ports, [stack.process, other])
        eventually(lambda: pair.healthy() == set(ports))
        yield pair
    for process in pair.processes:
        process.stop(seconds=20)


@pytest.fixture
def rest(pair: Pair, stack: Stack) -> Iterator[Rest]:
    with httpx.Client(base_url=pair.edge.url, timeout=20) as http:
        rest = Rest(http, stack)
        eventually(lambda: rest("patient", "GET", "/api/doctors").status_code == 200)  # it has the keys
        yield rest


_bookings = itertools.count()
Seen = Counter[tuple[str, int, str]]
"""How many reads and bookings had which status, and which body if that is 429 or more."""


@contextmanager
def load(rest: Rest) -> Iterator[Seen]:
    """Reads and bookings, four at a time, until the end."""
    seen: Seen = Counter()
    ending = threading.Event()

    def note(kind: str, answer: httpx.Response) -> None:
        seen[kind, answer.status_code, answer.text if answer.status_code >= 429 else ""] += 1

    def read() -> None:
        while not ending.wait(0.01):
            note("read", rest("patient", "GET", f"/api/schedules/{rest.stack.clinic.doctor}"))

    def book() -> None:
        while not ending.wait(0.05):
            ahead = next(_bookings)
            day = f"{date.fromisoformat(rest.stack.clinic.day) + timedelta(days=ahead // 3 % 80)}"
            note("book", rest.book("patient", f"{ahead % 23:02}:00", date=day))

    with ThreadPoolExecutor(4) as pool:
        callers = [pool.submit(each) for each in (read, read, read, book)]
        try:
            yield seen
        finally:
            ending.set()
        for caller in callers:
            caller.result()


@dataclass
class Days:
    """A display that stays on a doctor's day, and comes back when a worker says that it closes."""

    closings: int = 0
    failures: list[str] = field(default_factory=list)
    open: bool = False
    away: float = 0.0
    """The longest time in seconds between the end of a stream and the first message of the next one."""

    def follow(self, call: Any) -> None:
        """Read a stream to its end."""
        asked = time.monotonic()
        for message in call:
            if not self.open:
                self.open, self.away = True, max(self.away, time.monotonic() - asked)
            self.closings += message.HasField("closing")
        self.open = False


@contextmanager
def watching(rest: Rest, edge: Edge) -> Iterator[Days]:
    days, ending = Days(), threading.Event()
    calls: list[Any] = []
    request = WatchSlotsRequest(doctor_ids=[rest.stack.clinic.doctor], date=rest.stack.clinic.day)
    metadata = (("authorization", f"Bearer {rest.stack.clinic.tokens['patient']}"),)

    def keep_watching() -> None:
        with grpc.insecure_channel(edge.url.removeprefix("http://")) as channel:
            while not ending.is_set():
                try:
                    calls[:] = [ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata)]
                    days.follow(calls[0])
                except grpc.RpcError as error:
                    if not ending.is_set():
                        days.failures.append(f"{error}")

    with ThreadPoolExecutor(1) as pool:
        watcher = pool.submit(keep_watching)
        try:
            yield days
        finally:
            ending.set()
            for call in calls:
                call.cancel()
        watcher.result()


def bad(seen: Seen, kind: str) -> set[tuple[int, str]]:
    """The statuses and bodies of refused and lost calls."""
    return {(status, body) for of, status, body in seen if of == kind and status >= 429}


def test_a_worker_that_hangs_gets_no_calls_until_it_goes_on(pair: Pair, rest: Rest) -> None:
    with load(rest) as seen:
        pair.processes[1].popen.send_signal(signal.SIGSTOP)
        eventually(lambda: pair.healthy() == {pair.ports[0]})
        began = sum(seen.values())
        eventually(lambda: sum(seen.values()) > began + 50)
        pair.processes[1].popen.send_signal(signal.SIGCONT)
        eventually(lambda: pair.healthy() == set(pair.ports))
    assert not bad(seen, "read")
    assert {status for status, _ in bad(seen, "book")} <= {504}


def test_a_worker_that_dies_costs_no_read(pair: Pair, rest: Rest) -> None:
    with load(rest) as seen:
        eventually(lambda: sum(seen.values()) > 30)
        pair.processes[1].popen.kill()
        pair.processes[1].popen.wait()
        eventually(lambda: pair.healthy() == {pair.ports[0]})
        began = sum(seen.values())
        eventually(lambda: sum(seen.values()) > began + 50)
        pair.processes[1] = rest.stack.launch("again", pair.ports[1])
        eventually(lambda: pair.healthy() == set(pair.ports))
    assert not bad(seen, "read")
    assert {status for status, _ in bad(seen, "book")} <= {503}


def test_streams_open_at_a_living_worker_while_a_dead_one_still_counts_as_healthy(
    pair: Pair, rest: Rest, tmp_path: Path
) -> None:
    workers = [("127.0.0.1", port) for port in pair.ports]
    request = WatchSlotsRequest(doctor_ids=[rest.stack.clinic.doctor], date=rest.stack.clinic.day)
    metadata = (("authorization", f"Bearer {rest.stack.clinic.tokens['patient']}"),)
    with running_envoy(tmp_path, workers=workers, limits=NO_LIMITS, unhealthy_threshold=NEVER) as edge:
        with httpx.Client(base_url=edge.url) as http:
            here = Rest(http, rest.stack)
            eventually(lambda: here("patient", "GET", "/api/doctors").status_code == 200)  # it has the keys
        pair.processes[1].popen.kill()
        pair.processes[1].popen.wait()
        with grpc.insecure_channel(edge.url.removeprefix("http://")) as channel:
            for _ in range(10):
                call = ScheduleServiceStub(channel).WatchSlots(request, metadata=metadata, timeout=20)
                assert next(call)
                call.cancel()
    pair.processes[1] = rest.stack.launch("after a stream", pair.ports[1])
    eventually(lambda: pair.healthy() == set(pair.ports))


def test_restarting_workers_one_by_one_fails_nothing(pair: Pair, rest: Rest) -> None:
    """As `python -m server workers --restart` does it."""
    restarts, until = 0, time.monotonic() + RESTARTS_SECONDS
    with load(rest) as seen, watching(rest, pair.edge) as days:
        while time.monotonic() < until or restarts < 2:
            (port,) = free(1)
            new = rest.stack.launch(f"new-{restarts}", port)
            old, number = pair.processes[restarts % 2], restarts % 2
            pair.name(*pair.ports, port)
            pair.processes[number], pair.ports[number] = new, port
            eventually(lambda: pair.healthy() >= set(pair.ports))
            old.stop(seconds=20)
            pair.name(*pair.ports)
            restarts += 1
        eventually(lambda: days.open)
    assert not bad(seen, "read")
    assert not bad(seen, "book")
    assert seen["book", 201, ""] > 0
    assert days.failures == []
    assert days.closings > 0
