"""Exports the book, page by page, as it was at one moment."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from db.postgres import exports
from db.postgres.booking import days
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import snapshot
from db.postgres.directory import patients
from server.domain.ids import Clock
from server.fhir.extensions import POLICY_BOUNDS
from server.usecases.exporting import directory, people
from server.usecases.exporting.resources import Json
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.unit_of_work import database_failures_as_domain_errors

PAGE = 500
_LONGEST_HORIZON = timedelta(days=POLICY_BOUNDS["horizon_days"][1] + 1)
_FIRST = str(uuid.UUID(int=0))


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_HasId)
Page = tuple[str, Sequence[Json]]
"""A type of resource, and some resources of it."""


class Exporter:
    """Exports everything in the book but medical records."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def run(self) -> AsyncGenerator[Page, None]:
        """Everything, in pages of bounded size, each type after those that it refers to (errors of the database)."""
        with database_failures_as_domain_errors():
            async with snapshot(self._engine) as pg:
                async for clinics in _pages(pg, exports.clinics):
                    yield "Organization", [directory.organization(row) for row in clinics]
                    yield "Location", [directory.location(row) for row in clinics]
                async for practitioners in _pages(pg, exports.practitioners):
                    yield "Practitioner", [directory.practitioner(row) for row in practitioners]
                async for page in self._doctors(pg):
                    yield page
                async for people_ in _pages(pg, patients.page):
                    yield "Patient", [people.patient(row) for row in people_]
                async for appointments in _pages(pg, exports.appointments):
                    yield "Appointment", [people.appointment(row) for row in appointments]

    async def _doctors(self, pg: Connection) -> AsyncGenerator[Page, None]:
        now, after_id = self._clock(), _FIRST
        while ids := await exports.doctor_ids(pg, after_id, PAGE):
            after_id = ids[-1]
            for doctor_id in ids:
                first = now.date() - timedelta(days=1)
                # The clinic's horizon is in the answer: the longest that there may be comes back whole.
                [row] = await (await days.offer(pg, doctor_id, first, now.date() + _LONGEST_HORIZON)).fetchall()
                doctor = doctor_of(row)
                last = doctor.policy.last_day(doctor.zone, now)
                yield "PractitionerRole", [directory.role(row, doctor, now)]
                yield "Schedule", [directory.schedule(row, now, last)]
                if row.active:
                    yield "Slot", directory.slots(doctor, busy_of(row.busy), now, last)


async def _pages(
    pg: Connection, page: Callable[[Connection, str, int], Awaitable[Sequence[R]]]
) -> AsyncGenerator[Sequence[R], None]:
    """All pages of a query that goes by id."""
    after_id = _FIRST
    while rows := await page(pg, after_id, PAGE):
        yield rows
        after_id = rows[-1].id
