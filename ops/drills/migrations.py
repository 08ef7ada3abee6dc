"""`make migrations-drill`: every migration on ten million appointments, under bookings, and how these fared.

With FROM=0042 those before 0042 run without bookings, and are not in the table.

The bookings are the statements of a release that knows the first migration only: a `pre_` migration must not fail them.
A migration that gives up waiting for a table is run again, as an operator does.
"""

import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from db.postgres import schema
from db.postgres.driver.connections import connect
from tests.bench import growth, parts

SIZE = growth.LARGE
NOTICES = 1_000_000
MEMORY = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
DATABASE = "migrated"
CALLERS = 6
PAUSE_SECONDS = 0.02
LEAST_SECONDS = 2.0
"""Of bookings for each migration, which may take much less."""
FIRST, NOTIFICATIONS = "0001_pre_appointment_book", "0003_pre_notifications"
HEAD = (
    "| migration | it took, s | bookings | p95, ms | slowest, ms | failed |\n| --- | ---: | ---: | ---: | ---: | ---: |"
)
_EVENTS = """
SET session_replication_role = replica;
INSERT INTO appointment_events (appointment_id, happened_at, actor, event, note)
SELECT id, created_at, 'bench', 'booked', '' FROM appointments;
ANALYZE appointment_events
"""
_NOTICES = f"""
SET session_replication_role = replica;
INSERT INTO notifications (id, kind, appointment_id, version, channel, status, outcome, attempts, due_at, expires_at,
    created_at, updated_at)
SELECT gen_random_uuid(), 'confirmation', id, 1, 'email', 'sent', '', 1, start_at, start_at, start_at, start_at
FROM appointments LIMIT {NOTICES};
ANALYZE notifications
"""  # noqa: S608  # a constant
_LOCK_DAY = """
INSERT INTO schedule_days (doctor_id, date, revision, changed_at) VALUES (%(doctor)s, %(day)s, 1, now())
ON CONFLICT (doctor_id, date) DO UPDATE SET revision = schedule_days.revision + 1, changed_at = now()
"""
_BOOK = """
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, held_until, reason, version, created_at, updated_at)
SELECT gen_random_uuid(), d.id, d.practitioner_id, d.clinic_id, %(patient)s, %(day)s, s, s + interval '20 minutes',
    tstzrange(s, s + interval '20 minutes'), 1, 'scheduled', NULL, '', 1, now(), now()
FROM doctors d,
    LATERAL (SELECT (%(day)s::date + time '09:00' + %(slot)s * interval '20 minutes') AT TIME ZONE 'UTC' AS s)
WHERE d.id = %(doctor)s RETURNING id
"""
_TELL = """
INSERT INTO appointment_events (appointment_id, happened_at, actor, event, note)
VALUES (%(id)s, now(), 'bench', 'booked', '')
"""
_SLOTS = 24


@dataclass(slots=True)
class Bookings:
    """Callers who book one free slot after the other."""

    url: str
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    async def go_on(self) -> None:
        """Book until cancelled."""
        pg = await connect(self.url, "yoyaku-drill")
        async with pg:
            while True:
                began = time.perf_counter()
                number = next(self.numbers)
                try:
                    try:
                        await self._book(pg, number)
                    except psycopg.errors.DeadlockDetected:  # workers try such a transaction again
                        await self._book(pg, number)
                    self.seconds.append(time.perf_counter() - began)
                except psycopg.Error:
                    self.failed += 1
                await asyncio.sleep(PAUSE_SECONDS)

    async def _book(self, pg: psycopg.AsyncConnection[tuple[object, ...]], number: int) -> None:
        rest, doctor = divmod(number, SIZE.doctors)
        ahead, slot = divmod(rest, _SLOTS)
        patient, day = growth.made(4, number % SIZE.patients), f"{ahead + 21} days"
        async with pg.transaction():
            asked = {"doctor": growth.made(3, doctor), "patient": patient, "slot": slot}
            row = await (await pg.execute("SELECT current_date + %s::interval", (day,))).fetchone()
            asked["day"] = str(row[0])[:10] if row else ""
            await pg.execute(_LOCK_DAY, asked)
            booked = await (await pg.execute(_BOOK, asked)).fetchone()
            await pg.execute(_TELL, {"id": booked[0] if booked else None})

    def take(self) -> tuple[list[float], int]:
        """What was measured since the last time."""
        found = self.seconds or [0.0], self.failed
        self.seconds, self.failed = [], 0
        return found


def row(name: str, took: float, seconds: list[float], failed: int) -> str:
    """A line of the table."""
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return f"| {name} | {took:.1f} | {len(seconds)} | {p95 * 1e3:.0f} | {max(seconds) * 1e3:.0f} | {failed} |"


async def migrate(url: str, name: str) -> int:
    """Run one migration; how often it gave up first."""
    for tries in itertools.count():
        try:
            await schema.upgrade(url, to=name)
        except schema.TableInUse:
            await asyncio.sleep(1)
        else:
            return tries
    return 0


async def under_bookings(url: str, name: str, bookings: Bookings) -> str:
    """Run one migration while callers book; its line of the table. Without a name: only the bookings."""
    callers = [asyncio.create_task(bookings.go_on()) for _ in range(CALLERS)]
    began = time.monotonic()
    if name:
        tries = await migrate(url, name)
        took = time.monotonic() - began
        await asyncio.sleep(max(0.5, LEAST_SECONDS - took))
        called = f"`{name}`" + (f", after giving up {tries} times" if tries else "")
    else:
        await asyncio.sleep(LEAST_SECONDS * 5)
        took, called = 0.0, "none"
    for each in callers:
        each.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    return row(called, took, *bookings.take())


async def drill(url: str, names: list[str], first: str, fill: Callable[[str], None]) -> None:
    """Run the migrations, those from `first` on under bookings, and call `fill` with the name of each that has run."""
    bookings = Bookings(url)
    before = [name for name in names if name < first]
    for name in before:
        await migrate(url, name)
        await asyncio.to_thread(fill, name)
    print(f"{HEAD}\n{await under_bookings(url, '', bookings)}", flush=True)
    for name in names[len(before) :]:
        print(await under_bookings(url, name, bookings), flush=True)
        await asyncio.to_thread(fill, name)


def main() -> None:
    """Fill the book, then migrate it."""
    first = (sys.argv[1:] or [""])[0]
    names = schema.names()[1:]
    if first and not any(name.startswith(first) for name in names):
        sys.exit(f"error: no migration begins with {first}; the newest is {names[-1]}")
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, _ = parts.postgres(stack, scratch, MEMORY)
        server.query(f"CREATE DATABASE {DATABASE}")
        url = server.url(DATABASE)
        asyncio.run(schema.upgrade(url, to=FIRST))
        growth.fill(server, DATABASE, doctors=SIZE.doctors, patients=SIZE.patients, past=growth.PAST, long=SIZE.long)
        server.query(_EVENTS, DATABASE)

        def fill(name: str) -> None:
            if name == NOTIFICATIONS:
                server.query(_NOTICES, DATABASE)

        asyncio.run(drill(url, names, first, fill))


if __name__ == "__main__":
    main()
