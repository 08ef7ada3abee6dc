"""The rules of a clinic for its queues."""

from dataclasses import dataclass
from typing import TypeVar

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.queue import rules
from db.postgres.queue.rules import RulesRow
from server.domain.errors import Reason, not_found
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.queue.line import DEFAULT_RULES, QueueRules
from server.domain.rights import Action, Owner, require
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class ClinicRules:
    """A clinic's rules and their version, 0 for the usual ones."""

    clinic_id: str
    rules: QueueRules
    version: int


class RuleBook:
    """Shows and sets the rules of clinics."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def get(self, caller: Caller, clinic_id: str) -> ClinicRules:
        """The rules of a clinic (NOT_ALLOWED)."""
        require(caller, Action.SEE_QUEUE, Owner(clinic_id=clinic_id))
        return _of(clinic_id, await read(self._engine, lambda pg: rules.get(pg, clinic_id)))

    async def set(self, caller: Caller, clinic_id: str, new: QueueRules, etag: str, write: Write[ClinicRules, M]) -> M:
        """Set the rules of a clinic (CLINIC_NOT_FOUND, NOT_ALLOWED, ETAG_MISMATCH)."""
        require(caller, Action.SET_QUEUE_RULES, Owner(clinic_id=clinic_id))

        async def work(pg: Connection, claim: Claim) -> ClinicRules:
            await claim.wait_or_answer()
            if not await rules.lock_clinic(pg, clinic_id):
                raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id)
            version = _of(clinic_id, await rules.get(pg, clinic_id)).version
            check_etag(version, etag)
            row = RulesRow(
                new.late_minutes,
                new.late_behind,
                new.walk_in_minutes,
                new.check_in_minutes,
                new.no_show_minutes,
                version + 1,
                new.tell_before,
            )
            await rules.put(pg, clinic_id, row)
            return _of(clinic_id, row)

        return await perform(self._engine, write, work, self._clock())


def _of(clinic_id: str, row: RulesRow | None) -> ClinicRules:
    if row is None:
        return ClinicRules(clinic_id, DEFAULT_RULES, 0)
    rules = QueueRules(
        row.late_minutes,
        row.late_behind,
        row.walk_in_minutes,
        row.check_in_minutes,
        row.no_show_minutes,
        row.tell_before,
    )
    return ClinicRules(clinic_id, rules, row.version)
