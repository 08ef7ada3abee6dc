"""Which slots of a doctor are free on a day."""

from datetime import date

from db.postgres import days
from db.postgres.days import OfferRow
from db.postgres.engines import Connection, Engine
from db.postgres.routing import Freshness
from server.domain.availability import day_of
from server.domain.errors import DomainError, Reason, not_found
from server.domain.identity import Action, Caller, Owner, require
from server.domain.ids import Clock
from server.usecases.offers import busy_of, doctor_of
from server.usecases.rendering import OfferedDay
from server.usecases.writes import read


class Availability:
    """Tells free slots."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def list_slots(self, caller: Caller, doctor_id: str, day: date, min_revision: int) -> OfferedDay:
        """The free slots of a doctor on a day (DOCTOR_NOT_FOUND, NOT_ALLOWED, REVISION_NOT_REACHED)."""

        async def work(pg: Connection) -> OfferRow | None:
            return await (await days.offer(pg, doctor_id, day, day)).fetchone()

        row = await read(self._engine, work, Freshness.PRIMARY_FIRST)
        if row is None:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
        require(caller, Action.SEE_SLOTS, Owner(clinic_id=row.clinic_id))
        if row.revision < min_revision:
            raise DomainError(
                Reason.REVISION_NOT_REACHED,
                f"the day is at revision {row.revision}: check that min_revision is of this day, or leave it out",
                metadata={"revision": str(row.revision)},
            )
        offered = day_of(doctor_of(row), day, busy_of(row.busy), self._clock())
        return OfferedDay(doctor_id, day, row.time_zone, row.epoch, row.revision, offered)
