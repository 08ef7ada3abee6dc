"""Medical records; their text is encrypted before it is passed to this module and decrypted by the caller."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from db.postgres.cluster.engines import Connection
from db.postgres.driver.pipeline import named


class RecordRow(NamedTuple):
    """A version of a record with the names of those it concerns; encrypted, with the wrapped key that decrypts it."""

    id: str
    patient_id: str
    patient_name: str
    doctor_id: str
    doctor_name: str
    specialty: str
    clinic_id: str
    clinic_name: str
    time_zone: str
    appointment_id: str | None
    latest: int
    """The number of the newest version."""
    version: int
    sealed: bytes
    year: int
    master_key_id: str
    wrapped: bytes
    created_at: datetime
    written_at: datetime


class NewRecord(NamedTuple):
    """What a record stores besides its versions. Its author is the doctor, whose clinic is the record's clinic."""

    id: str
    patient_id: str
    doctor_id: str
    appointment_id: str | None
    created_at: datetime


class LockedRecordRow(NamedTuple):
    """A record that nobody else can amend until the transaction ends."""

    id: str
    patient_id: str
    version: int
    """The number of the newest version."""


class NewVersion(NamedTuple):
    """The encrypted text of a version."""

    record_id: str
    version: int
    year: int
    sealed: bytes
    created_at: datetime


class RecordCursor(NamedTuple):
    """The last row of a page, in the order (created_at, id), newest first."""

    created_at: datetime
    id: str


class RelationQuery(NamedTuple):
    """Which appointments, and which breaking of the glass, entitle a doctor to a patient's records."""

    patient_id: str
    doctor_id: str
    actor: str
    statuses: list[str]
    treated_since: datetime
    granted_since: datetime


class RelationRow(NamedTuple):
    """Which of the two exist."""

    treating: bool
    granted: bool


_SELECT = """
SELECT r.id, r.patient_id, q.name, r.doctor_id, p.name, d.specialty, r.clinic_id, c.name, c.time_zone,
    r.appointment_id, r.version, v.version, v.sealed, v.year, k.master_key_id, k.wrapped, r.created_at, v.created_at
FROM records r
JOIN record_versions v ON v.record_id = r.id
JOIN record_data_keys k ON k.patient_id = r.patient_id AND k.year = v.year
JOIN patients q ON q.id = r.patient_id
JOIN doctors d ON d.id = r.doctor_id
JOIN practitioners p ON p.id = d.practitioner_id
JOIN clinics c ON c.id = r.clinic_id
"""
_GET = f"{_SELECT}WHERE r.id = %(record_id)s AND v.version = r.version"
_VERSIONS = f"""{_SELECT}
WHERE r.id = %(record_id)s AND v.version < %(before_version)s ORDER BY v.version DESC LIMIT %(limit)s
"""
_LIST = f"""{_SELECT}
WHERE r.patient_id = %(patient_id)s AND v.version = r.version
    AND (%(after_id)s::uuid IS NULL OR (r.created_at, r.id) < (%(after_at)s, %(after_id)s))
ORDER BY r.created_at DESC, r.id DESC LIMIT %(limit)s OFFSET %(offset)s
"""
_IDS = "SELECT id FROM records WHERE id > %(after_id)s ORDER BY id LIMIT %(limit)s"
_EVERY_VERSION = f"{_SELECT}WHERE r.id = ANY(%(ids)s::uuid[]) ORDER BY r.id, v.version"
_LOCK = "SELECT id FROM records WHERE id = %(record_id)s FOR UPDATE"
_LOCK_ALL = """
SELECT id, patient_id, version FROM records WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE
"""
_ADD = """
INSERT INTO records (id, patient_id, doctor_id, clinic_id, appointment_id, version, created_at, updated_at)
SELECT %(id)s, %(patient_id)s, %(doctor_id)s, clinic_id, %(appointment_id)s, 1, %(created_at)s, %(created_at)s
FROM doctors WHERE id = %(doctor_id)s
"""
_ADD_VERSION = """
INSERT INTO record_versions (record_id, version, year, sealed, created_at)
VALUES (%(record_id)s, %(version)s, %(year)s, %(sealed)s, %(created_at)s)
"""
_SET_VERSION = "UPDATE records SET version = %(version)s, updated_at = %(created_at)s WHERE id = %(record_id)s"

_RELATION = """
SELECT
    EXISTS (SELECT FROM appointments WHERE patient_id = %(patient_id)s AND doctor_id = %(doctor_id)s
        AND status = ANY(%(statuses)s) AND end_at >= %(treated_since)s),
    EXISTS (SELECT FROM record_audit WHERE patient_id = %(patient_id)s AND actor = %(actor)s
        AND doctor_id = %(doctor_id)s AND access = 'broke_glass' AND happened_at > %(granted_since)s)
"""


async def get(pg: Connection, record_id: str) -> RecordRow | None:
    """The newest version of a record, or None."""
    cursor = pg.cursor(row_factory=named(RecordRow))
    await cursor.execute(_GET, {"record_id": record_id})
    return await cursor.fetchone()


async def versions(pg: Connection, record_id: str, before: int, limit: int) -> list[RecordRow]:
    """The versions of a record with numbers below `before`, newest first."""
    cursor = pg.cursor(row_factory=named(RecordRow))
    await cursor.execute(_VERSIONS, {"record_id": record_id, "before_version": before, "limit": limit})
    return await cursor.fetchall()


async def page(pg: Connection, patient_id: str, after: RecordCursor | None, offset: int, limit: int) -> list[RecordRow]:
    """A patient's records, newest first, each in its newest version."""
    cursor = pg.cursor(row_factory=named(RecordRow))
    begin = {"after_at": after and after.created_at, "after_id": after and after.id}
    await cursor.execute(_LIST, {"patient_id": patient_id, **begin, "offset": offset, "limit": limit})
    return await cursor.fetchall()


async def every_version(pg: Connection, after_id: str, limit: int) -> list[RecordRow]:
    """All versions of the next `limit` records in the order of ids, each record's in order; the nil UUID starts."""
    ids = await (await pg.execute(_IDS, {"after_id": after_id, "limit": limit})).fetchall()
    cursor = pg.cursor(row_factory=named(RecordRow))
    await cursor.execute(_EVERY_VERSION, {"ids": [row[0] for row in ids]})
    return await cursor.fetchall()


async def lock(pg: Connection, record_id: str) -> None:
    """Keep others from amending a record until the transaction ends."""
    await pg.execute(_LOCK, {"record_id": record_id})


async def lock_all(pg: Connection, record_ids: Sequence[str]) -> list[LockedRecordRow]:
    """Keep others from amending records until the transaction ends."""
    cursor = pg.cursor(row_factory=named(LockedRecordRow))
    await cursor.execute(_LOCK_ALL, {"ids": record_ids})
    return await cursor.fetchall()


async def add(pg: Connection, record: NewRecord, version: NewVersion) -> None:
    """Add a record with its first version."""
    await pg.execute(_ADD, record._asdict())
    await pg.execute(_ADD_VERSION, version._asdict())


async def amend(pg: Connection, version: NewVersion) -> None:
    """Add a version, which becomes the newest, to a record that is locked."""
    await pg.execute(_ADD_VERSION, version._asdict())
    await pg.execute(_SET_VERSION, version._asdict())


async def relation(pg: Connection, query: RelationQuery) -> RelationRow:
    """What entitles a doctor to see a patient's records."""
    cursor = pg.cursor(row_factory=named(RelationRow))
    await cursor.execute(_RELATION, query._asdict())
    [row] = await cursor.fetchall()
    return row
