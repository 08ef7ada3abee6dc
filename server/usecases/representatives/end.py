"""Ending a representative: by the patient, by who acts, or by the clinic that added it."""

from db.postgres.booking import booked_patients
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.directory import patients
from db.postgres.directory.patients import FullPatientRow
from db.postgres.identity import representatives
from db.postgres.identity.representatives import RepresentativeRow
from server.domain.errors import Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.records import Access
from server.domain.rights import Action, Owner, may, not_allowed
from server.usecases.directory import contacts
from server.usecases.directory.patient_checks import known
from server.usecases.directory.profile_cache import ProfileCache, Replace
from server.usecases.reach import reach
from server.usecases.representatives.changes import RepresentativeChanges
from server.usecases.representatives.read import Representative, seen, shown_to
from server.usecases.unit_of_work import database_failures_as_domain_errors


class RepresentativeEnder:
    """Ends representatives; their access tokens are refused as soon as workers learn of it (AccessTokens)."""

    def __init__(
        self, engine: Engine, clock: Clock, changes: RepresentativeChanges, profiles: ProfileCache[FullPatientRow]
    ) -> None:
        self._profiles = profiles
        self._engine = engine
        self._clock = clock
        self._changes = changes

    async def end(self, caller: Caller, representative_id: str) -> Representative:
        """End a representative, unless it has ended; errors are those of EndRepresentative in the contract."""
        reach(caller, Action.END_REPRESENTATIVE)
        now = self._clock()

        async def work(pg: Connection, replace_profile: Replace[FullPatientRow]) -> Representative:
            found = _endable(caller, await representatives.get(pg, representative_id), representative_id)
            # First the patient, as everybody who changes one.
            await booked_patients.lock_patient(pg, found.patient_id)
            row = _endable(caller, await representatives.lock(pg, representative_id), representative_id)
            if row.ended_at or row.ends_at <= now:
                return seen(row, now)
            await representatives.end(pg, row.id, now)
            patient = known(await (await patients.get(pg, row.patient_id)).fetchone(), row.patient_id)
            # Who acted may have asked for it, and has the link that confirms it.
            patient = await contacts.drop_pending(pg, patient, now)
            await replace_profile(patient)
            what = f"account {row.account_id}"
            await self._changes.record(pg, caller, row, patient, Access.REPRESENTATIVE_ENDED, what, now)
            return seen(row._replace(ended_at=now), now)

        async with self._profiles.change() as replace_profile:
            with database_failures_as_domain_errors():
                # Safe to repeat: what has ended is not ended again.
                ended = await transact(self._engine, lambda pg: work(pg, replace_profile), replayable=True)
        return shown_to(caller, ended)


def _endable(caller: Caller, row: RepresentativeRow | None, representative_id: str) -> RepresentativeRow:
    """It belongs to the patient, the clinic that added it, and who acts (REPRESENTATIVE_NOT_FOUND, NOT_ALLOWED)."""
    if row is not None:
        owners = (Owner(clinic_id=row.clinic_id, patient_id=row.patient_id), Owner(patient_id=row.account_patient_id))
        if any(may(caller, Action.END_REPRESENTATIVE, owner) for owner in owners):
            return row
        if may(caller, Action.SEE_REPRESENTATIVES, owners[0]):
            raise not_allowed(Action.END_REPRESENTATIVE)
    raise not_found(Reason.REPRESENTATIVE_NOT_FOUND, "representative", representative_id)
