"""Moves old appointments and medical records from the database to files, and can bring them back.

A batch is one transaction: its rows are locked, deleted with RETURNING, and written to a file; it commits once the file
is safe on disk. A failure before that leaves the rows in the database, and a file that is not needed.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from db.errors import ConstraintViolated
from db.postgres import archives
from db.postgres.archives import ArchivePosition, Row
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.transaction import transact
from server.domain.archives import ArchiveError
from server.domain.ids import Clock
from server.usecases.records.encryption import RecordCipher
from server.usecases.records.retention import RetentionPolicies
from server.usecases.unit_of_work import database_failures_as_domain_errors

Store = Callable[[str, Sequence[Row]], None]
"""Writes rows of `appointments` or `records` to a file; returns when they are safe on disk and have been read back."""

FOLLOWED_FOR = timedelta(days=30)
"""Appointments that changed more recently stay, however old they are: other systems may still follow their changes."""
_BEGINNING = ArchivePosition(date(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC), "00000000-0000-0000-0000-000000000000")


class Archiver:
    """Archives rows, one batch at a time, and restores them."""

    def __init__(self, engine: Engine, clock: Clock, cipher: RecordCipher) -> None:
        self._engine = engine
        self._clock = clock
        self._policies = RetentionPolicies(engine, clock)
        self._cipher = cipher

    async def run(self, store: Store, size: int) -> AsyncIterator[tuple[int, int]]:
        """Archive what is due by the clinics' policies; yields how many (appointments, records) after each batch."""
        for clinic_id, policy in await self._policies.policies():
            before = policy.archived_before(self._clock())
            # Records first: an appointment stays as long as there is a record about it.
            while taken := await self._take_records(clinic_id, before, store, size):
                yield 0, taken
            after: ArchivePosition | None = _BEGINNING
            while after:
                taken, after = await self._take_appointments(clinic_id, before, after, store, size)
                yield taken, 0

    async def put_back(self, rows: Sequence[tuple[str, str]]) -> int:
        """Insert the rows of an archive that are not in the database; returns how many.

        Raises ArchiveError if they do not fit this database or refer to something that is missing, KeyRingError if they
        contain keys that the cipher cannot unwrap, and the errors of a write.
        """
        try:
            with database_failures_as_domain_errors():
                return await transact(self._engine, lambda pg: _put_back(pg, rows, self._cipher))
        except ConstraintViolated as violated:
            raise ArchiveError(
                f"the rows refer to rows that do not exist ({violated.constraint}): restore archives of appointments"
                " before those of records"
            ) from None

    async def _take_records(self, clinic_id: str, before: datetime, store: Store, size: int) -> int:
        async def work(pg: Connection) -> int:
            ids = await archives.due_records(pg, clinic_id, before, size)
            if ids:
                store("records", await archives.take_records(pg, ids))
            return len(ids)

        with database_failures_as_domain_errors():
            return await transact(self._engine, work)

    async def _take_appointments(
        self, clinic_id: str, before: datetime, after: ArchivePosition, store: Store, size: int
    ) -> tuple[int, ArchivePosition | None]:
        settled = self._clock() - FOLLOWED_FOR

        async def work(pg: Connection) -> tuple[int, ArchivePosition | None]:
            due = await archives.due_appointments(pg, clinic_id, before, settled, after, size)
            if not due:
                return 0, None
            ids = [row.id for row in due]
            store("appointments", await archives.take_appointments(pg, ids))
            return len(ids), due[-1]

        with database_failures_as_domain_errors():
            try:
                return await transact(self._engine, work)
            except ConstraintViolated:
                # A record about one of them was written at that moment: the next attempt leaves that appointment out.
                return await transact(self._engine, work)


async def _put_back(pg: Connection, rows: Sequence[tuple[str, str]], cipher: RecordCipher) -> int:
    known, groups = await archives.columns(pg), defaultdict[tuple[str, tuple[str, ...]], list[str]](list)
    for table, content in rows:
        names = tuple(json.loads(content))
        if unknown := {table} - known.keys() or set(names) - known[table]:
            raise ArchiveError(
                f"this version cannot store {', '.join(sorted(unknown))}: another version wrote the file"
            )
        groups[table, names].append(content)
    in_order = sorted(groups.items(), key=lambda group: archives.ORDER.index(group[0][0]))
    added = 0
    for (table, names), contents in in_order:
        count = await archives.put_back(pg, table, names, contents)
        if count and table == "record_data_keys":
            # Workers do not start if there is a key that they cannot unwrap.
            await cipher.check(pg)
        added += count
    return added
