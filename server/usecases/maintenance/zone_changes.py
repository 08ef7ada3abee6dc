"""Finds appointments whose time of day changed with the rules of their time zone, and moves them back."""

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

from db.postgres.booking import appointments
from db.postgres.booking.appointments import StartRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.directory import clinics
from db.postgres.directory.clinics import ClinicRow
from server.domain.booking.availability import Wanted
from server.domain.booking.wall_time import ToldStart, without_collisions
from server.domain.errors import DomainError
from server.domain.identity import ALL_CLINICS, Caller, Role
from server.domain.ids import Clock
from server.usecases.appointments.changeable import Changed
from server.usecases.appointments.reschedule import Move, Rescheduler
from server.usecases.idempotency import Write
from server.usecases.unit_of_work import read

_ACTOR = "check-zones"
_CLINICS_TOGETHER = 100
_SKIPPED = "the clocks skip that time of day now: move it by hand"


class ZoneChanges:
    """Finds such appointments and moves them to the time of day that patients were told."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        # Nothing is announced: workers find the changed days in the database within two seconds.
        self._rescheduler = Rescheduler(engine, clock, lambda _: None)

    async def moved(self) -> list[ToldStart]:
        """Future appointments of all clinics that are affected, in an order in which they can be moved back."""
        now, found = self._clock(), list[ToldStart]()
        async for clinic in self._clinics():
            zone = ZoneInfo(clinic.time_zone)
            async for row in self._starts(clinic.id, now):
                start = ToldStart(row.id, row.version, zone, row.start_at, row.utc_offset_minutes)
                found += [start] if start.has_moved else []
        return without_collisions(found)

    async def keep_wall_time(self, start: ToldStart) -> str:
        """Move one to when clocks show the time that the patient was told, with a notice; returns "" or why it failed.

        The rules are those for staff: it needs a slot with a free seat, and nobody may have changed it meanwhile.
        """
        if start.as_told is None:
            return _SKIPPED
        caller = Caller(_ACTOR, frozenset({Role.STAFF}), frozenset({ALL_CLINICS}), None, None, self._clock())
        move = Move(start.appointment_id, "", Wanted(None, "", start.as_told), str(start.version))
        try:
            await self._rescheduler.reschedule(caller, move, _ONCE)
        except DomainError as error:
            return error.message
        return ""

    async def _clinics(self) -> AsyncIterator[ClinicRow]:
        after = "00000000-0000-0000-0000-000000000000"

        async def work(pg: Connection) -> list[ClinicRow]:
            return await clinics.page(pg, after, _CLINICS_TOGETHER)

        while page := await read(self._engine, work):
            for row in page:
                yield row
            after = page[-1].id

    async def _starts(self, clinic_id: str, now: datetime) -> AsyncIterator[StartRow]:
        after: StartRow | None = None

        async def work(pg: Connection) -> list[StartRow]:
            return await appointments.starts(pg, clinic_id, after, now)

        while page := await read(self._engine, work):
            for row in page:
                yield row
            after = page[-1]


def _nothing(_: Changed | None) -> None:
    """The answer is not needed."""


_ONCE: Write[Changed, None] = Write("", "", b"", render=_nothing, dump=lambda _: b"", load=lambda _: None)
