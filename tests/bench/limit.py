"""The limit of the three calls: ready bytes; after one bare select; after one pipelined transaction.

`python -m tests.bench.limit PORT DATABASE_URL DIRECTORY` answers with the files slots, list and create of a directory.
The body of a list is the patient's id; that of a booking is the rows to write, as JSON (see `Booking.rows`).
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import uvloop
from psycopg.types.string import TextLoader

from db.postgres.booking.appointments import SELECT
from tests.bench.bare import Handler, ready, serve
from tests.bench.calls import CREATE, LIST, SLOTS

_CONNECTIONS = 8
_LIST = f"{SELECT} WHERE a.patient_id = %s ORDER BY a.date DESC, a.start_at DESC, a.id DESC LIMIT 20"
_DAY = """
INSERT INTO schedule_days (doctor_id, date, revision, changed_at) VALUES (%(doctor_id)s, %(date)s, 1, now())
ON CONFLICT (doctor_id, date) DO UPDATE SET revision = schedule_days.revision + 1, changed_at = excluded.changed_at
"""
_APPOINTMENT = """
INSERT INTO appointments (id, doctor_id, practitioner_id, clinic_id, patient_id, date, start_at, end_at, during, seat,
    status, held_until, reason, version, created_at, updated_at)
VALUES (%(id)s, %(doctor_id)s, %(practitioner_id)s, %(clinic_id)s, %(patient_id)s, %(date)s, %(start_at)s, %(end_at)s,
    tstzrange(%(start_at)s, %(end_at)s), 1, 'scheduled', NULL, %(reason)s, 1, now(), now())
"""
_EVENT = """
INSERT INTO appointment_events (appointment_id, happened_at, actor, event, note)
VALUES (%(id)s, now(), %(actor)s, 'booked', '')
"""
_JOB = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args)
VALUES ('changes', 'announce', jsonb_build_object('appointment_id', %(id)s::text, 'kind', 'confirmation', 'version', 1))
"""
_FEED = """
WITH feed AS (
    INSERT INTO clinic_feeds AS feed (clinic_id, seq) VALUES (%(clinic_id)s, 1)
    ON CONFLICT (clinic_id) DO UPDATE SET seq = feed.seq + 1 RETURNING clinic_id, seq
)
INSERT INTO appointment_changes (clinic_id, seq, appointment_id, event, happened_at)
SELECT clinic_id, seq, %(id)s, 'booked', now() FROM feed
"""
_KEY = """
INSERT INTO idempotency_keys (caller_id, request_id, digest, response, created_at)
VALUES (%(actor)s, %(request_id)s, '\\x00', %(response)s, now())
"""


class _Database:
    """A stack of open connections."""

    def __init__(self) -> None:
        self._idle: asyncio.LifoQueue[psycopg.AsyncConnection[Any]] = asyncio.LifoQueue()

    async def open(self, url: str) -> None:
        for _ in range(_CONNECTIONS):
            pg = await psycopg.AsyncConnection.connect(url, autocommit=True)
            pg.adapters.register_loader("uuid", TextLoader)
            self._idle.put_nowait(pg)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        pg = await self._idle.get()
        try:
            yield pg
        finally:
            self._idle.put_nowait(pg)


def _select(database: _Database, answer: bytes) -> Handler:
    async def handle(request: bytes, context: Any) -> bytes:
        async with database.connection() as pg:
            await (await pg.execute(_LIST.encode(), (request.decode(),))).fetchall()
        return answer

    return handle


def _write(database: _Database, answer: bytes) -> Handler:
    async def handle(request: bytes, context: Any) -> bytes:
        rows = json.loads(request) | {"response": answer}
        async with database.connection() as pg, pg.pipeline():
            for statement in (b"BEGIN", *(each.encode() for each in (_KEY, _DAY, _APPOINTMENT, _EVENT, _JOB, _FEED))):
                await pg.execute(statement, rows)
            await pg.execute(b"COMMIT")
        return answer

    return handle


async def _main(port: int, url: str, answers: Path) -> None:
    database = _Database()
    await database.open(url)
    handlers = {
        SLOTS.path: ready((answers / SLOTS.name).read_bytes()),
        LIST.path: _select(database, (answers / LIST.name).read_bytes()),
        CREATE.path: _write(database, (answers / CREATE.name).read_bytes()),
    }
    await serve(port, handlers)


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
