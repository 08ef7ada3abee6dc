"""Rounds of measurements: in each, every program makes every call, one after another, since the machine is noisy."""

import asyncio
import http.client
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median

from server.local.processes.ports import HOST
from tests.bench import cpu
from tests.bench.calls import CREATE, LIST, SLOTS, BenchCall
from tests.bench.clinic import Booking
from tests.bench.load import CALLS_AT_ONCE, Hammer, Load, book_grpc, book_rest
from tests.bench.parts import Target
from tests.bench.targets import Targets

COUNTS = {SLOTS: 2_500, LIST: 2_000, CREATE: 600}
"""How often a measurement makes a call."""
WARM_UP = 100
"""Calls before a measurement."""
_ALONE = 500
_BOOK = "/api/appointments"


@dataclass(frozen=True)
class Figures:
    """One measurement of one call of one program; times in microseconds."""

    cpu: float
    database: float
    rate: float
    p50: float
    p95: float


@dataclass
class Results:
    """The figures of all rounds, by call and program; `alone` has those of one call at a time."""

    figures: dict[tuple[str, str], list[Figures]] = field(default_factory=dict)
    alone: dict[str, list[Figures]] = field(default_factory=dict)
    worker_mb: float = 0.0
    """Memory of our worker after all of that."""

    def median(self, call: str, target: str, value: Callable[[Figures], float]) -> float:
        """The median over the rounds."""
        return median(map(value, self.figures[call, target]))

    def ratio(self, call: str, over: str, under: str) -> float:
        """The median over the rounds of CPU per call of one program in that of another."""
        pairs = zip(self.figures[call, over], self.figures[call, under], strict=True)
        return median(a.cpu / b.cpu for a, b in pairs)


@dataclass(frozen=True)
class Bench:
    """Measures the programs."""

    targets: Targets
    scratch: Path

    def run(self, calls: Sequence[BenchCall], rounds: int, tell: Callable[[str], None]) -> Results:
        """All programs and calls, `rounds` times. Raises LoadError."""
        results, targets = Results(), self.targets
        for number in range(1, rounds + 1):
            hammer = Hammer(self.scratch, targets.token())
            for call in calls:
                for target in (targets.limit, targets.ours, targets.alternative, targets.edge):
                    tell(f"round {number} of {rounds}: {call.name}, {target.name}")
                    found = self._measure(target, call, hammer)
                    results.figures.setdefault((call.name, target.name), []).append(found)
            for target in (targets.ours, targets.edge) if SLOTS in calls else ():
                tell(f"round {number} of {rounds}: one call at a time, {target.name}")
                results.alone.setdefault(target.name, []).append(self._measure_alone(target, hammer))
        results.worker_mb = cpu.resident_mb(targets.ours.pids[0])
        return results

    def _measure_alone(self, target: Target, hammer: Hammer) -> Figures:
        self._read(target, SLOTS, hammer, WARM_UP, 1)
        return self._meter(target, _ALONE, lambda: self._read(target, SLOTS, hammer, _ALONE, 1))

    def _measure(self, target: Target, call: BenchCall, hammer: Hammer) -> Figures:
        count = COUNTS[call]
        if call == CREATE:
            self._book(target, hammer, self._bookings(WARM_UP))
            bookings = self._bookings(count)
            return self._meter(target, count, lambda: self._book(target, hammer, bookings))
        self._read(target, call, hammer, WARM_UP, CALLS_AT_ONCE)
        return self._meter(target, count, lambda: self._read(target, call, hammer, count, CALLS_AT_ONCE))

    def _meter(self, target: Target, count: int, work: Callable[[], Load]) -> Figures:
        before, database_before = cpu.seconds(target.pids), self.targets.database_seconds()
        load = work()
        used, database = cpu.seconds(target.pids) - before, self.targets.database_seconds() - database_before
        return Figures(
            cpu=used / count * 1e6,
            database=database / count * 1e6,
            rate=count / load.seconds,
            p50=load.percentile(0.50) * 1e6,
            p95=load.percentile(0.95) * 1e6,
        )

    def _read(self, target: Target, call: BenchCall, hammer: Hammer, count: int, at_once: int) -> Load:
        clinic, answer_bytes = self.targets.clinic, self.targets.answers[call.name]
        message, path = {
            SLOTS: (clinic.slots_message(), clinic.slots_path()),
            LIST: (clinic.list_message(), clinic.list_path()),
        }[call]
        if target in (self.targets.edge, self.targets.alternative):
            size = _size(target.port, path, hammer.token)
            return hammer.rest(target.port, path, count, at_once=at_once, answer_bytes=size)
        if target == self.targets.limit and call == LIST:
            message = clinic.regular_id.encode()
        return hammer.grpc(target.port, call.path, message, count, at_once=at_once, answer_bytes=answer_bytes)

    def _bookings(self, count: int) -> Sequence[Booking]:
        return list(islice(self.targets.clinic.bookings, count))

    def _book(self, target: Target, hammer: Hammer, bookings: Sequence[Booking]) -> Load:
        if target in (self.targets.edge, self.targets.alternative):
            return asyncio.run(book_rest(target.port, _BOOK, [each.body() for each in bookings], hammer.token))
        of_limit = target == self.targets.limit
        messages = [each.rows() if of_limit else each.message() for each in bookings]
        return asyncio.run(book_grpc(target.port, CREATE.path, messages, hammer.token))


def _size(port: int, path: str, token: str) -> int:
    """How many bytes a REST answer has."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.request("GET", path, headers={"authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != http.client.OK:
        raise AssertionError(f"{path} on port {port} answers {answer.status}: {body.decode()}")
    return len(body)
