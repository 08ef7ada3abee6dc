"""The streams beside the attacks: all follow one day of a doctor whom nobody else books, which changes all the time."""

import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc

from server.config import Settings
from server.local.servers import workers
from server.wiring import wired
from tests.bench.attacks.follower import OF_CONNECTION
from tests.bench.load import LoadError
from tests.bench.streams import readers_of
from tests.fixtures.book import Book, Clock
from yoyaku.v1.appointment_service_pb2 import CancelAppointmentRequest, CreateAppointmentRequest
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub
from yoyaku.v1.schedule_service_pb2 import WatchSlotsRequest

_EVERY_SECONDS = 2.0
_OPENING_SECONDS = 60
_DAYS_AHEAD = 10


@dataclass(frozen=True)
class Board:
    """The day that is followed, who changes it, and who follows it."""

    doctor_id: str
    patient_id: str
    date: str
    token: str
    readers: list[str]


async def board(settings: Settings, streams: int) -> Board:
    """Add everybody it takes to a database."""
    async with wired(settings) as parts:
        book = Book(parts.engine, Clock(datetime.now(UTC)))
        clinic_id = await book.clinic("UTC")
        doctor_id = await book.doctor(clinic_id, [("09:00", "17:00")], minutes=20)
        staff = await parts.tokens.issue(await book.account("staff", clinic_ids=[clinic_id]))
        date = (datetime.now(UTC) + timedelta(days=_DAYS_AHEAD)).date().isoformat()
        return Board(doctor_id, await book.patient(), date, str(staff), await readers_of(settings, streams))


@dataclass
class Delays:
    """What came of the changes that were made beside an attack."""

    changed: list[float] = field(default_factory=list)
    """When each was sent, in seconds since 1970."""
    seconds: list[float] = field(default_factory=list)
    """From a change that was sent to the arrival of its day; a day belongs to the last change before it."""
    missed: int = 0
    """Days that did not arrive before the next change, over all streams."""


class Streams:
    """Open streams, and changes of their day."""

    def __init__(self, port: int, followed: Board, said: Path) -> None:
        self._followed = followed
        self._said = said
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._booked = ""
        self.count = len(followed.readers) * OF_CONNECTION

    def await_open(self) -> None:
        """Until each has its first day. Raises LoadError."""
        ends = time.monotonic() + _OPENING_SECONDS
        while (found := sum(count for _, count in self._arrivals())) < self.count:
            if time.monotonic() > ends:
                raise LoadError(f"{found} of {self.count} streams were open after {_OPENING_SECONDS} s")
            time.sleep(0.2)

    @contextmanager
    def changing(self) -> Iterator[Delays]:
        """Change the day every two seconds; the delays are there at the end."""
        found, ended = Delays(), threading.Event()

        def change() -> None:
            while not ended.wait(_EVERY_SECONDS):
                found.changed.append(time.time())
                self._change()

        thread = threading.Thread(target=change)
        thread.start()
        try:
            yield found
        finally:
            ended.set()
            thread.join()
        time.sleep(_EVERY_SECONDS)
        for at, count in self._arrivals():
            if (number := bisect_right(found.changed, at)) and at < found.changed[-1] + _EVERY_SECONDS:
                found.seconds += [at - found.changed[number - 1]] * count
        found.missed = len(found.changed) * self.count - len(found.seconds)

    def _change(self) -> None:
        """Book a slot, or cancel it again."""
        stub: Any = AppointmentServiceStub(self._channel)
        metadata = (("authorization", f"Bearer {self._followed.token}"),)
        if self._booked:
            stub.CancelAppointment(CancelAppointmentRequest(appointment_id=self._booked), metadata=metadata, timeout=10)
            self._booked = ""
        else:
            asked = CreateAppointmentRequest(
                doctor_id=self._followed.doctor_id,
                patient_id=self._followed.patient_id,
                date=self._followed.date,
                time_slot="10:00",
            )
            self._booked = stub.CreateAppointment(asked, metadata=metadata, timeout=10).appointment.id

    def _arrivals(self) -> list[tuple[float, int]]:
        lines = [line.split() for line in self._said.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [(float(at), int(count)) for at, count in lines]


@contextmanager
def open_streams(port: int, followed: Board, scratch: Path) -> Iterator[Streams]:
    """Have all of them open until the end. Raises LoadError."""
    body, tokens, said = scratch / "request", scratch / "tokens", scratch / "arrivals"
    body.write_bytes(WatchSlotsRequest(doctor_ids=[followed.doctor_id], date=followed.date).SerializeToString())
    tokens.write_text("\n".join(followed.readers))
    said.touch()
    command: list[str | Path] = [
        sys.executable, "-m", "tests.bench.attacks.follower", str(port), body, tokens, said,
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=workers.ROOT) as follower:
        try:
            streams = Streams(port, followed, said)
            streams.await_open()
            yield streams
        finally:
            follower.terminate()
