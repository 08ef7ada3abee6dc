"""Loads many rows at once with COPY. All constraints apply: one row that breaks one makes the whole load fail."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

from db.postgres.cluster.engines import Connection, Engine, connection
from db.postgres.driver.translation import translated


class PatientCopy(NamedTuple):
    """A row of `patients`."""

    id: str
    name: str
    birth_date: date
    phone: str
    email: str
    version: int
    created_at: datetime
    updated_at: datetime


class AppointmentCopy(NamedTuple):
    """A row of `appointments`, with any status but `held`."""

    id: str
    doctor_id: str
    practitioner_id: str
    clinic_id: str
    patient_id: str
    date: date
    start_at: datetime
    end_at: datetime
    during: str
    """A tstzrange as `days.period` makes it."""
    seat: int
    utc_offset_minutes: int
    status: str
    reason: str
    version: int
    created_at: datetime
    updated_at: datetime


class EventCopy(NamedTuple):
    """A row of `appointment_events`."""

    appointment_id: str
    happened_at: datetime
    actor: str
    event: str
    note: str


class DayCopy(NamedTuple):
    """A row of `schedule_days`."""

    doctor_id: str
    date: date
    revision: int
    changed_at: datetime


_UNHURRIED = """
SELECT set_config(name, '0', true)
FROM unnest('{statement_timeout, lock_timeout, idle_in_transaction_session_timeout}'::text[]) AS name
"""
_TABLES = "patients, patient_identifiers, appointments, appointment_events, schedule_days"
# Keeps out other loads and autovacuum, which would not count the uncommitted rows and would record that the tables are
# empty; foreign keys would then be checked with an index that has the id last, for minutes. Normal reads and writes go
# on.
_LOCK = f"LOCK TABLE {_TABLES} IN SHARE UPDATE EXCLUSIVE MODE"
_ANALYZE = f"ANALYZE {_TABLES}"


@asynccontextmanager
async def loading(engine: Engine) -> AsyncIterator[Connection]:
    """One transaction without time limits, for one load at a time; raises the errors of db.errors."""
    node = engine.primary
    async with connection(engine) as pg:
        with translated():
            # Not with `transact`, because COPY is not possible in its pipeline. After a failure the pool rolls back.
            await pg.execute("BEGIN")
            await pg.execute(_UNHURRIED)
            await pg.execute(_LOCK)
            yield pg
            await pg.execute("COMMIT")
    await engine.confirm(node)


async def add_patients(pg: Connection, rows: Iterable[PatientCopy]) -> None:
    """Add patients."""
    await _copy(pg, "patients", PatientCopy._fields, rows)


async def name_patients(pg: Connection, names: Iterable[tuple[str, str, str]]) -> None:
    """Add identifiers (system, value, patient_id) of patients."""
    await _copy(pg, "patient_identifiers", ("system", "value", "patient_id"), names)


async def add_appointments(pg: Connection, rows: Iterable[AppointmentCopy]) -> None:
    """Add appointments."""
    await _copy(pg, "appointments", AppointmentCopy._fields, rows)


async def add_events(pg: Connection, rows: Iterable[EventCopy]) -> None:
    """Add events of appointments."""
    await _copy(pg, "appointment_events", EventCopy._fields, rows)


async def add_days(pg: Connection, rows: Iterable[DayCopy]) -> None:
    """Add days of doctors that have no row yet."""
    await _copy(pg, "schedule_days", DayCopy._fields, rows)


async def analyze(pg: Connection) -> None:
    """Update the planner's statistics of the tables at once."""
    await pg.execute(_ANALYZE)


async def _copy(pg: Connection, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    async with pg.psycopg.cursor().copy(statement.encode()) as copy:
        for row in rows:
            await copy.write_row(row)
