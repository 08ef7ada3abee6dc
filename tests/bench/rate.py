"""How many bookings a second: of our workers, and of PostgreSQL when pgbench sends it the statements of a booking.

Once over many days of doctors, once all on one day of one doctor, whose row every booking locks until its COMMIT. Both
work on one database with fsync, sixteen at once; who wins a slot is settled beforehand, so that none is refused.
"""

import asyncio
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

from rich.table import Table

from db.postgres import idempotency, schema
from db.postgres.booking import appointments, days, feed
from server.config import Settings
from server.local.processes.ports import HOST
from server.local.servers.postgres import PostgresServer
from tests.bench import growth, parts
from tests.bench.calls import CREATE
from tests.bench.growth import made
from tests.bench.load import CALLS_AT_ONCE, LoadError, book_grpc
from yoyaku.v1.appointment_service_pb2 import CreateAppointmentRequest

_DATABASE = "rate"
_WORKERS = 2
_DOCTORS, _PATIENTS = 100, 20_000
_HOT_MINUTES, _HOT_SEATS = 5, 50
_SLA_PER_MINUTE = 50
_TPS = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_FAILED = re.compile(r"number of failed transactions: (\d+)")


@dataclass(frozen=True)
class Spread:
    """Where the bookings go: booking n to slot n % slots of a day, then to the next doctor, then to the next day."""

    name: str
    first_doctor: int
    doctors: int
    minutes: int
    slots: int
    seats: int
    first_patient: int
    ours: int
    theirs: int
    reads: str
    """How a booking reads what is busy: the whole day, or of a day that holds many what is in its way."""

    def place(self, number: int) -> tuple[int, int, int]:
        """Doctor, day after the first, slot of a booking."""
        rest, slot = divmod(number, self.slots)
        rest, doctor = divmod(rest // self.seats, self.doctors)
        return self.first_doctor + doctor, rest, slot


MANY = Spread(
    "many days of 99 doctors",
    1,
    _DOCTORS - 1,
    20,
    24,
    1,
    0,
    ours=3_200,
    theirs=4_800,
    reads="_OFFERS_OF_PRACTITIONER_ON_A_DAY",
)
HOT = Spread(
    "one day of one doctor",
    0,
    1,
    _HOT_MINUTES,
    96,
    _HOT_SEATS,
    10_000,
    ours=1_600,
    theirs=2_400,
    reads="_OFFERS_OF_PRACTITIONER",
)
_FIRST_DAY = {"ours": 50, "theirs": 30}
"""Days from today on; until then the book is as growth.sql fills it."""

_START = "(current_date + (:day)::int + time '09:00' + (:slot)::int * interval '{minutes} minutes') AT TIME ZONE 'UTC'"
_VALUES = {
    "caller_id": "'bench'", "request_id": "made(0, :n)", "digest": "'\\x00'::bytea", "response": "'\\x00'::bytea",
    "now": "now()", "forgotten": "now() - interval '1 day'", "doctor_id": "made(3, :doctor)",
    "practitioner_id": "made(2, :doctor)", "clinic_id": "made(1, :doctor / 5)", "patient_id": "made(4, :patient)",
    "doctor_ids": "ARRAY[made(3, :doctor)]", "dates": "ARRAY[current_date + (:day)::int]",
    "date": "(current_date + (:day)::int)", "id": "made(7, :n)", "ids": "ARRAY[made(7, :n)]", "seat": "(:seat)::int",
    "status": "'scheduled'", "reason": "'check-up'", "events": "ARRAY['booked']",
    "actors": "ARRAY['bench']", "notes": "ARRAY['']", "left": "ARRAY[NULL]",
    "kinds": "ARRAY['confirmation']", "first": "(current_date + (:day)::int)",
    "start_at": "({start})", "end_at": "({start} + interval '{minutes} minutes')",
    "busy_until": "({start} + interval '{minutes} minutes')",
    "period": "tstzrange({start}, {start} + interval '{minutes} minutes')",
}  # fmt: skip
_MAKE_HOT = "UPDATE working_sessions SET slot_minutes = {minutes}, capacity = {seats} WHERE doctor_id = made(3, 0)"


def _trips(spread: Spread) -> Sequence[Sequence[tuple[ModuleType | None, str]]]:
    """The statements of a booking as Booking sends them, by round trips."""
    return (
        (
            (None, "BEGIN"), (idempotency, "_CLAIM"), (days, "_RAISE"), (appointments, "_LOCK_PATIENT"),
            (days, spread.reads), (appointments, "_OF_PATIENT_AROUND"),
        ),
        ((appointments, "_INSERT"), (feed, "_ADD"), (idempotency, "_ANSWER"), (None, "COMMIT")),
    )  # fmt: skip


def measure(scratch: Path, tell: Callable[[str], None]) -> Table:
    """Fill a book, book by both, and say what came of it. Raises LocalError and LoadError."""
    with ExitStack() as stack:
        server, _ = parts.postgres(stack, scratch)
        settings = _filled(stack, server, scratch)
        token = asyncio.run(growth.staff(settings, _DOCTORS))[0][1].removeprefix("Bearer ")
        workers = [parts.worker(stack, settings, scratch, f"worker-{number}") for number in range(_WORKERS)]
        table = Table(title=f"Bookings a second, {CALLS_AT_ONCE} at once", title_justify="left")
        for name in ("where", f"yoyaku, {_WORKERS} workers", "PostgreSQL by pgbench", "ratio", "of the SLA"):
            table.add_column(name, justify="left" if name == "where" else "right")
        for spread in (MANY, HOT):
            tell(f"{spread.name}: by our workers")
            ours = asyncio.run(_book([each.port for each in workers], spread, token))
            tell(f"{spread.name}: by pgbench")
            theirs = _pgbench(server, spread, scratch)
            sla = f"{ours * 60 / _SLA_PER_MINUTE:,.0f} x"
            table.add_row(spread.name, f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f} x", sla)
        return table


def _filled(stack: ExitStack, server: PostgresServer, scratch: Path) -> Settings:
    server.query(f"CREATE DATABASE {_DATABASE}")
    settings = parts.settings(stack, scratch, server.url(_DATABASE))
    asyncio.run(schema.upgrade(server.url(_DATABASE)))
    growth.fill(server, _DATABASE, doctors=_DOCTORS, patients=_PATIENTS, past=0, long=0)
    server.query(_MAKE_HOT.format(minutes=_HOT_MINUTES, seats=_HOT_SEATS), _DATABASE)
    return settings


async def _book(ports: list[int], spread: Spread, token: str) -> float:
    messages = list(_messages(spread))
    shares = [messages[number :: len(ports)] for number in range(len(ports))]
    at_once = CALLS_AT_ONCE // len(ports)
    each = [
        book_grpc(port, CREATE.path, share, token, at_once=at_once) for port, share in zip(ports, shares, strict=True)
    ]
    return len(messages) / max(load.seconds for load in await asyncio.gather(*each))


def _messages(spread: Spread) -> Iterator[bytes]:
    first = datetime.combine(datetime.now(UTC).date(), datetime.min.time(), UTC) + timedelta(hours=9)
    for number in range(spread.ours):
        doctor, day, slot = spread.place(number)
        start = first + timedelta(days=_FIRST_DAY["ours"] + day, minutes=slot * spread.minutes)
        request = CreateAppointmentRequest(
            patient_id=made(4, spread.first_patient + number),
            doctor_id=made(3, doctor),
            reason="check-up",
            request_id=made(8, spread.first_doctor * 1_000_000 + number),
        )
        request.start_time.FromDatetime(start)
        yield request.SerializeToString()


def _pgbench(server: PostgresServer, spread: Spread, scratch: Path) -> float:
    script = scratch / "booking.sql"
    script.write_text(_script(spread))
    each = spread.theirs // CALLS_AT_ONCE
    command: list[str | Path] = [
        server.programs / "pgbench", "-n", "-h", HOST, "-p", str(server.port), "-U", "postgres", "-M", "prepared",
        "-c", str(CALLS_AT_ONCE), "-j", "2", "-t", str(each), "-D", "i=-1", "-f", script, _DATABASE,
    ]  # fmt: skip
    # Planned once, as on connections of ours.
    options = "-c plan_cache_mode=force_generic_plan"
    environment = os.environ | {"PGPASSWORD": server.password, "PGOPTIONS": options}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    rate, failed = _TPS.search(done.stdout), _FAILED.search(done.stdout)
    if done.returncode != 0 or not rate or not failed or failed[1] != "0":
        raise LoadError(f"pgbench failed: {done.stderr.strip() or done.stdout.strip()}")
    return float(rate[1])


def _script(spread: Spread) -> str:
    values = {
        name: value.format(start=_START.format(minutes=spread.minutes), minutes=spread.minutes)
        for name, value in _VALUES.items()
    }
    # Clients stay out of each other's slots as our bookings do; the numbers of a spread are its own.
    lines = [
        "\\set i :i + 1",
        f"\\set nth :i * {CALLS_AT_ONCE} + :client_id",
        f"\\set n {spread.first_doctor} * 1000000 + :nth",
        f"\\set slot :nth % {spread.slots}",
        f"\\set seat 1 + :nth / {spread.slots} % {spread.seats}",
        f"\\set doctor {spread.first_doctor} + :nth / {spread.slots * spread.seats} % {spread.doctors}",
        f"\\set day {_FIRST_DAY['theirs']} + :nth / {spread.slots * spread.seats * spread.doctors}",
        f"\\set patient {spread.first_patient} + :nth",
    ]
    for trip in _trips(spread):
        lines += [
            "\\startpipeline",
            *(f"{_statement(module, name, values)};" for module, name in trip),
            "\\endpipeline",
        ]
    return "\n".join(lines) + "\n"


def _statement(module: ModuleType | None, name: str, values: Mapping[str, str]) -> str:
    text = name if module is None else str(vars(module)[name])
    return re.sub(r"%\((\w+)\)s", lambda match: values[match[1]], text).strip()
