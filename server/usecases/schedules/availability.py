"""Which slots of a doctor are free on a day."""

from datetime import date

from db.postgres.booking import appointment_types, days
from db.postgres.booking.appointment_types import UsedTypeRow
from db.postgres.booking.days import OfferRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.booking.appointment_types import check_type
from server.domain.booking.availability import day_of
from server.domain.errors import DomainError, Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, require
from server.usecases.schedules.appointment_types import type_of
from server.usecases.schedules.doctor_mapping import busy_of, doctor_of
from server.usecases.schedules.live.days import Days
from server.usecases.schedules.live.rendering import Forms, OfferedDay
from server.usecases.unit_of_work import read


class Availability:
    """Lists free slots."""

    def __init__(self, days: Days, engine: Engine, clock: Clock, forms: Forms) -> None:
        self._days = days
        self._engine = engine
        self._clock = clock
        self._forms = forms

    async def list_slots(self, caller: Caller, doctor_id: str, day: date, min_revision: int) -> bytes:
        """The free slots of a doctor on a day, as the bytes of the answer.

        Raises DOCTOR_NOT_FOUND, NOT_ALLOWED, REVISION_NOT_REACHED.
        """
        key = (doctor_id, day)
        found = self._days.at_hand(key, min_revision) or await self._days.get(key, min_revision)
        require(caller, Action.SEE_SLOTS, Owner(clinic_id=found.clinic_id))
        if found.revision < min_revision:
            raise _not_reached(found.revision)
        return found.free

    async def list_visits(self, caller: Caller, doctor_id: str, day: date, type_id: str, min_revision: int) -> bytes:
        """As `list_slots`, for the visits of a type that could be booked; read in one round trip, past all caches.

        Raises APPOINTMENT_TYPE_NOT_FOUND and APPOINTMENT_TYPE_NOT_OFFERED too.
        """

        async def work(pg: Connection) -> tuple[UsedTypeRow | None, OfferRow | None]:
            async with pg.pipeline():
                sent = await appointment_types.get(pg, type_id, days.around(day, day))
                offer = await (await days.offer(pg, doctor_id, day, day)).fetchone()
                return await sent.fetchone(), offer

        freshness = Freshness.PRIMARY_FIRST if min_revision else Freshness.OWN_WRITES
        kind, row = await read(self._engine, work, freshness)
        if row is None:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor_id)
        require(caller, Action.SEE_SLOTS, Owner(clinic_id=row.clinic_id))
        if row.revision < min_revision:
            raise _not_reached(row.revision)
        wanted = check_type(type_of(kind), type_id, row.clinic_id)
        seen = day_of(doctor_of(row), day, busy_of(row.busy), self._clock(), wanted)
        return self._forms.free(OfferedDay(row.doctor_id, day, row.time_zone, row.epoch, row.revision, seen))


def _not_reached(revision: int) -> DomainError:
    return DomainError(
        Reason.REVISION_NOT_REACHED,
        f"the day is at revision {revision}: check that min_revision belongs to this day, or omit it",
        metadata={"revision": str(revision)},
    )
