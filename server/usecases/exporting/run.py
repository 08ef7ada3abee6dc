"""Exports the book, page by page, as it was at one moment."""

import uuid
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from db.postgres import exports
from db.postgres.booking import appointment_types, days
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import snapshot, transact
from db.postgres.directory import patients
from db.postgres.records import records
from db.postgres.records.records import RecordRow
from server.domain.ids import Clock
from server.domain.records import Access, Basis
from server.fhir.extensions import POLICY_BOUNDS
from server.usecases.exporting import directory, documents, people
from server.usecases.exporting.resources import Json
from server.usecases.records.audit_trail import AuditEntry, AuditTrail
from server.usecases.records.encryption import RecordCipher
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.unit_of_work import database_failures_as_domain_errors, read

PAGE = 500
RECORDS_PAGE = 100
"""Records are larger, and may have many versions."""
ACTOR = "export-fhir"
"""The name of the exporter in the audit trail."""
_LONGEST_HORIZON = timedelta(days=POLICY_BOUNDS["horizon_days"][1] + 1)
_FIRST = str(uuid.UUID(int=0))


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_HasId)
Page = tuple[str, Sequence[Json]]
"""A type of resource, and some resources of it."""


class Exporter:
    """Exports everything in the book; medical records only for a reason."""

    def __init__(self, engine: Engine, clock: Clock, cipher: RecordCipher, trail: AuditTrail) -> None:
        self._engine = engine
        self._clock = clock
        self._cipher = cipher
        self._trail = trail

    async def run(self, reason: str = "") -> AsyncGenerator[Page, None]:
        """Everything, in pages of bounded size, each type after those that it refers to (errors of the database).

        Medical records only with a reason, which goes into each patient's audit trail (KeyRingError, before anything is
        yielded, if a key of theirs is missing).
        """
        if reason:
            await read(self._engine, self._cipher.check)
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
                async for page in self._records(pg, reason):
                    yield page

    async def _records(self, pg: Connection, reason: str) -> AsyncGenerator[Page, None]:
        if reason:
            async for versions in _pages(pg, records.every_version, RECORDS_PAGE):
                await self._note(versions, reason)
                yield "DocumentReference", [documents.document(row, self._cipher.open(row)) for row in versions]

    async def _note(self, versions: Sequence[RecordRow], reason: str) -> None:
        """Commit an entry in the audit trail of each patient, before any text is decrypted."""
        exported: defaultdict[str, set[str]] = defaultdict(set)
        for row in versions:
            exported[row.patient_id].add(row.id)

        async def work(pg: Connection) -> None:
            for patient_id, ids in sorted(exported.items()):
                entry = AuditEntry(patient_id, ACTOR, None, Access.EXPORTED, Basis.REASON, sorted(ids), note=reason)
                await self._trail.append(pg, entry, self._clock())

        # Safe to repeat: a second time only adds a second entry.
        await transact(self._engine, work, replayable=True)

    async def _doctors(self, pg: Connection) -> AsyncGenerator[Page, None]:
        now, after_id = self._clock(), _FIRST
        types: dict[str, list[str]] = {}
        while ids := await exports.doctor_ids(pg, after_id, PAGE):
            after_id = ids[-1]
            for doctor_id in ids:
                first = now.date() - timedelta(days=1)
                # The clinic's horizon is in the answer: the longest that there may be comes back whole.
                [row] = await (await days.offer(pg, doctor_id, first, now.date() + _LONGEST_HORIZON)).fetchall()
                doctor = doctor_of(row)
                last = doctor.policy.last_day(doctor.zone, now)
                yield "PractitionerRole", [directory.role(row, doctor, now)]
                if row.clinic_id not in types:
                    at = await appointment_types.of_clinic(pg, row.clinic_id)
                    types[row.clinic_id] = [each.name for each in at if each.active]
                yield "Schedule", [directory.schedule(row, types[row.clinic_id], now, last)]
                if row.active:
                    yield "Slot", directory.slots(doctor, busy_of(row.busy), now, last)


async def _pages(
    pg: Connection, page: Callable[[Connection, str, int], Awaitable[Sequence[R]]], size: int | None = None
) -> AsyncGenerator[Sequence[R], None]:
    """All pages of a query that goes by id."""
    after_id = _FIRST
    while rows := await page(pg, after_id, size or PAGE):
        yield rows
        after_id = rows[-1].id
