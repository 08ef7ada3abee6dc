"""What a booking of a type costs, with and without a room, and a hold that is confirmed, beside a plain booking."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median

import grpc
from rich.table import Table

from db.postgres.cluster.engines import create_engine
from server.config import Settings
from tests.bench import cpu, parts
from tests.bench.bare import HOST
from tests.bench.calls import CREATE
from tests.bench.clinic import Booking, Clinic
from tests.bench.load import CALLS_AT_ONCE, Load, LoadError, Sender, spread
from tests.bench.targets import fill, token_of
from tests.fixtures.book import Book, Clock
from yoyaku.v1.appointment_service_pb2 import (
    ConfirmHoldRequest,
    CreateAppointmentRequest,
    HoldSlotRequest,
    HoldSlotResponse,
)

_DATABASE = "visits"
_ROOMS = 16
_WARM_UP, _COUNT = 100, 600
_HOLD, _CONFIRM = (CREATE.path.replace("CreateAppointment", name) for name in ("HoldSlot", "ConfirmHold"))


def measure(scratch: Path, tell: Callable[[str], None], rounds: int) -> Table:
    """Book in each way, by turns, and say what it cost. Raises LocalError and LoadError."""
    with ExitStack() as stack:
        server, database = parts.postgres(stack, scratch)
        server.query(f"CREATE DATABASE {_DATABASE}")
        settings = parts.settings(stack, scratch, server.url(_DATABASE))
        clinic = asyncio.run(fill(settings))
        plain, in_room = asyncio.run(_types(settings, clinic))
        worker = parts.worker(stack, settings, scratch)
        token = asyncio.run(token_of(settings, clinic.staff_id))
        names = ("a booking", "of a type", "of a type with a room", "a hold and its confirmation")
        seen: dict[str, list[Sequence[float]]] = {name: [] for name in names}
        for number in range(1, rounds + 1):
            for name, type_id in zip(names, ("", plain, in_room, None), strict=True):
                tell(f"round {number} of {rounds}: {name}")
                asyncio.run(_book(worker.port, token, list(islice(clinic.bookings, _WARM_UP)), type_id))
                used, of_database = cpu.seconds(worker.pids), cpu.seconds(cpu.family(database.pid))
                load = asyncio.run(_book(worker.port, token, list(islice(clinic.bookings, _COUNT)), type_id))
                used, of_database = (
                    cpu.seconds(worker.pids) - used,
                    cpu.seconds(cpu.family(database.pid)) - of_database,
                )
                each = (
                    used / _COUNT * 1e6,
                    of_database / _COUNT * 1e6,
                    *(load.percentile(of) * 1e3 for of in (0.5, 0.95)),
                )
                seen[name].append(each)
        return _table(seen)


async def _types(settings: Settings, clinic: Clinic) -> tuple[str, str]:
    """Two types as long as a slot: one that needs nothing, and one that needs a room."""
    engine = create_engine(settings.database_url.get_secret_value(), size=1, wait_seconds=5, application="bench")
    book = Book(engine, Clock(datetime.now(UTC)))
    for _ in range(_ROOMS):
        await book.resource(clinic.id, "room")
    types = [await book.appointment_type(clinic.id, 20, resource_kinds=kinds) for kinds in ([], ["room"])]
    await engine.dispose()
    return types[0], types[1]


async def _book(port: int, token: str, bookings: Sequence[Booking], type_id: str | None) -> Load:
    """Book each once; without a type, hold it and confirm (LoadError)."""
    metadata = [("authorization", f"Bearer {token}")]
    async with grpc.aio.insecure_channel(f"{HOST}:{port}") as channel:
        calls: Iterator[Sender] = (channel.unary_unary(path) for path in (CREATE.path, _HOLD, _CONFIRM))
        create, hold, confirm = calls

        async def send(booking: Booking) -> None:
            request = CreateAppointmentRequest.FromString(booking.message())
            try:
                if type_id is None:
                    wanted = HoldSlotRequest(
                        patient_id=request.patient_id, doctor_id=request.doctor_id, date=request.date,
                        time_slot=request.time_slot, reason=request.reason, request_id=request.request_id,
                    )  # fmt: skip
                    answer = await hold(wanted.SerializeToString(), metadata=metadata, timeout=10)
                    held = HoldSlotResponse.FromString(answer).appointment.id
                    last = ConfirmHoldRequest(appointment_id=held).SerializeToString()
                    await confirm(last, metadata=metadata, timeout=10)
                else:
                    request.appointment_type_id = type_id
                    await create(request.SerializeToString(), metadata=metadata, timeout=10)
            except grpc.aio.AioRpcError as error:
                raise LoadError(f"port {port}: {error.code().name}: {error.details()}") from None

        return await spread(bookings, [send] * CALLS_AT_ONCE)


def _table(seen: dict[str, list[Sequence[float]]]) -> Table:
    table = Table(title=f"Medians of the rounds, {CALLS_AT_ONCE} at once", title_justify="left")
    for name in ("", "CPU us", "database us", "p50 ms", "p95 ms"):
        table.add_column(name, justify="right" if name else "left")
    for name, rounds in seen.items():
        processor, database, half, most = (median(column) for column in zip(*rounds, strict=True))
        table.add_row(name, f"{processor:,.0f}", f"{database:,.0f}", f"{half:.1f}", f"{most:.1f}")
    return table
