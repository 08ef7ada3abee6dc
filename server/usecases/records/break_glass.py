"""Breaking the glass, and the access log in which the patient sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from db.errors import ConstraintViolated
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.records import audit
from db.postgres.records.audit import AccessRow
from server.domain.errors import Reason, not_found
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.reasons import check_reason
from server.domain.records import GRANT_LASTS, Access, Basis, read_note
from server.domain.rights import Action, Owner, may, require
from server.usecases import paging
from server.usecases.idempotency import Claim, Write
from server.usecases.records.access import entry
from server.usecases.records.audit_trail import AuditTrail
from server.usecases.unit_of_work import perform, read

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class LoggedAccess:
    """An entry of the access log."""

    row: AccessRow
    relation: str
    """What the representative who did it, was added or ended is to the patient; empty if there is none."""
    reason: str


class BreakGlass:
    """Opens records in an emergency, and shows who accessed them."""

    def __init__(self, engine: Engine, clock: Clock, trail: AuditTrail) -> None:
        self._engine = engine
        self._clock = clock
        self._trail = trail

    async def break_glass(self, caller: Caller, patient_id: str, reason: str, write: Write[datetime, M]) -> M:
        """Open a patient's records to the calling doctor; returns until when (errors as in the contract).

        The entry in the audit trail is the grant.
        """
        now = self._clock()
        require(caller, Action.BREAK_GLASS, Owner(treated_by=caller.doctor_id))
        check_reason("reason", reason)

        async def work(pg: Connection, claim: Claim) -> datetime:
            await claim.wait_or_answer()
            access = entry(caller, patient_id, Access.BROKE_GLASS, Basis.BREAK_GLASS, note=reason)
            await self._trail.append(pg, access, now)
            return now + GRANT_LASTS

        try:
            return await perform(self._engine, write, work, now)
        except ConstraintViolated as violated:
            if violated.constraint != "record_audit_chains_patient_fkey":
                raise
            raise not_found(Reason.PATIENT_NOT_FOUND, "patient", patient_id) from None

    async def accesses(
        self, caller: Caller, patient_id: str, size: int, page_token: str
    ) -> tuple[Sequence[LoggedAccess], str]:
        """A page of a patient's access log, the latest first, and the next token (NOT_ALLOWED, PAGE_TOKEN_INVALID)."""
        require(caller, Action.SEE_RECORD_ACCESS, Owner(patient_id=patient_id))
        by_admin = may(caller, Action.SEE_RECORD_ACCESS)
        size, filters = paging.page_size(size), ("record access", patient_id)
        before = paging.before_number(page_token, filters)
        rows = await read(self._engine, lambda pg: audit.accesses(pg, patient_id, before, size + 1))
        found, token = paging.cut_numbered(rows, size, filters, lambda row: row.seq)
        return [_logged(row, by_admin=by_admin) for row in found], token


def _logged(row: AccessRow, *, by_admin: bool) -> LoggedAccess:
    relation, reason = read_note(row.access, row.basis, row.note)
    # What staff saw as evidence may be about others, and is not shown to patients or those who act for them.
    return LoggedAccess(row, relation, reason if by_admin or not relation else "")
