"""Reading medical records: a read is in the audit trail, committed on the primary, before its text is decrypted."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from db.postgres.records import records
from db.postgres.records.records import RecordCursor, RecordRow
from server.domain.identity import Caller
from server.domain.ids import Clock
from server.domain.records import Access
from server.domain.rights import Action
from server.usecases import paging
from server.usecases.reach import reach
from server.usecases.records.access import DecryptedRecord, basis_for_patient, entry, visible
from server.usecases.records.audit_trail import AuditTrail
from server.usecases.records.encryption import RecordCipher
from server.usecases.unit_of_work import database_failures_as_domain_errors


@dataclass(frozen=True, slots=True)
class RecordListing:
    """Whose records to list; with `page`, `page_token` or neither."""

    patient_id: str
    size: int
    page: int
    page_token: str


class RecordReader:
    """Reads medical records, only from the primary: a replica cannot store the audit entry."""

    def __init__(self, engine: Engine, clock: Clock, trail: AuditTrail, cipher: RecordCipher) -> None:
        self._engine = engine
        self._clock = clock
        self._trail = trail
        self._cipher = cipher

    async def get(self, caller: Caller, record_id: str) -> DecryptedRecord:
        """The newest version of a record (RECORD_NOT_FOUND)."""
        reach(caller, Action.SEE_RECORD)
        now = self._clock()

        async def work(pg: Connection) -> list[RecordRow]:
            row, basis = await visible(pg, caller, await records.get(pg, record_id), record_id, now)
            access = entry(caller, row.patient_id, Access.READ, basis, [row.id], version=row.version)
            await self._trail.append(pg, access, now)
            return [row]

        [opened] = await self._opened(work)
        return opened

    async def list(self, caller: Caller, listing: RecordListing) -> tuple[Sequence[DecryptedRecord], str]:
        """A page of a patient's records, the newest first, and the token of the next page, empty if there is none.

        Raises NOT_TREATING, NOT_ALLOWED, PAGE_TOO_DEEP, PAGE_TOKEN_INVALID.
        """
        reach(caller, Action.SEE_RECORD)
        now, patient_id, size = self._clock(), listing.patient_id, paging.page_size(listing.size)
        filters = ("records", patient_id)
        after = _position(listing.page_token, filters) if listing.page_token else None
        offset = paging.offset_of(listing.page, size)
        token = ""

        async def work(pg: Connection) -> Sequence[RecordRow]:
            nonlocal token
            basis = await basis_for_patient(pg, caller, Action.SEE_RECORD, patient_id, now)
            rows, token = _cut(await records.page(pg, patient_id, after, offset, size + 1), size, filters)
            if rows:
                access = entry(caller, patient_id, Access.LISTED, basis, [row.id for row in rows])
                await self._trail.append(pg, access, now)
            return rows

        return await self._opened(work), token

    async def versions(
        self, caller: Caller, record_id: str, size: int, page_token: str
    ) -> tuple[Sequence[DecryptedRecord], str]:
        """A page of a record's versions, the newest first, and the next page's token.

        Raises RECORD_NOT_FOUND and PAGE_TOKEN_INVALID.
        """
        reach(caller, Action.SEE_RECORD)
        now, size, filters = self._clock(), paging.page_size(size), ("record versions", record_id)
        before = paging.before_number(page_token, filters)
        token = ""

        async def work(pg: Connection) -> Sequence[RecordRow]:
            nonlocal token
            row, basis = await visible(pg, caller, await records.get(pg, record_id), record_id, now)
            found = await records.versions(pg, record_id, before, size + 1)
            rows, token = paging.cut_numbered(found, size, filters, lambda row: row.version)
            await self._trail.append(pg, entry(caller, row.patient_id, Access.VERSIONS_READ, basis, [row.id]), now)
            return rows

        return await self._opened(work), token

    async def _opened(self, work: Callable[[Connection], Awaitable[Sequence[RecordRow]]]) -> Sequence[DecryptedRecord]:
        """Run a read, and decrypt its rows once the transaction with its audit entry is committed."""
        with database_failures_as_domain_errors():
            # Safe to repeat: a second read only adds a second audit entry.
            rows = await transact(self._engine, work, replayable=True)
        return [DecryptedRecord(row, self._cipher.open(row)) for row in rows]


def _cut(rows: Sequence[RecordRow], size: int, filters: object) -> tuple[Sequence[RecordRow], str]:
    if len(rows) <= size:
        return rows, ""
    last = rows[size - 1]
    return rows[:size], paging.encode([last.created_at.isoformat(), last.id], filters)


def _position(token: str, filters: object) -> RecordCursor:
    created_at, record_id = paging.decode(token, filters, 2)
    try:
        return RecordCursor(datetime.fromisoformat(created_at), str(UUID(record_id)))
    except ValueError:
        raise paging.token_invalid() from None
