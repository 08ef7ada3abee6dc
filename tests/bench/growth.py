"""The same calls on a small and on a large book: how much slower they are where there is more of everything.

Both books lie in one PostgreSQL; each has a worker. Calls go to the two by turns, one at a time, each about another
doctor, patient or day, so that nothing is answered from a cache and other work of the machine meets both alike.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import grpc
from google.protobuf.message import Message
from rich.table import Table

from db.postgres import schema
from db.postgres.cluster.engines import create_engine
from server.config import Settings
from server.local.processes.ports import HOST
from server.local.servers.postgres import PostgresServer
from server.wiring import wired
from tests.bench import parts
from tests.bench.calls import CREATE, LIST, SLOTS
from tests.bench.load import LoadError, Sender
from tests.bench.parts import Target
from tests.fixtures.book import Book, Clock
from yoyaku.v1.appointment_service_pb2 import (
    CreateAppointmentRequest,
    ListAppointmentsRequest,
    ListAppointmentsResponse,
)
from yoyaku.v1.report_service_pb2 import GetUtilizationRequest
from yoyaku.v1.schedule_service_pb2 import ListAvailableSlotsRequest

_USE = "/yoyaku.v1.ReportService/GetUtilization"
_SQL = Path(__file__).with_name("growth.sql")
_MEMORY = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
_DOCTORS_OF_CLINIC = 5
_VISITS = 22
PAST = 980
_AHEAD = 20
_FREE_DAYS = 70
_PAGE = 100
_ENDS = 10
_AGAIN = 20
_GOAL = 1.2
_SECONDS = 20


@dataclass(frozen=True)
class Size:
    """How large a book is to be; 16 appointments for each doctor and day."""

    name: str
    doctors: int
    long: int
    """Visits of the one patient whose list is paged through."""

    @property
    def appointments(self) -> int:
        return self.doctors * (PAST + _AHEAD) * 16

    @property
    def patients(self) -> int:
        """So many that each has 22 visits."""
        return self.appointments // _VISITS


SMALL = Size("73 thousand", doctors=5, long=2_000)
LARGE = Size("10 million", doctors=625, long=50_000)


@dataclass
class Side:
    """A book under measurement, and the seconds that its calls took."""

    size: Size
    worker: Target
    metadata: tuple[tuple[str, str], ...]
    seconds: dict[str, list[float]] = field(default_factory=dict)
    pages: int = 0
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)


def measure(scratch: Path, tell: Callable[[str], None]) -> list[Table]:
    """Fill both books, make the calls, and say what came of it. Raises LocalError and LoadError."""
    with ExitStack() as stack:
        server, _ = parts.postgres(stack, scratch, _MEMORY)
        sides = []
        for number, size in enumerate((SMALL, LARGE)):
            tell(f"filling a book of {size.name} appointments")
            database = f"growth_{number}"
            server.query(f"CREATE DATABASE {database}")
            settings = parts.settings(stack, scratch, server.url(database))
            asyncio.run(schema.upgrade(server.url(database)))
            fill(server, database, doctors=size.doctors, patients=size.patients, past=PAST, long=size.long)
            worker = parts.worker(stack, settings, scratch, f"worker-{number}")
            sides.append(Side(size, worker, asyncio.run(staff(settings, size.doctors))))
        asyncio.run(_call(sides, tell))
        return [_growth(sides), _depth(sides)]


def fill(server: PostgresServer, database: str, **numbers: int) -> None:
    """Fill a migrated, empty database by growth.sql, which says what the numbers are. Raises LocalError."""
    server.query("".join(f"\\set {name} {value}\n" for name, value in numbers.items()) + _SQL.read_text(), database)


async def staff(settings: Settings, doctors: int) -> tuple[tuple[str, str], ...]:
    """The credentials of somebody who works for all clinics of so many doctors."""
    engine = create_engine(settings.database_url.get_secret_value(), size=1, wait_seconds=5, application="bench")
    clinic_ids = [made(1, number) for number in range(1 + (doctors - 1) // _DOCTORS_OF_CLINIC)]
    async with wired(settings) as wiring:
        await wiring.keys.ensure()
        account = await Book(engine, Clock(datetime.now(UTC))).account("staff", clinic_ids=clinic_ids)
        token = await wiring.tokens.issue(account)
    await engine.dispose()
    return (("authorization", f"Bearer {token}"),)


def made(kind: int, number: int) -> str:
    """The id that growth.sql gives."""
    return f"0000000{kind}-0000-7000-8000-{number:012x}"


def _requests(size: Size, pick: random.Random) -> Iterator[tuple[str, str, Message]]:
    """Rounds of calls for ever: what it is, the method, the request."""
    today = datetime.now(UTC).date()
    doctors = pick.sample(range(size.doctors), SMALL.doctors)
    free = [(each, today + timedelta(days=_AHEAD + n)) for each in doctors for n in range(_FREE_DAYS)]
    pick.shuffle(free)
    for doctor, free_day in free:
        patient, doctor_id, day = made(4, pick.randrange(size.patients)), made(3, doctor), str(free_day)
        past_day = str(today - timedelta(days=pick.randrange(1, PAST)))
        hour = f"{pick.randrange(9, 17):02}:00"
        for what, message in (
            ("20 of a patient", ListAppointmentsRequest(patient_id=patient, size=20, sort="appointment_date,desc")),
            ("a doctor's day", ListAppointmentsRequest(doctor_id=doctor_id, date=past_day, size=20)),
            (
                "20 of a clinic's day",
                ListAppointmentsRequest(clinic_id=made(1, doctor // _DOCTORS_OF_CLINIC), date=past_day, size=20),
            ),
        ):
            yield what, LIST.path, message
        first = date.fromisoformat(past_day) - timedelta(days=30)
        clinic_id = made(1, doctor // _DOCTORS_OF_CLINIC)
        month = GetUtilizationRequest(clinic_id=clinic_id, from_date=str(first), to_date=past_day)
        yield "use of a clinic's 31 days", _USE, month
        yield "slots of a day", SLOTS.path, ListAvailableSlotsRequest(doctor_id=doctor_id, date=day)
        booking = CreateAppointmentRequest(patient_id=patient, doctor_id=doctor_id, date=day, time_slot=hour)
        yield "booking", CREATE.path, booking


async def _call(sides: list[Side], tell: Callable[[str], None]) -> None:
    channels = [grpc.aio.insecure_channel(f"{HOST}:{side.worker.port}") for side in sides]
    try:
        tell("the same calls on both, by turns")
        for requests in zip(*(_requests(side.size, random.Random(1)) for side in sides), strict=False):
            for side, channel, (what, path, request) in zip(sides, channels, requests, strict=True):
                side.seconds.setdefault(what, []).append((await _timed(channel, path, request, side))[0])
        for side, channel in zip(sides, channels, strict=True):
            tell(f"paging through the {side.size.long:,} visits of one patient")
            await _page(channel, side)
    finally:
        for channel in channels:
            await channel.close()


async def _timed(channel: grpc.aio.Channel, path: str, request: Message, side: Side) -> tuple[float, bytes]:
    send: Sender = channel.unary_unary(path)
    began = time.perf_counter()
    try:
        answer = await send(request.SerializeToString(), metadata=side.metadata, timeout=_SECONDS)
    except grpc.aio.AioRpcError as error:
        raise LoadError(f"{path} on the book of {side.size.name}: {error.code().name}: {error.details()}") from None
    return time.perf_counter() - began, answer


async def _page(channel: grpc.aio.Channel, side: Side) -> None:
    """Page through the long list, then ask for its first and its last pages again, by turns."""
    request = ListAppointmentsRequest(patient_id=made(4, side.size.patients), size=_PAGE)
    tokens = [""]
    while tokens[-1] or len(tokens) == 1:
        request.page_token = tokens[-1]
        _, answer = await _timed(channel, LIST.path, request, side)
        tokens.append(ListAppointmentsResponse.FromString(answer).next_page_token)
    tokens.pop()
    side.pages = len(tokens)
    for first, last in zip(tokens[:_ENDS] * _AGAIN, tokens[-_ENDS:] * _AGAIN, strict=True):
        for token, seconds in ((first, side.first), (last, side.last)):
            request.page_token = token
            seconds.append((await _timed(channel, LIST.path, request, side))[0])


def _growth(sides: list[Side]) -> Table:
    small, large = sides
    table = Table(title="Milliseconds of a call on both books, one call at a time", title_justify="left")
    sizes = [f"{side.size.name}, {name}" for name in ("p50", "p95") for side in sides]
    for name in ("call", *sizes, "ratio of p95", "goal"):
        table.add_column(name, justify="left" if name == "call" else "right")
    for what, seconds in small.seconds.items():
        found = [_percentile(each, share) for share in (0.5, 0.95) for each in (seconds, large.seconds[what])]
        goal = "" if what == "booking" else f"<= {_GOAL} x"
        table.add_row(what, *(f"{each * 1000:.2f}" for each in found), f"{found[3] / found[2]:.2f} x", goal)
    return table


def _depth(sides: list[Side]) -> Table:
    table = Table(title=f"Milliseconds of a page of {_PAGE} by page_token, medians", title_justify="left")
    for name in ("book", "pages", f"the first {_ENDS}", f"the last {_ENDS}", "ratio"):
        table.add_column(name, justify="left" if name == "book" else "right")
    for side in sides:
        first, last = median(side.first), median(side.last)
        row = (f"{side.pages:,}", f"{first * 1000:.2f}", f"{last * 1000:.2f}", f"{last / first:.2f} x")
        table.add_row(side.size.name, *row)
    return table


def _percentile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[int(share * (len(seconds) - 1))]
