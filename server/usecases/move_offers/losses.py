"""Which of the times held for offers cannot be booked any more, as the doctor is away or works other hours then."""

from collections.abc import Sequence

from db.postgres.booking import alternatives, days
from db.postgres.booking.alternatives import AlternativeRow
from db.postgres.cluster.engines import Connection, Engine
from server.domain.booking.availability import Wanted, find
from server.domain.errors import DomainError
from server.domain.ids import Clock
from server.usecases.appointments.day_locks import PractitionerSchedule
from server.usecases.appointments.type_to_book import TypeToBook
from server.usecases.unit_of_work import read


class LostTimes:
    """Looks at a held time again only when its day has changed."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._seen: dict[str, int] = {}
        """The revision at which a held time was offered, of those that are held now."""

    async def find(self) -> list[str]:
        """The ids of the holds whose times are not offered any more."""
        held = await read(self._engine, lambda pg: alternatives.live(pg, self._clock()))
        changed = [each for each in held if self._seen.get(each.id) != each.revision]
        lost = await read(self._engine, lambda pg: _not_offered(pg, changed)) if changed else []
        self._seen = {each.id: each.revision for each in held if each.id not in lost}
        return lost


async def _not_offered(pg: Connection, held: Sequence[AlternativeRow]) -> list[str]:
    doctors, types = {}, {}
    for doctor_id in {each.doctor_id for each in held}:
        sent = await days.offers_of_practitioner(pg, doctor_id, days.NOTHING_BUSY)
        doctors[doctor_id] = PractitionerSchedule(await sent.fetchall()).doctor(doctor_id)
    for type_id in {each.type_id or "" for each in held}:
        types[type_id] = TypeToBook(type_id)
        await types[type_id].read(pg)
    lost = []
    for each in held:
        try:
            find(doctors[each.doctor_id], Wanted(None, "", each.start_at), types[each.type_id or ""].found)
        except DomainError:
            lost.append(each.id)
    return lost
