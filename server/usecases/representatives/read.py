"""Who acts for whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import patients
from db.postgres.identity import representatives
from db.postgres.identity.representatives import RepresentativeRow
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.rights import Action, Owner, may, require
from server.usecases.directory.patient_checks import known
from server.usecases.represented import acting, terms_of
from server.usecases.unit_of_work import read

MOST_LISTED = 100
"""Of the representatives of a patient, the newest ones are listed."""


@dataclass(frozen=True, slots=True)
class Representative:
    """A representative, and whether and how it acts now."""

    row: RepresentativeRow
    ends_at: datetime
    active: bool
    sees_records: bool


class RepresentativeReader:
    """Lists representatives."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def of_patient(self, caller: Caller, patient_id: str, *, ended: bool) -> Sequence[Representative]:
        """Who acts for a patient, the newest first; `ended` also who did. Raises PATIENT_NOT_FOUND and NOT_ALLOWED."""
        require(caller, Action.SEE_REPRESENTATIVES, Owner(patient_id=patient_id))
        now = self._clock()

        async def work(pg: Connection) -> list[RepresentativeRow]:
            known(await (await patients.get(pg, patient_id)).fetchone(), patient_id)
            return await representatives.of_patient(pg, patient_id, ended=ended, limit=MOST_LISTED)

        rows = await read(self._engine, work, Freshness.OWN_WRITES)
        found = [shown_to(caller, seen(row, now)) for row in rows]
        return [each for each in found if ended or each.ends_at > now]

    async def of_caller(self, caller: Caller) -> Sequence[Representative]:
        """For whom the caller acts by its token, and still may."""
        if not caller.represents:
            return ()
        now, ids = self._clock(), {each.representative_id for each in caller.represents.values()}
        rows = await read(self._engine, lambda pg: representatives.of_account(pg, caller.id), Freshness.PRIMARY_FIRST)
        found = [shown_to(caller, seen(row, now)) for row in rows if row.id in ids]
        return [each for each in found if each.active]


def seen(row: RepresentativeRow, now: datetime) -> Representative:
    """A representative as it is now."""
    acts = acting(row, now)
    ends_at = row.ended_at or terms_of(row).last_moment
    return Representative(row, ends_at, acts is not None, acts is not None and acts.sees_records)


def shown_to(caller: Caller, found: Representative) -> Representative:
    """Without what staff noted, unless it is shown to staff or admins."""
    if may(caller, Action.SEE_REPRESENTATIVES):
        return found
    return replace(found, row=found.row._replace(note=""))
