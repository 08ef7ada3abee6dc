"""How long a clinic's records are kept, and which are due to leave the database."""

from collections.abc import Sequence

from db.errors import ConstraintViolated
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.records import retention
from db.postgres.records.retention import RetentionRow
from server.domain.errors import Reason, not_found
from server.domain.ids import Clock
from server.domain.records import Retention
from server.usecases.unit_of_work import database_failures_as_domain_errors, read


class RetentionPolicies:
    """Stores the policies. Without a policy, records stay in the database for three years and are never destroyed."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def policy(self, clinic_id: str) -> Retention:
        """The policy of a clinic."""
        return _policy(await read(self._engine, lambda pg: retention.get(pg, clinic_id)))

    async def policies(self) -> Sequence[tuple[str, Retention]]:
        """Every clinic, and its policy."""
        rows = await read(self._engine, retention.every)
        return [(clinic_id, _policy(row)) for clinic_id, row in rows]

    async def decide(self, clinic_id: str, policy: Retention) -> None:
        """Set the policy of a clinic (CLINIC_NOT_FOUND)."""

        async def work(pg: Connection) -> None:
            await retention.put(pg, clinic_id, RetentionRow(policy.hot_years, policy.kept_years))

        try:
            with database_failures_as_domain_errors():
                await transact(self._engine, work, replayable=True)
        except ConstraintViolated as violated:
            if violated.constraint != "record_retention_clinic_fkey":
                raise
            raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id) from None

    async def archivable(self, clinic_id: str, limit: int) -> Sequence[str]:
        """At most `limit` records of a clinic that may be archived, the oldest first."""
        before = (await self.policy(clinic_id)).archived_before(self._clock())
        return await read(self._engine, lambda pg: retention.amended_before(pg, clinic_id, before, limit))


def _policy(row: RetentionRow | None) -> Retention:
    return Retention(row.hot_years, row.kept_years) if row else Retention()
