"""The end of new addresses and numbers that nobody confirmed in time, or not while the same people acted."""

from datetime import datetime

import structlog

from db.errors import Saturated, Unreachable
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.directory import contact_changes, patients
from db.postgres.directory.patients import FullPatientRow
from server.domain.ids import Clock
from server.telemetry.logs import place_of
from server.usecases.directory import contacts
from server.usecases.directory.patient_checks import known, locked
from server.usecases.directory.profile_cache import ProfileCache, Replace

_log = structlog.get_logger()

_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
BATCH = 100
"""How many patients are read at once."""


class ContactEnds:
    """Forgets unconfirmed addresses and numbers, a patient at a time."""

    def __init__(self, engine: Engine, clock: Clock, profiles: ProfileCache[FullPatientRow]) -> None:
        self._engine = engine
        self._clock = clock
        self._profiles = profiles

    async def forget(self) -> None:
        """Forget all that have ended; a patient for whom that fails is logged, and keeps no other one waiting.

        Raises Unreachable and Saturated, with which no other patient would fare better.
        """
        now, after = self._clock(), _BEFORE_ALL
        while found := await self._batch(after, now):
            for patient_id in found:
                try:
                    await self._forget_of(patient_id, now)
                except (Unreachable, Saturated):
                    raise
                except Exception as error:
                    _log.error("unconfirmed contacts of a patient were not forgotten", failure=place_of(error))
            after = found[-1]

    async def _batch(self, after: str, now: datetime) -> list[str]:
        return await transact(
            self._engine, lambda pg: contact_changes.patients_of_endings(pg, after, now=now, limit=BATCH)
        )

    async def _forget_of(self, patient_id: str, now: datetime) -> None:
        async with self._profiles.change() as replace_profile:
            await transact(self._engine, lambda pg: _forget(pg, patient_id, replace_profile, now))


async def _forget(pg: Connection, patient_id: str, replace_profile: Replace[FullPatientRow], now: datetime) -> None:
    if not await contacts.ended(pg, patient_id, now):
        return
    row = await locked(pg, patient_id)
    if not await contacts.drop_ended(pg, patient_id, now):
        return
    # The version rises, so that nobody caches the patient as it was.
    await patients.update(pg, row, now)
    await replace_profile(known(await (await patients.get(pg, patient_id)).fetchone(), patient_id))
